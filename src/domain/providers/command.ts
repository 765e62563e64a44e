/** Any command in a terminal: nothing is known of it but that it lives, prints and exits. */
import { terminalLadder } from "../spec.ts"
import type { Provider } from "./provider.ts"

export const command: Provider = {
  id: "command",
  title: "any command",
  command: null,
  install: null,
  version: null,
  launch: { args: [], env: {}, scrub: [], directories: [] },
  conversation: null,
  // A program that prints has started; one that is still there after a second has not failed to start (`sleep` prints nothing).
  ready: { firstOutput: true, aliveMs: 1_000 },
  // A program that has not asked for bracketed paste would read its marks as keys.
  submit: { bracketed: false, enterAfterMs: 0, commands: false, backslash: false, clear: "" },
  interrupt: "\x03",
  interruptAgainMs: null,
  answers: null,
  model: null,
  // No goodbye is typed: what `exit` or Ctrl-D would do to an unknown program is a guess.
  ladder: terminalLadder,
  // The exit code of a shell is that of its last command: a person that leaves one has not crashed it.
  keepalive: { mode: "never", baseMs: 3_000, factor: 2, capMs: 300_000, maxAttempts: 3, healthyAfterMs: 60_000 },
  evidence: { hooks: null, transcript: null, status: null, titles: [], screen: [] }
}
