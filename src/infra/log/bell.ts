/** A doorbell: each listener keeps one ring until it takes it, whatever the other listeners do with theirs. */
import { Effect, Queue, type Scope } from "effect"

export interface Bell {
  readonly ring: () => void
  /** From now on, as long as the scope lives: waits for a ring that was not taken yet. Interrupted when the bell is taken down. */
  readonly listen: Effect.Effect<Effect.Effect<void>, never, Scope.Scope>
}

/** One queue for each listener: a `PubSub` that is full for one of them takes no ring for any (its `publishUnsafe`, Effect 4.1.0). */
export const makeBell: Effect.Effect<Bell, never, Scope.Scope> = Effect.gen(function* () {
  const listeners = new Set<Queue.Queue<void>>()
  const leave = (rings: Queue.Queue<void>) =>
    Effect.suspend(() => {
      listeners.delete(rings)
      return Queue.shutdown(rings)
    })
  yield* Effect.addFinalizer(() => Effect.forEach([...listeners], leave, { discard: true }))
  return {
    ring: () => {
      for (const rings of listeners) Queue.offerUnsafe(rings, undefined)
    },
    listen: Effect.map(
      Effect.acquireRelease(
        Effect.tap(Queue.dropping<void>(1), (rings) => Effect.sync(() => listeners.add(rings))),
        leave
      ),
      Queue.take
    )
  }
})
