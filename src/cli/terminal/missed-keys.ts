/**
 * Keys that a lost connection took along: a line that misses its middle is another line than its person meant. What is typed behind them
 * is dropped too, until Enter alone is pressed after a pause, or ctrl-c, which clears the line or interrupts, and passes.
 */
import { unitAt } from "./units.ts"

/** `pass`: it is for the agent. `dropped`: it is not sent. `goOn`: the person has seen that keys are missing, and this Enter says so. */
export type Verdict = "pass" | "dropped" | "goOn"

export class MissedKeys {
  #missed = 0
  #lastAt = Number.NEGATIVE_INFINITY
  /** Keys that the daemon was sent, and behind which it has sent nothing yet. */
  #unanswered = 0

  get count(): number {
    return this.#missed
  }

  /** `nowMs`: of any clock. */
  typed(bytes: Uint8Array, isConnected: boolean, nowMs: number): Verdict {
    const keys = keysIn(bytes)
    // A report of the terminal is no key, and the next one says the same again.
    if (keys === 0) return isConnected ? "pass" : "dropped"
    const pausedMs = nowMs - this.#lastAt
    this.#lastAt = nowMs
    if (!isConnected || this.#missed > 0) {
      if (isConnected && isInterrupt(bytes)) {
        this.#missed = 0
        return "pass"
      }
      if (isConnected && pausedMs >= pauseMs && isEnter(bytes)) {
        this.#missed = 0
        return "goOn"
      }
      this.#missed += keys
      return "dropped"
    }
    this.#unanswered += keys
    return "pass"
  }

  /** The daemon has sent something. */
  answered(): void {
    this.#unanswered = 0
  }

  /** The connection was lost: a daemon that was stopped before it ended has read none of what it had not answered. */
  lost(): void {
    this.#missed += this.#unanswered
    this.#unanswered = 0
  }

  /** Another launch: the line of its agent is empty. */
  forget(): void {
    this.#missed = 0
    this.#unanswered = 0
  }
}

/** Longer than between two keys of a line, or two lines of a paste. */
const pauseMs = 500

const keysIn = (bytes: Uint8Array): number => {
  let keys = 0
  for (let at = 0; at < bytes.length; ) {
    const { bytes: unit, kind } = unitAt(bytes, at)
    if (kind === "pressed") keys += 1
    at += unit.length
  }
  return keys
}

const isInterrupt = (bytes: Uint8Array): boolean => /^(?:\x03|\x1b\[99;5(?::1)?u)$/.test(Buffer.from(bytes).toString("latin1"))
const isEnter = (bytes: Uint8Array): boolean => /^(?:\r|\x1b\[13(?:;1(?::1)?)?u)$/.test(Buffer.from(bytes).toString("latin1"))
