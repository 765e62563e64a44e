/**
 * A home in which a real agent meets nothing of its user: its own configuration, pointed at a scripted model, no login, no updates,
 * no telemetry. What the agent is given beyond that (hooks, flags, its conversation) is the daemon's business.
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import type { ModelServer } from "../support/model-server.ts"
import { type AgentName, installed, nodeFolder } from "./installed.ts"

export interface Scratch extends Disposable {
  readonly home: string
  readonly cwd: string
  /** The whole environment that matters: what the machine's own has of these names does not get through. */
  readonly env: Readonly<Record<string, string>>
  /** What a user of such a configuration types behind the agent's name. */
  readonly args: ReadonlyArray<string>
}

export interface ScratchOptions {
  /** The agent does not know the folder, and asks whether it can be trusted. */
  readonly stranger?: boolean
  /** The agent has neither configuration nor login: it begins as on the day on which it was installed. */
  readonly newcomer?: boolean
  /** Another version than the pinned one. */
  readonly version?: string
  /** More files of the agent's home, by path. */
  readonly files?: Readonly<Record<string, string>>
}

export const scratch = async (
  name: AgentName,
  model: ModelServer,
  { files: more = {}, newcomer = false, stranger = false, version }: ScratchOptions = {}
): Promise<Scratch> => {
  const bin = await installed(name, version)
  const root = realpathSync(mkdtempSync(join(tmpdir(), `reprise-${name}-`)))
  const [home, cwd, temporary] = ["home", "work", "tmp"].map((folder) => join(root, folder)) as [string, string, string]
  for (const folder of [home, cwd, temporary]) mkdirSync(folder)
  const { args = [], env, files } = newcomer ? unconfigured(model.url) : configurations[name](model.url, cwd, stranger)
  // Some ask only where there is a repository.
  if (stranger) execFileSync("git", ["init", "-q", cwd])
  for (const [path, text] of Object.entries({ ...files, ...more })) {
    mkdirSync(dirname(join(home, path)), { recursive: true })
    writeFileSync(join(home, path), typeof text === "string" ? text : JSON.stringify(text))
  }
  return {
    home,
    cwd,
    args,
    env: {
      HOME: home,
      TMPDIR: temporary,
      XDG_CONFIG_HOME: join(home, ".config"),
      XDG_DATA_HOME: join(home, ".local/share"),
      XDG_STATE_HOME: join(home, ".local/state"),
      XDG_CACHE_HOME: join(home, ".cache"),
      PATH: [bin, nodeFolder, process.env.PATH].join(delimiter),
      ...env
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

interface Configuration {
  readonly env: Readonly<Record<string, string>>
  /** By path below the home. */
  readonly files: Readonly<Record<string, unknown>>
  readonly args?: ReadonlyArray<string>
}

/** Nothing is listening there: what an agent would ask of its maker stays on this machine. */
const nowhere = "http://127.0.0.1:9"

const unconfigured = (url: string): Configuration => ({
  env: {
    ...{ HTTPS_PROXY: nowhere, HTTP_PROXY: nowhere, https_proxy: nowhere, http_proxy: nowhere, NO_PROXY: "127.0.0.1" },
    // It asks nothing before its service answers.
    ANTHROPIC_BASE_URL: url,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    PI_OFFLINE: "1",
    OPENCODE_DISABLE_MODELS_FETCH: "1"
  },
  files: {}
})

const configurations: Readonly<Record<AgentName, (url: string, cwd: string, stranger: boolean) => Configuration>> = {
  "claude-code": (url, cwd, stranger) => ({
    env: {
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_AUTH_TOKEN: "none",
      DISABLE_AUTOUPDATER: "1",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1"
    },
    files: {
      ".claude.json": { hasCompletedOnboarding: true, theme: "dark", projects: stranger ? {} : { [cwd]: { hasTrustDialogAccepted: true } } }
    },
    // The default of this version leaves the decision to a server that is not here.
    args: ["--permission-mode", "default"]
  }),

  codex: (url, cwd, stranger) => ({
    env: { SCRIPTED_KEY: "none" },
    files: {
      ".codex/config.toml": [
        'model = "scripted-model"',
        'model_provider = "scripted"',
        "check_for_update_on_startup = false",
        // A user that has said these is not asked whether a folder can be trusted.
        ...(stranger ? [] : ['approval_policy = "on-request"', 'sandbox_mode = "workspace-write"']),
        "[model_providers.scripted]",
        'name = "scripted"',
        `base_url = "${url}/v1"`,
        'wire_api = "responses"',
        'env_key = "SCRIPTED_KEY"',
        ...(stranger ? [] : [`[projects.${JSON.stringify(cwd)}]`, 'trust_level = "trusted"']),
        "[analytics]",
        "enabled = false",
        ""
      ].join("\n")
    }
  }),

  pi: (url) => ({
    // Else it downloads tools at its start.
    env: { PI_OFFLINE: "1" },
    files: {
      ".pi/agent/models.json": {
        providers: {
          scripted: {
            baseUrl: `${url}/v1`,
            api: "openai-completions",
            apiKey: "none",
            models: [
              {
                id: "scripted-model",
                name: "Scripted",
                reasoning: false,
                input: ["text"],
                cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
                contextWindow: 128_000,
                maxTokens: 4_096
              }
            ]
          }
        }
      },
      ".pi/agent/settings.json": { defaultProvider: "scripted", defaultModel: "scripted-model" }
    }
  }),

  opencode: (url) => ({
    env: {
      OPENCODE_DISABLE_AUTOUPDATE: "1",
      OPENCODE_DISABLE_MODELS_FETCH: "1",
      OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
      OPENCODE_DISABLE_DEFAULT_PLUGINS: "1"
    },
    files: {
      ".config/opencode/opencode.json": {
        autoupdate: false,
        share: "disabled",
        model: "scripted/scripted-model",
        small_model: "scripted/scripted-model",
        permission: { bash: "ask" },
        provider: {
          scripted: {
            npm: "@ai-sdk/openai-compatible",
            name: "Scripted",
            options: { baseURL: `${url}/v1`, apiKey: "none" },
            models: { "scripted-model": { name: "Scripted", limit: { context: 128_000, output: 4_096 } } }
          }
        }
      }
    }
  }),

  gemini: (url, _, stranger) => ({
    env: {
      GEMINI_API_KEY: "none",
      GOOGLE_GEMINI_BASE_URL: url,
      // Else it is a second process that carries the first one on; which starts again once a folder is trusted.
      ...(stranger ? {} : { GEMINI_CLI_NO_RELAUNCH: "true" })
    },
    files: {
      ".gemini/settings.json": {
        security: { auth: { selectedType: "gemini-api-key" }, folderTrust: { enabled: stranger } },
        general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
        privacy: { usageStatisticsEnabled: false },
        ui: { theme: "Default" }
      }
    },
    // Without a model's name it asks the model which model to ask.
    args: ["-m", "gemini-2.5-flash"]
  })
}
