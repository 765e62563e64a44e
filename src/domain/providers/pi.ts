/** pi, as version 0.87.1 was seen to behave. An extension of ours reports everything that it does. */
import type { Provider } from "./provider.ts"
import { interruptThenLeave, pasteThenEnter, pressEnter, relaunchAfterCrash, untilEvidence, withoutComposer } from "./terminal-agent.ts"

const rows = "(?:(?:[^─\\n].*)?\\n){0,100}?"
const lowerLine = "──.*(?:\\n(?:[^─\\n].*)?){0,6}\\s*\\z"

/** Both stand between two lines at the end of the screen. The last row of a dialog names the key that closes it. */
const composer = `^──.*\\n${rows}${lowerLine}`
const framed = `${rows} {1,2}\\S.*\\b(?i:esc|escape)\\b.*\\n\\n?${lowerLine}`

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
        pattern: `^──.*\\n\\n(?<text> *Select authentication method.*\\n)${framed}`,
        activity: "waiting",
        question: "login"
      },
      // Any dialog in the place of the composer. Its title stands in its first row with a word.
      { pattern: `^──.*\\n(?:[ >]*\\n)*(?<text>.*\\n)${framed}`, activity: "waiting", question: "input" },
      // Up to 0.80 the list of models names no key. A draft seldom begins with an empty row.
      { pattern: `^──.*\\n\\n(?<text>\\S.*\\n)${rows}→ .*\\n${rows}${lowerLine}`, activity: "waiting", question: "input" },
      // Its composer is there, and has no model: the context of none has no size.
      {
        pattern: "(?<text>No models available\\. Use /login)(?:.*\\n)+?.*\\d%/0\\b.*(?:\\n.*){0,3}\\s*\\z",
        activity: "waiting",
        question: "login"
      },
      ...withoutComposer(composer, [pressEnter]),
      // The line above the composer; up to 0.80 a row of its own.
      { pattern: "^(?:─+)? [⠀-⣿] (?:Working|Retrying|Compacting)", activity: "working" },
      { pattern: "\\d%/\\d+(?:\\.\\d+)?[kM] \\(auto\\)", activity: "idle" }
    ]
  }
}
