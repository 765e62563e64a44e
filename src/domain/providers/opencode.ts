/** opencode, as version 1.18.33 was seen to behave. A plugin of ours reports what its event bus reports. */
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

/** The lower edge of the composer. A permission is asked for in its place, other dialogs stand over it. */
const composer = "^ *╹▀{10,}[^┃\\n]*(?:\\n[^┃\\n]*)*\\z"

export const opencode: Provider = {
  id: "opencode",
  title: "opencode",
  command: ["opencode"],
  install: "npm install -g opencode-ai",
  version: { args: ["--version"], confirmed: ["1.18.33"] },
  // The file is merged with the user's own. It leaves 19 MB in the temporary directory at each start.
  launch: {
    args: [],
    env: { ...ownTemporary, OPENCODE_CONFIG: "{directory}/opencode.json" },
    scrub: [],
    directories: ownTemporaryDirectories
  },
  conversation: { named: "reported", fresh: [], resume: ["-s", "{conversation}"], fork: ["-s", "{parent}", "--fork"] },
  ready: untilEvidence,
  submit: pasteThenEnter,
  // The first is answered by "esc again to interrupt".
  interrupt: "\x1b",
  interruptAgainMs: 300,
  answers: { allow: "\r", deny: "\x1b", choose: null, settleMs: 300 },
  model: null,
  ladder: interruptThenLeave,
  keepalive: relaunchAfterCrash,
  evidence: {
    hooks: "opencode",
    transcript: null,
    status: null,
    // Before it shows the conversation that it was given it shows its start, where a prompt would begin another.
    titles: [{ pattern: "^OC \\| ", activity: "idle", when: "resumed" }],
    screen: [
      { pattern: "^ *(?<text>Connect a provider) {2,}esc\\b", activity: "waiting", question: "login", panel: true },
      // Any dialog over the conversation: its title, and the key that closes it.
      { pattern: "^ *(?<text>[A-Z][^ ]*(?: [^ ]+)*) {2,}esc$", activity: "waiting", question: "input", panel: true },
      ...withoutComposer(composer, [
        {
          // What is asked for stands between the title and the choices, which are drawn a moment later.
          pattern: "(?<text>^ *┃ *△ Permission required.*\\n(?:.*\\n)*?)(?:.*Allow once|.*\\z)",
          activity: "waiting",
          question: "permission",
          choices: "(Allow once|Allow always|Reject)"
        }
      ]),
      { pattern: "\\besc (?:again to )?interrupt\\b", activity: "working" },
      ...withoutComposer(composer, [pressEnter]),
      { pattern: "^ *┃ *Ask anything", activity: "idle", when: "fresh" }
    ]
  }
}
