/** Background loops that live as long as their scope: a defect ends one run of a loop, not what the loop is for. */
import { Cause, Clock, Effect, Exit } from "effect"

const firstWaitMs = 1_000
const longestWaitMs = 60_000
/** A run that went on for so long was sound: the next wait is the first again. */
const steadyMs = 60_000

/** Ends where the loop ends by itself, or with an interruption. Each other end is logged, and the loop begins again after a while. */
export const keepRunning =
  (name: string) =>
  <E, R>(loop: Effect.Effect<unknown, E, R>): Effect.Effect<void, never, R> =>
    Effect.gen(function* () {
      for (let tries = 0; ; tries++) {
        const begunAt = yield* Clock.currentTimeMillis
        const exit = yield* Effect.exit(loop)
        if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return
        if ((yield* Clock.currentTimeMillis) - begunAt >= steadyMs) tries = 0
        const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** tries)
        yield* Effect.logError(`${name} failed and begins again in ${waitMs / 1_000} s`, exit.cause)
        yield* Effect.sleep(waitMs)
      }
    })
