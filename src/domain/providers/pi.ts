/** pi, as version 0.87.1 was seen to behave. An extension of ours reports everything that it does. */
import type { Provider } from "./provider.ts"
import { interruptThenLeave, pasteThenEnter, pressEnter, relaunchAfterCrash, untilEvidence } from "./terminal-agent.ts"

export const pi: Provider = {
  id: "pi",
  title: "pi",
  command: ["pi"],
  install: "npm install -g @earendil-works/pi-coding-agent@0.87.1",
  version: { args: ["--version"], confirmed: ["0.87.1"] },
  launch: { args: ["-e", "{directory}/reprise.ts"], env: {}, scrub: [], directories: [] },
  conversation: {
    named: "chosen",
    fresh: ["--session-id", "{conversation}"],
    // Nothing is on disk before the first answer: the same words resume what is there and begin what is not.
    resume: ["--session-id", "{conversation}"],
    fork: ["--fork", "{parent}", "--session-id", "{conversation}"]
  },
  ready: untilEvidence,
  submit: { ...pasteThenEnter, backslash: true },
  interrupt: "\x1b",
  interruptAgainMs: null,
  // It asks for no permission.
  answers: null,
  model: "/model {model}",
  ladder: interruptThenLeave,
  keepalive: relaunchAfterCrash,
  evidence: {
    hooks: "pi",
    transcript: "pi",
    status: null,
    titles: [],
    screen: [
      {
        pattern: "(?<text>^ *Select authentication method.*\\n)(?:.*\\n)+?.*enter select",
        activity: "waiting",
        question: "login"
      },
      // Any list in the place of the composer. Its title stands above it.
      { pattern: "(?<text>^ [A-Z].*\\n)\\n? *→ (?:.*\\n)+?.*enter select", activity: "waiting", question: "input" },
      { pattern: "No models available\\. Use /login", activity: "waiting", question: "login" },
      pressEnter,
      // The line above the composer; up to 0.80 a row of its own.
      { pattern: "^(?:─+)? [⠀-⣿] (?:Working|Retrying|Compacting)", activity: "working" },
      { pattern: "\\d%/\\d+(?:\\.\\d+)?[kM] \\(auto\\)", activity: "idle" }
    ]
  }
}
