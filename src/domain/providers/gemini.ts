/** Gemini CLI, as version 0.61.0 was seen to behave. Its title shows its whole state. */
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

/** The composer between its two lines, with no frame below it. A prompt of the conversation looks the same. */
const composer = "^▄{10,}.*\\n [>!*] .*\\n(?:(?:[^▄▀\\n].*)?\\n){0,100}?▀{10,}.*(?:\\n(?:[^╭│╰\\n].*)?){0,6}\\s*\\z"

/** The upper edge of a dialog's frame. Within it frames are indented. */
const dialog = "^ ?╭─{10,}"

export const gemini: Provider = {
  id: "gemini",
  title: "Gemini CLI",
  command: ["gemini"],
  install: "npm install -g @google/gemini-cli",
  version: { args: ["--version"], confirmed: ["0.61.0"] },
  launch: {
    args: [],
    // Its usual parent process ignores every signal, and outlives a hang-up.
    env: { ...ownTemporary, GEMINI_CLI_NO_RELAUNCH: "true" },
    scrub: [],
    directories: ownTemporaryDirectories
  },
  conversation: { named: "chosen", fresh: ["--session-id", "{conversation}"], resume: ["--resume", "{conversation}"], fork: null },
  ready: untilEvidence,
  // On a busy machine it reads a paste and an Enter that comes 150 ms later in one piece, and only inserts both.
  submit: { ...pasteThenEnter, enterAfterMs: 500, backslash: true },
  interrupt: "\x1b",
  interruptAgainMs: null,
  answers: { allow: "1", deny: "\x1b", choose: "{n}", settleMs: 300 },
  model: "/model set {model}",
  ladder: interruptThenLeave,
  keepalive: relaunchAfterCrash,
  evidence: {
    // It takes settings from a file of ours (GEMINI_CLI_SYSTEM_SETTINGS_PATH) only where root alone may write to every folder above
    // it, and warns at each start elsewhere. The title says enough.
    hooks: null,
    transcript: "gemini",
    status: null,
    titles: [
      { pattern: "^✋ .*$", activity: "waiting", question: "permission" },
      { pattern: "^✦ ", activity: "working" },
      { pattern: "^◇ ", activity: "idle" }
    ],
    screen: [
      ...withoutComposer(
        composer,
        inDialog(dialog, [
          { pattern: "^.*Do you trust (?:the files in )?this folder\\?.*$", activity: "waiting", question: "trust" },
          {
            pattern: "^.*(?:How would you like to authenticate for this project\\?|Enter Gemini API Key).*$",
            activity: "waiting",
            question: "login"
          },
          {
            // The dialog's last lines before the question say what is asked for.
            pattern: "\\A(?:.*\\n)*?(?<text>(?:(?:.*\\n){0,3}│ *Allow execution of .*|│ *Apply this change)\\?.*)$",
            activity: "waiting",
            question: "permission"
          },
          // Any list in a frame. Its title stands above it.
          { pattern: "^│ [>?] (?<text>\\S.*)\\n(?:.*\\n){0,30}?.*Use Enter to select", activity: "waiting", question: "input" }
        ])
      ),
      { pattern: "\\(esc to cancel\\b", activity: "working" },
      ...withoutComposer(composer, [pressEnter]),
      { pattern: "^ *> +Type your message", activity: "idle" }
    ]
  }
}
