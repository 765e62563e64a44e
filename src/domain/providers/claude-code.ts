/** Claude Code, as version 2.1.329 was seen to behave. */
import type { Provider } from "./provider.ts"
import {
  inDialog,
  interruptThenLeave,
  ownTemporary,
  ownTemporaryDirectories,
  pasteThenEnter,
  pressEnter,
  relaunchAfterCrash,
  untilEvidence,
  withoutComposer
} from "./terminal-agent.ts"

/** The composer between its two lines, with no choice marked below. */
const composer = "^──.*\\n[❯!].*\\n(?:(?:[^─▔\\n].*)?\\n){0,100}?──.*(?:\\n(?:[^─▔❯\\n][^❯\\n]*)?){0,12}\\s*\\z"

/** The line above a dialog. Another one may stand above the last choice of its list. */
const dialog = "^[▔─]{10,}.*\\n\\n*(?: {0,4}[^\\s\\d❯]| {5})"

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
  // An interrupt before the first word of the answer puts the prompt back into the composer.
  submit: { ...pasteThenEnter, backslash: true, clear: "\x15" },
  interrupt: "\x1b",
  interruptAgainMs: null,
  answers: {
    // The dialog takes the choice's number at once; Escape declines and ends the turn.
    allow: "1",
    deny: "\x1b",
    choose: "{n}",
    settleMs: 300,
    // Its choices have no numbers, and the first of them leaves.
    dialogs: [{ allow: "^Yes, I trust this folder$", choose: "{down}\r" }]
  },
  model: "/model {model}",
  ladder: interruptThenLeave,
  keepalive: relaunchAfterCrash,
  evidence: {
    hooks: "claude-code",
    transcript: "claude-code",
    status: "claude-code",
    saysDone: true,
    // `✳` says idle, and also a question: it decides nothing.
    titles: [{ pattern: "^[◐◑⠂⠐] ", activity: "working" }],
    screen: [
      ...withoutComposer(
        composer,
        inDialog(dialog, [
          {
            pattern: "Quick safety check: Is this a project you created or one you trust\\?",
            activity: "waiting",
            question: "trust"
          },
          {
            pattern: "Select login method:|Paste code here if prompted|Detected a custom API key in your environment",
            activity: "waiting",
            question: "login"
          },
          { pattern: "^ *Choose the text style that looks best.*$", activity: "waiting", question: "input" },
          // Of `/model` in a conversation with messages: it costs, so the daemon does not answer it.
          { pattern: "^ *Switch model\\?$", activity: "waiting", question: "input" },
          {
            // The dialog's last lines before the question say what is asked for.
            pattern: "\\A(?:.*\\n)*?(?<text>(?:.*\\n){0,4} *(?:Do you want to|Would you like to) .*\\?)\\n[ ❯]+1\\. ",
            activity: "waiting",
            question: "permission"
          },
          {
            // The heads of all questions, then the one that is asked.
            pattern: "^ *(?:← *)?[☐☒☑✔] .*\\n\\n?(?<text>.*\\S.*\\n)(?:.*\\n){0,3}?[ ❯]+1\\. ",
            activity: "waiting",
            question: "input"
          },
          // Any dialog below a line: what is typed goes to it. Its first row is its title.
          {
            pattern: "^▔{10,}.*\\n(?<text>.*\\n)(?:.*\\n)*?.*\\bEsc to (?:cancel|close|exit|go back)",
            activity: "waiting",
            question: "input"
          }
        ])
      ),
      { pattern: "^ {2}.*\\besc to interrupt\\b", activity: "working" },
      ...withoutComposer(composer, [pressEnter]),
      // A prompt of the history begins like the composer, which stands between two lines.
      { pattern: "^─{10,}.*\\n❯", activity: "idle" }
    ]
  }
}
