/** Whether one more session may live: counted at once, so that a burst of creates cannot pass the limit together. */
import { Effect } from "effect"
import { mayRun } from "../domain/session.ts"
import { OverCapacity } from "./sessions.ts"

export interface Admission {
  /** Holds a place until the session is known as live or the effect ends. */
  readonly admit: <A, E, R>(id: string, effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | OverCapacity, R>
  readonly observe: (id: string, state: string) => void
  readonly live: () => number
}

export const makeAdmission = (maximum: number): Admission => {
  const live = new Set<string>()
  const reserved = new Set<string>()
  return {
    admit: <A, E, R>(id: string, effect: Effect.Effect<A, E, R>) =>
      Effect.acquireUseRelease(
        Effect.suspend(() => {
          if (live.has(id)) return Effect.succeed(false)
          if (live.size + reserved.size >= maximum) return Effect.fail(new OverCapacity({ limit: "live_sessions", maximum }))
          reserved.add(id)
          return Effect.succeed(true)
        }),
        () => effect,
        (isReserved) => Effect.sync(() => isReserved && reserved.delete(id))
      ),
    observe: (id, state) => {
      reserved.delete(id)
      if (mayRun(state)) live.add(id)
      else live.delete(id)
    },
    live: () => live.size
  }
}
