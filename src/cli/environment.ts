/** What of the caller's environment an agent gets: how to find programs, speak a language and draw; no secret by accident. */
import { Result } from "effect"

/**
 * What makes a program behave as in the terminal it was asked for from. Anything else is said with `--env`. Not `TERM` and its like: the
 * terminal of a session is the holder's, whichever terminals attach to it later.
 */
const allowed = new Set([
  "PATH",
  "LANG",
  "LANGUAGE",
  "COLORFGBG",
  "TZ",
  "EDITOR",
  "VISUAL",
  "PAGER",
  "SHELL",
  "HOME",
  "USER",
  "LOGNAME",
  "BROWSER",
  // The keys, the display and the files of this login.
  "SSH_AUTH_SOCK",
  "SSH_AGENT_PID",
  "DISPLAY",
  "WAYLAND_DISPLAY",
  "XAUTHORITY",
  "DBUS_SESSION_BUS_ADDRESS",
  "TMPDIR",
  "XDG_CACHE_HOME",
  "XDG_CONFIG_DIRS",
  "XDG_CONFIG_HOME",
  "XDG_DATA_DIRS",
  "XDG_DATA_HOME",
  "XDG_RUNTIME_DIR",
  "XDG_STATE_HOME",
  // The way to the network, and the certificates that a proxy on it needs.
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_DIR",
  "SSL_CERT_FILE",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE"
])

export const environmentFor = (
  environment: Readonly<Record<string, string | undefined>>,
  added: Readonly<Record<string, string>>
): Readonly<Record<string, string>> => {
  const kept = Object.entries(environment).flatMap(([name, value]) =>
    value !== undefined && (allowed.has(name) || name.startsWith("LC_")) ? [[name, value] as const] : []
  )
  return { ...Object.fromEntries(kept), ...added }
}

/** Variables that agents read their credentials, or the place of their model, from. */
const anthropic = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"]
const openai = ["OPENAI_API_KEY", "OPENAI_BASE_URL"]
const google = ["GEMINI_API_KEY", "GOOGLE_API_KEY"]
const others = ["OPENROUTER_API_KEY", "GROQ_API_KEY", "MISTRAL_API_KEY", "XAI_API_KEY", "DEEPSEEK_API_KEY"]
const credentials: Readonly<Record<string, ReadonlyArray<string>>> = {
  "claude-code": [...anthropic, "CLAUDE_CODE_OAUTH_TOKEN"],
  codex: [...openai, "CODEX_API_KEY"],
  gemini: [...google, "GOOGLE_APPLICATION_CREDENTIALS"],
  pi: [...anthropic, ...openai, ...google, ...others],
  opencode: [...anthropic, ...openai, ...google, ...others]
}

/** Those that the caller has and the agent does not get. */
export const credentialsKeptBack = (
  provider: string,
  own: Readonly<Record<string, string | undefined>>,
  passed: Readonly<Record<string, string>>
): ReadonlyArray<string> => (credentials[provider] ?? []).filter((name) => (own[name] ?? "") !== "" && !Object.hasOwn(passed, name))

/** `K=V`, or `K` alone for the caller's own value, as docker(1) has it. */
export const parseVariables = (
  words: ReadonlyArray<string>,
  environment: Readonly<Record<string, string | undefined>>
): Result.Result<Readonly<Record<string, string>>, string> => {
  const variables: Record<string, string> = {}
  for (const word of words) {
    const equals = word.indexOf("=")
    const name = equals === -1 ? word : word.slice(0, equals)
    const value = equals === -1 ? environment[word] : word.slice(equals + 1)
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return Result.fail(`--env ${word}: ${JSON.stringify(name)} is not a variable's name`)
    if (value === undefined) return Result.fail(`--env ${word}: ${name} is not set here; give it as ${name}=value`)
    variables[name] = value
  }
  return Result.succeed(variables)
}
