/** The screens of real agents that are kept: how each is reached, and what it must be read as. */
import type { Activity } from "../../src/domain/activity.ts"
import type { Question } from "../../src/domain/observations.ts"
import type { AgentName } from "../agents/installed.ts"

/** `answer`: to the question that the session shows by then, as a user of the API gives it; every choice that is offered must be picked so. */
export type Step =
  | { readonly prompt: string }
  | { readonly text: string }
  | { readonly keys: ReadonlyArray<string> }
  | { readonly answer: string }
  | { readonly shows: RegExp }

export interface Scenario {
  readonly name: string
  /** `newcomer`: without any configuration. `stranger`: in a folder that the agent does not know. */
  readonly from: "configured" | "stranger" | "newcomer"
  /** Files of the agent's home, by path. */
  readonly files?: Readonly<Record<string, string>>
  readonly args?: ReadonlyArray<string>
  readonly steps: ReadonlyArray<Step>
  /** Once this is on the screen and nothing moves, it is kept. */
  readonly kept: RegExp
  readonly reads: Reading
  /** Versions that have no such screen, and why. */
  readonly without?: Readonly<Record<string, string>>
}

export interface Reading {
  readonly activity: Activity | null
  readonly question?: Question["kind"]
  /** Each begins so, in this order; there are no others. With a `?` before it one may be missing. */
  readonly choices?: ReadonlyArray<string>
}

const ask = (verb: string) => ({ prompt: `please [${verb}]` })
const command = (text: string): ReadonlyArray<Step> => [{ text }, { shows: new RegExp(text) }, { keys: ["enter"] }]
/** The model repeats it: the prompt and the answer quote what dialogs say. */
const quoted = (activity: Activity | null): Scenario => ({
  name: "quoted",
  from: "configured",
  steps: [ask("say Do you trust this folder? Trust this folder? Press Enter to continue")],
  kept: /Press\s+Enter[\s\S]*Press\s+Enter/,
  reads: { activity }
})
const escalated = "touch kept.txt"

export const scenarios: { readonly [name in AgentName]: ReadonlyArray<Scenario> } = {
  "claude-code": [
    quoted("idle"),
    { name: "idle", from: "configured", steps: [], kept: /^❯/m, reads: { activity: "idle" } },
    { name: "working", from: "configured", steps: [ask("hang")], kept: /esc to interrupt/, reads: { activity: "working" } },
    {
      name: "trust",
      from: "stranger",
      steps: [],
      kept: /Yes, I trust this folder/,
      reads: { activity: "waiting", question: "trust", choices: ["No, exit", "Yes, I trust this folder"] }
    },
    {
      name: "permission",
      from: "configured",
      steps: [ask(`run ${escalated}`)],
      kept: /\d\. No/,
      reads: {
        activity: "waiting",
        question: "permission",
        choices: ["Yes", "Yes, and always allow", "?Yes, and switch to auto mode", "No"]
      }
    },
    {
      name: "permission-to-write",
      from: "configured",
      steps: [ask('call Write {"file_path":"/tmp/kept.txt","content":"1. one\\n2. two\\n"}')],
      kept: /\d\. No/,
      reads: { activity: "waiting", question: "permission", choices: ["Yes", "Yes, ", "?Yes, and switch to auto mode", "No"] }
    },
    {
      name: "question",
      from: "configured",
      steps: [
        ask(
          'call AskUserQuestion {"questions":[{"question":"Which colour?","header":"Colour","multiSelect":false,"options":[{"label":"Red","description":"warm"},{"label":"Blue","description":"cold"}]}]}'
        )
      ],
      kept: /Chat about this/,
      reads: { activity: "waiting", question: "input", choices: ["Red", "Blue", "Type something.", "Chat about this"] }
    },
    {
      name: "theme",
      from: "configured",
      steps: command("/theme"),
      kept: /Choose the text style/,
      reads: {
        activity: "waiting",
        question: "input",
        choices: [
          "Auto",
          "Dark mode",
          "Light mode",
          "Dark mode (color",
          "Light mode (color",
          "Dark mode (ANSI",
          "Light mode (ANSI",
          "New custom theme"
        ]
      }
    },
    {
      name: "theme-picked",
      from: "configured",
      steps: [...command("/theme"), { shows: /Choose the text style/ }, { answer: "Light mode (ANSI colors only)" }],
      kept: /Theme set to light-ansi/,
      reads: { activity: "idle" }
    },
    {
      name: "model",
      from: "configured",
      steps: command("/model"),
      kept: /Select model/,
      reads: { activity: "waiting", question: "input" }
    },
    {
      name: "login",
      from: "configured",
      steps: command("/login"),
      kept: /Select login method/,
      reads: { activity: "waiting", question: "login" }
    }
  ],
  codex: [
    quoted("idle"),
    { name: "idle", from: "configured", steps: [], kept: /^› /m, reads: { activity: "idle" } },
    { name: "working", from: "configured", steps: [ask("hang")], kept: /esc to interrupt/, reads: { activity: "working" } },
    { name: "trust", from: "stranger", steps: [], kept: /Trust/, reads: { activity: "waiting", question: "trust" } },
    {
      name: "login",
      from: "newcomer",
      steps: [],
      kept: /Press enter to continue/i,
      reads: {
        activity: "waiting",
        question: "login",
        choices: [
          "Sign in with ChatGPT",
          "Sign in with Device Code",
          "?Sign in another way",
          "?Use an OpenAI API key",
          "?Use Amazon Bedrock"
        ]
      }
    },
    {
      name: "login-second-picked",
      from: "newcomer",
      steps: [{ shows: /Press enter to continue/i }, { answer: "Sign in with Device Code" }],
      kept: /device code/,
      reads: { activity: "waiting", question: "login" }
    },
    {
      name: "update",
      from: "configured",
      files: { ".codex/version.json": '{"latest_version":"9.9.9","last_checked_at":"2099-01-01T00:00:00Z","dismissed_version":null}' },
      args: ["-c", "check_for_update_on_startup=true"],
      steps: [],
      kept: /Skip until next version/,
      reads: { activity: "waiting", question: "input", choices: ["Update now", "Skip", "Skip until next version"] }
    },
    {
      name: "permission",
      from: "configured",
      steps: [ask(`run ${escalated}`)],
      kept: /3\. No/,
      reads: { activity: "waiting", question: "permission", choices: ["Yes, proceed", "Yes, and don't ask again", "No, and tell Codex"] }
    },
    {
      name: "model",
      from: "configured",
      steps: command("/model"),
      kept: /Select Model/i,
      reads: { activity: "waiting", question: "input" }
    }
  ],
  pi: [
    quoted("idle"),
    { name: "idle", from: "configured", steps: [], kept: /\(auto\)/, reads: { activity: "idle" } },
    { name: "working", from: "configured", steps: [ask("hang")], kept: /Working/, reads: { activity: "working" } },
    { name: "newcomer", from: "newcomer", steps: [], kept: /No models available/, reads: { activity: "waiting", question: "login" } },
    {
      name: "model",
      from: "configured",
      steps: command("/model"),
      kept: /configured providers|\(1\/1\)|Model Name/,
      reads: { activity: "waiting", question: "input" }
    },
    {
      name: "settings",
      from: "configured",
      steps: command("/settings"),
      kept: /Auto-compact/,
      reads: { activity: "waiting", question: "input" }
    },
    {
      name: "login",
      from: "newcomer",
      steps: command("/login"),
      kept: /Select authentication method/,
      reads: {
        activity: "waiting",
        question: "login",
        choices: ["Sign in with an account", "Sign in with an API key", "?Sign in with Radius"]
      }
    }
  ],
  opencode: [
    quoted(null),
    { name: "idle", from: "configured", steps: [], kept: /Ask anything/, reads: { activity: "idle" } },
    { name: "working", from: "configured", steps: [ask("hang")], kept: /interrupt/, reads: { activity: "working" } },
    {
      name: "permission",
      from: "configured",
      steps: [ask(`run ${escalated}`)],
      kept: /Allow always/,
      reads: { activity: "waiting", question: "permission", choices: ["Allow once", "Allow always", "Reject"] }
    },
    {
      name: "permission-third-picked",
      from: "configured",
      steps: [ask(`run ${escalated}`), { shows: /Allow always/ }, { answer: "Reject" }],
      kept: /^(?![\s\S]*(?:Permission required|esc interrupt))[\s\S]*touch kept/,
      reads: { activity: null }
    },
    {
      name: "commands",
      from: "configured",
      steps: [ask("run echo kept"), { shows: /Allow always/ }, { answer: "Reject" }, { shows: /ctrl\+p commands/ }, { keys: ["ctrl+p"] }],
      kept: /Commands +esc/,
      reads: { activity: "waiting", question: "input", choices: ["Switch session", "New session", "Switch model"] }
    },
    {
      name: "commands-third-picked",
      from: "configured",
      steps: [{ shows: /Ask anything/ }, { keys: ["ctrl+p"] }, { shows: /Commands +esc/ }, { answer: "Switch model" }],
      kept: /Select model +esc/,
      reads: { activity: "waiting", question: "input", choices: ["Scripted"] }
    },
    {
      name: "model",
      from: "configured",
      steps: command("/models"),
      kept: /Select model +esc/,
      reads: { activity: "waiting", question: "input", choices: ["Scripted"] }
    },
    {
      name: "connect",
      from: "configured",
      steps: command("/connect"),
      kept: /Connect a provider/i,
      reads: {
        activity: "waiting",
        question: "login",
        choices: ["OpenCode Zen", "OpenCode Go", "OpenAI (ChatGPT Plus/Pro or API key)", "GitHub Copilot", "Anthropic (API key)", "Google"]
      }
    }
  ],
  gemini: [
    quoted("idle"),
    { name: "idle", from: "configured", steps: [], kept: /Type your message/, reads: { activity: "idle" } },
    { name: "working", from: "configured", steps: [ask("hang")], kept: /esc to cancel/, reads: { activity: "working" } },
    {
      name: "trust",
      from: "stranger",
      steps: [],
      kept: /Don't trust/,
      reads: { activity: "waiting", question: "trust", choices: ["Trust folder", "Trust parent folder", "Don't trust"] }
    },
    { name: "auth", from: "configured", steps: command("/auth"), kept: /authenticate/i, reads: { activity: "waiting", question: "login" } },
    {
      name: "permission",
      from: "configured",
      steps: [ask(`run ${escalated}`)],
      kept: /3\. No|4\. No/,
      reads: { activity: "waiting", question: "permission", choices: ["Allow once", "Allow for this session", "No, suggest changes"] }
    },
    {
      name: "permission-to-write",
      from: "configured",
      steps: [ask('call write_file {"file_path":"kept.txt","content":"1. one\\n2. two\\n"}')],
      kept: /Apply this change/,
      reads: { activity: "waiting", question: "permission" }
    },
    {
      name: "theme",
      from: "configured",
      steps: command("/theme"),
      kept: /Select Theme/i,
      reads: { activity: "waiting", question: "input" }
    }
  ]
}
