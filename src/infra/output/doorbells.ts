/** Says that there is more, never what: a ring without a listener costs nothing, since the truth is in the files. */
import { Effect } from "effect"

export class Doorbells {
  readonly #bells = new Map<string, Bell>()

  ring(session: string, offset: number): void {
    const bell = this.#bellOf(session)
    if (offset <= bell.newest) return
    bell.newest = offset
    for (const [wake, beyond] of bell.waiting) {
      if (offset <= beyond) continue
      bell.waiting.delete(wake)
      wake()
    }
  }

  newest(session: string): number {
    return this.#bells.get(session)?.newest ?? 0
  }

  /** Of every session that printed while this daemon ran. */
  all(): ReadonlyArray<readonly [session: string, newest: number]> {
    return [...this.#bells].map(([session, { newest }]) => [session, newest])
  }

  /** Resolves when an offset greater than this one was rung, also when that was before. */
  awaitBeyond(session: string, offset: number): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      const bell = this.#bellOf(session)
      if (bell.newest > offset) return resume(Effect.void)
      const wake = () => resume(Effect.void)
      bell.waiting.set(wake, offset)
      return Effect.sync(() => {
        bell.waiting.delete(wake)
        // A session that never rang and is not listened to leaves nothing behind.
        if (bell.waiting.size === 0 && bell.newest === 0) this.#bells.delete(session)
      })
    })
  }

  #bellOf(session: string): Bell {
    let bell = this.#bells.get(session)
    if (bell === undefined) {
      bell = { newest: 0, waiting: new Map() }
      this.#bells.set(session, bell)
    }
    return bell
  }
}

interface Bell {
  newest: number
  /** With the offset each one has already. */
  readonly waiting: Map<() => void, number>
}
