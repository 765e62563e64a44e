/** The scripted agent as a user would describe it: a provider in JSON, in a daemon's home. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const program = join(import.meta.dirname, "scripted-agent.ts")

/** `habits` are words of its command line; `more` replaces fields of the description. */
export const scriptedProvider = (id: string, habits: ReadonlyArray<string> = [], more: Readonly<Record<string, unknown>> = {}) => ({
  id,
  title: "the scripted agent",
  command: [process.execPath, program],
  install: "it is part of the tests",
  version: { args: ["--version"], confirmed: ["1.2.3"] },
  launch: { args: habits, env: { SCRIPTED_HOME: "{directory}" }, scrub: ["SCRIPTED_PARENT_*"], directories: ["{directory}/work"] },
  conversation: {
    named: "chosen",
    fresh: ["new={conversation}"],
    resume: ["resume={conversation}"],
    fork: ["parent={parent}", "new={conversation}"]
  },
  ready: { firstOutput: false, aliveMs: null },
  submit: { bracketed: true, enterAfterMs: 50, commands: true, backslash: false, clear: "" },
  interrupt: "\x1b",
  interruptAgainMs: null,
  answers: {
    allow: "1",
    deny: "\x1b",
    choose: "{n}",
    settleMs: 150,
    dialogs: [{ allow: "^Yes, I trust this folder$", choose: "{down}\r" }]
  },
  model: "/model {model}",
  ladder: [{ step: "hangup", signals: ["SIGHUP", "SIGCONT"], waitMs: 1_000 }, { step: "kill" }],
  keepalive: { mode: "never" },
  evidence: {
    hooks: null,
    transcript: null,
    status: null,
    titles: [
      { pattern: "^busy ", activity: "working" },
      { pattern: "^at rest$", activity: "idle" }
    ],
    screen: [
      { pattern: "^May I do it\\?$", activity: "waiting", question: "permission", choices: "^[ ❯]+\\d+\\. (.+)$" },
      { pattern: "^Is this a folder you trust\\?$", activity: "waiting", question: "trust", choices: "^[ ❯]+(No, exit|Yes, .+)$" },
      { pattern: "^\\(working\\)$", activity: "working" },
      { pattern: "^> composer$", activity: "idle" }
    ]
  },
  ...more
})

/** Before the daemon starts: it reads them once. */
export const describeProviders = (home: string, providers: ReadonlyArray<{ readonly id: string }>): void => {
  mkdirSync(join(home, "providers"), { recursive: true })
  for (const provider of providers) writeFileSync(join(home, "providers", `${provider.id}.json`), JSON.stringify(provider))
}
