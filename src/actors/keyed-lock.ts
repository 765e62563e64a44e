/** Work under one key happens one piece after the other; work under different keys does not wait for each other. */
import { Effect, RcMap, Scope, Semaphore } from "effect"

/** A key that no work holds or waits for costs nothing. An interruption at any moment, of the holder or of one that waits, frees its place. */
export const makeKeyedLock = Effect.map(RcMap.make({ lookup: (_key: string) => Semaphore.make(1) }), (locks) => {
  const within =
    (key: string) =>
    <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.scopedWith((scope) =>
        Effect.flatMap(Effect.provideService(RcMap.get(locks, key), Scope.Scope, scope), (lock) => lock.withPermits(1)(work))
      )
  return within
})
