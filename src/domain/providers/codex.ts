/** Codex, as version 0.169.0 was seen to behave. It reports its states by OSC 7501 without being asked. */
import type { Provider } from "./provider.ts"
import {
  interruptThenLeave,
  ownTemporary,
  ownTemporaryDirectories,
  pasteThenEnter,
  pressEnter,
  relaunchAfterCrash,
  untilEvidence,
  withoutComposer
} from "./terminal-agent.ts"

/** The prompt sign of the composer, with no other one below. */
const lastComposer = "› .*(?:\\n(?:[^›\\n].*|›(?:[^ \\n].*)?)?)*\\z"

/** The prompt sign, before no choice of a list, and below what is typed there the model and the folder. */
const composer = "^› (?:[^\\d\\n].*|\\d+(?:[^.\\d\\n].*)?)?\\n(?:(?:[^›•>\\n].*)?\\n)*?\\n {2}\\S.* · [~/].*(?:\\n.*)?\\s*\\z"

/** A row that is not the first choice of a list with numbers. */
const row = "(?:[ ›>]*(?:[^ ›>1\\n].*|1(?:[^.\\n].*)?)?)"
const rows = `(?:${row}\\n)*?`
const sign = "[ ›>]+"

/** The rest of a screen with no other list below: a list farther up may be a quotation. */
const lastList = `.*(?:\\n${row})*\\z`

const enters = "(?i:\\benter (?:select|continue|confirm|save)|press enter to (?:continue|confirm|select))"

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
  interruptAgainMs: null,
  answers: {
    allow: "y",
    deny: "\x1b",
    choose: "{n}",
    settleMs: 300,
    // What it asks before its first prompt knows no `y`, and of a folder no numbers.
    dialogs: [
      { allow: "^Trust and continue$", choose: "{down}\r" },
      { allow: "^Trust all and continue$", choose: "{n}" }
    ]
  },
  // `/model` opens a list of its own.
  model: null,
  ladder: interruptThenLeave,
  keepalive: relaunchAfterCrash,
  evidence: {
    hooks: null,
    transcript: "codex",
    status: null,
    saysDone: true,
    titles: [
      { pattern: "^\\[ [!.] \\] Action Required.*$", activity: "waiting", question: "permission" },
      { pattern: "^[⠀-⣿] ", activity: "working" }
    ],
    screen: [
      ...withoutComposer(composer, [
        { pattern: `(?<text>^.*Trust this folder\\?.*)\\n${rows}${sign}1\\. Trust${lastList}`, activity: "waiting", question: "trust" },
        { pattern: `(?<text>^.*Hooks need review.*)\\n${rows}${sign}1\\. Review${lastList}`, activity: "waiting", question: "permission" },
        { pattern: `(?<text>^.*\\S.*\\n)\\n?${sign}1\\. Sign in with ChatGPT${lastList}`, activity: "waiting", question: "login" },
        { pattern: `(?<text>^.*Update available.*)\\n${rows}${sign}1\\. Update now${lastList}`, activity: "waiting", question: "input" },
        {
          // What is asked for stands between the question and the choices.
          pattern: `(?<text>^ *Would you like to .*\\?\\n(?:.*\\n){0,12}?)${sign}1\\. Yes${lastList}`,
          activity: "waiting",
          question: "permission"
        },
        // Any list in the place of the composer. Its title stands above it, and has an empty row above.
        {
          pattern: `(?:\\A|^\\n)(?<text> {2}\\S.*\\n)(?:${row}\\n){0,3}?${sign}1\\. .*\\n${rows}.*${enters}${lastList}`,
          activity: "waiting",
          question: "input"
        },
        { pattern: "^.*This conversation is open in another app.*$", activity: "waiting", question: "input" }
      ]),
      { pattern: "^• .* esc to interrupt\\)", activity: "working" },
      ...withoutComposer(composer, [pressEnter]),
      // While an answer is printed nothing but the title says so: it is idle where the last words above the composer say so.
      { pattern: `^(?: {2}Worked for|■).*\\n+${lastComposer}`, activity: "idle" },
      { pattern: `^ {5}[/~].*\\n[\\n ⠀-⣿]*^${lastComposer}`, activity: "idle" }
    ]
  }
}
