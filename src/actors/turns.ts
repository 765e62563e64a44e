/** Work on one thing happens one piece after the other; work on different things does not wait for each other. */
import { Deferred, Effect, Exit } from "effect"

/** `take(key, work)` runs `work` once nobody else is at `key`. A key that nobody is at costs nothing. */
export const makeTurns = () => {
  const taken = new Map<string, Deferred.Deferred<void>>()
  const take = <A, E, R>(key: string, work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const before = taken.get(key)
      if (before !== undefined) return Effect.andThen(Deferred.await(before), take(key, work))
      const mine = Deferred.makeUnsafe<void>()
      taken.set(key, mine)
      return Effect.ensuring(
        work,
        Effect.sync(() => {
          taken.delete(key)
          Deferred.doneUnsafe(mine, Exit.void)
        })
      )
    })
  return take
}
