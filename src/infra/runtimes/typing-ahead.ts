/** How much may be typed before its answers are here: a key waits for nothing, and a paste for the holder, not in the daemon. */
import { Effect } from "effect"

export class TypingAhead {
  readonly #waiting = new Set<() => void>()
  #unanswered = 0

  /** Returns at once as long as there is room. */
  readonly room: Effect.Effect<void> = Effect.suspend(() =>
    this.isFull
      ? Effect.callback<void>((resume) => {
          const wake = () => resume(Effect.void)
          this.#waiting.add(wake)
          return Effect.sync(() => void this.#waiting.delete(wake))
        })
      : Effect.void
  )

  get isFull(): boolean {
    return this.#unanswered >= aheadBytes
  }

  sent(bytes: number): void {
    this.#unanswered += bytes
  }

  answered(bytes: number): void {
    this.#unanswered -= bytes
    if (this.isFull) return
    const woken = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of woken) wake()
  }
}

/** One frame of an attached client; what is unanswered stays below two of them for each client that types. */
const aheadBytes = 65_536
