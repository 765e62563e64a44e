/** Codex, as version 0.169.0 was seen to behave. It tells its states by OSC 7501 without being asked. */
import type { Provider } from "./provider.ts"
import {
  interruptThenLeave,
  ownTemporary,
  ownTemporaryDirectories,
  pasteThenEnter,
  relaunchAfterCrash,
  untilEvidence
} from "./terminal-agent.ts"

export const codex: Provider = {
  id: "codex",
  title: "Codex",
  command: ["codex"],
  install: "npm install -g @openai/codex",
  version: { args: ["--version"], confirmed: ["0.169.0"] },
  launch: {
    // Its shared daemon would run turns and tools outside the session: they would survive it.
    args: ["-c", "features.daemon_auto_start=false"],
    env: ownTemporary,
    scrub: [],
    directories: ownTemporaryDirectories
  },
  conversation: { named: "reported", fresh: [], resume: ["resume", "{conversation}"], fork: ["fork", "{parent}"] },
  ready: untilEvidence,
  submit: pasteThenEnter,
  interrupt: "\x1b",
  answers: { allow: "y", deny: "\x1b", choose: "{n}" },
  // `/model` opens a list of its own.
  model: null,
  ladder: interruptThenLeave,
  keepalive: relaunchAfterCrash,
  evidence: {
    hooks: null,
    transcript: "codex",
    status: null,
    titles: [
      { pattern: "^\\[ [!.] \\] Action Required.*$", activity: "waiting", question: "permission" },
      { pattern: "^[⠀-⣿] ", activity: "working" }
    ],
    screen: [
      { pattern: "Do you trust the contents of this directory\\?|You are in .*, trust", activity: "waiting", question: "trust" },
      { pattern: "Sign in with ChatGPT", activity: "waiting", question: "login" },
      { pattern: "Hooks need review", activity: "waiting", question: "trust" },
      { pattern: "^ *Would you like to .*\\?$", activity: "waiting", question: "permission" },
      { pattern: "\\besc to interrupt\\b", activity: "working" },
      { pattern: "^› ", activity: "idle" }
    ]
  }
}
