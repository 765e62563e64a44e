/** Wakes the fibers that wait for a session to learn something. */
import { Deferred, Effect, Exit } from "effect"

export interface News {
  /** Returns when something was learnt after it was called. */
  readonly next: Effect.Effect<void>
}

export const makeNews = (): News & { readonly publish: () => void } => {
  let waiting: Deferred.Deferred<void> | null = null
  return {
    next: Effect.suspend(() => {
      waiting ??= Deferred.makeUnsafe<void>()
      return Deferred.await(waiting)
    }),
    publish: () => {
      if (waiting === null) return
      Deferred.doneUnsafe(waiting, Exit.void)
      waiting = null
    }
  }
}
