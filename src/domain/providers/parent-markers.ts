/** What an agent, a multiplexer or an editor leaves in the environment to know its own children by: no agent of ours inherits it. */
import type { Environment } from "../environment.ts"

/**
 * Names, or prefixes that end in `*`. With CLAUDECODE set, Claude Code refuses to start inside itself; with TMUX or a terminal
 * program's name, agents speak to a terminal that is not the one they run in. Settings and credentials are no markers, and stay.
 */
export const parentMarkers: ReadonlyArray<string> = [
  "AGENT",
  "AI_AGENT",
  "CLAUDECODE",
  "CLAUDE_CODE_CHILD_SESSION",
  "CLAUDE_CODE_ENTRYPOINT",
  "CLAUDE_CODE_EXECPATH",
  "CLAUDE_CODE_SESSION_ID",
  "CLAUDE_CODE_SSE_PORT",
  "CLAUDE_EFFORT",
  "CODEX_CI",
  "CODEX_INTERNAL_ORIGINATOR_OVERRIDE",
  "CODEX_MANAGED_BY_*",
  "CODEX_SANDBOX",
  "CODEX_SANDBOX_NETWORK_DISABLED",
  "CODEX_THREAD_ID",
  "COPILOT_CLI",
  "CURSOR_AGENT",
  "CURSOR_TRACE_ID",
  "ENABLE_IDE_INTEGRATION",
  "GEMINI_CLI",
  "GEMINI_CLI_IDE_*",
  "ITERM_*",
  "KITTY_*",
  "OPENCODE",
  "OPENCODE_BIN_PATH",
  "OPENCODE_CALLER",
  "OPENCODE_CLIENT",
  "OPENCODE_PID",
  "OPENCODE_RUN_ID",
  "PI_CODING_AGENT",
  "PI_MODEL",
  "PI_PROVIDER",
  "PI_REASONING_LEVEL",
  "PI_SESSION_FILE",
  "PI_SESSION_ID",
  "QWEN_CODE",
  "REPRISE_*",
  "STY",
  "TERM_PROGRAM",
  "TERM_PROGRAM_VERSION",
  "TERM_SESSION_ID",
  "TMUX",
  "TMUX_*",
  "VSCODE_*",
  "WEZTERM_*",
  "WT_SESSION",
  "ZELLIJ",
  "ZELLIJ_*"
]

export const withoutNames = (environment: Environment, names: ReadonlyArray<string>): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !names.some((pattern) => isNamed(name, pattern))))

const isNamed = (name: string, pattern: string) => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern)
