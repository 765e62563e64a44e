/** What all the terminal agents that were measured have in common; each provider says beside it where it differs. */
import type { Keepalive, Rung } from "../spec.ts"
import type { Provider, Rule } from "./provider.ts"

/**
 * A bracketed paste, and Enter apart from it: Codex, Gemini and Qwen only insert what comes in one write, and need up to 50 ms in
 * between; 150 ms worked in all of them, at sizes up to 6 kB, 500 ms at 100 kB.
 */
export const pasteThenEnter: Provider["submit"] = { bracketed: true, enterAfterMs: 150, commands: true, backslash: false, clear: "" }

/** A crash is worth another try. A clean exit is a person's wish. */
export const relaunchAfterCrash: Keepalive = {
  mode: "on_crash",
  baseMs: 3_000,
  factor: 2,
  capMs: 300_000,
  maxAttempts: 3,
  healthyAfterMs: 60_000
}

/** What many agents draw before their first prompt, and after a notice: the last words of the screen. */
export const pressEnter: Rule = {
  pattern: "(?i)^.*\\bpress (?:enter|return|any key) to (?:continue|proceed|start|exit|close).*(?:\\n.*){0,2}\\s*\\z",
  activity: "waiting",
  question: "input"
}

/** Questions that no agent asks while its composer, which this pattern matches, is on the screen: its conversation quotes them. */
export const withoutComposer = (composer: string, rules: ReadonlyArray<Rule>): ReadonlyArray<Rule> =>
  rules.map((rule) => ({ ...rule, unless: composer }))

/** Questions that stand in a dialog that begins with this pattern. What stands above the lowest one is a conversation. */
export const inDialog = (below: string, rules: ReadonlyArray<Rule>): ReadonlyArray<Rule> => rules.map((rule) => ({ ...rule, below }))

const escape = "\x1b"
const controlC = "\x03"

/**
 * As a person would leave: interrupt the turn, so that the agent ends its own tools; Ctrl-C, which clears what is typed or warns;
 * Ctrl-C again, which leaves. `/exit` would be sent to the model by a composer that holds a draft, and queued behind a turn.
 * SIGTERM beside SIGHUP: agents that ignore one of them are known.
 */
export const interruptThenLeave: ReadonlyArray<Rung> = [
  { step: "goodbye", text: escape, waitMs: 500 },
  { step: "goodbye", text: controlC, waitMs: 300 },
  { step: "goodbye", text: controlC, waitMs: 2_000 },
  { step: "hangup", signals: ["SIGHUP", "SIGTERM", "SIGCONT"], waitMs: 5_000 },
  { step: "kill" }
]

/** Only better evidence counts: every one of them prints, and lives, long before it takes input. */
export const untilEvidence: Provider["ready"] = { firstOutput: false, aliveMs: null }

/** Agents leave sockets, shared objects and shell files in the temporary directory: with one of its own, they end with the session. */
export const ownTemporary = { TMPDIR: "{directory}/tmp" }
export const ownTemporaryDirectories = ["{directory}/tmp"]
