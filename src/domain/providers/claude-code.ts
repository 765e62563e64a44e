/** Claude Code, as versions 2.1.197 and 2.1.329 were seen to behave. */
import type { Provider } from "./provider.ts"
import {
  interruptThenLeave,
  ownTemporary,
  ownTemporaryDirectories,
  pasteThenEnter,
  relaunchAfterCrash,
  untilEvidence
} from "./terminal-agent.ts"

export const claudeCode: Provider = {
  id: "claude-code",
  title: "Claude Code",
  command: ["claude"],
  install: "npm install -g @anthropic-ai/claude-code",
  version: { args: ["--version"], confirmed: ["2.1.329"] },
  launch: {
    // Settings given so are merged with the user's own; hooks of both run.
    args: ["--settings", "{directory}/settings.json"],
    env: ownTemporary,
    scrub: [],
    directories: ownTemporaryDirectories
  },
  conversation: {
    named: "chosen",
    // A second launch under the same id is refused by the agent itself; a conversation without a prompt leaves no file to resume.
    fresh: ["--session-id", "{conversation}"],
    resume: ["--resume", "{conversation}"],
    fork: ["--resume", "{parent}", "--fork-session", "--session-id", "{conversation}"]
  },
  ready: untilEvidence,
  submit: { ...pasteThenEnter, backslash: true },
  interrupt: "\x1b",
  // The dialog takes the choice's number at once; Escape declines and ends the turn.
  answers: { allow: "1", deny: "\x1b", choose: "{n}" },
  model: "/model {model}",
  ladder: interruptThenLeave,
  keepalive: relaunchAfterCrash,
  evidence: {
    hooks: "claude-code",
    transcript: "claude-code",
    status: "claude-code",
    // `✳` says idle, and also a question: it tells nothing.
    titles: [{ pattern: "^[◐◑⠂⠐] ", activity: "working" }],
    screen: [
      { pattern: "Quick safety check: Is this a project you created or one you trust\\?", activity: "waiting", question: "trust" },
      { pattern: "Select login method:|Paste code here if prompted|Detected a custom API key", activity: "waiting", question: "login" },
      { pattern: "Choose the text style that looks best|Let's get started\\.", activity: "waiting", question: "input" },
      { pattern: "^ *Do you want to .*\\?$|^ *Would you like to proceed\\?$", activity: "waiting", question: "permission" },
      { pattern: "\\besc to interrupt\\b", activity: "working" },
      { pattern: "^❯[  ]", activity: "idle" }
    ]
  }
}
