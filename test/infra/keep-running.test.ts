import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { keepRunning } from "../../src/infra/keep-running.ts"

describe("a background loop", () => {
  it.effect("begins again after each defect, later each time, and soon again after a sound run", () =>
    Effect.gen(function* () {
      const begunAt: Array<number> = []
      const loop = Effect.gen(function* () {
        begunAt.push(yield* Clock.currentTimeMillis)
        if (begunAt.length === 4) yield* Effect.sleep("2 minutes")
        if (begunAt.length === 6) return
        return yield* Effect.die(new Error("a defect"))
      })
      const fiber = yield* Effect.forkChild(keepRunning("the loop")(loop))
      yield* TestClock.adjust("10 minutes")
      yield* Fiber.join(fiber)
      const waits = begunAt.slice(1).map((at, run) => at - begunAt[run]!)
      assert.deepStrictEqual(waits, [1_000, 2_000, 4_000, 120_000 + 1_000, 2_000])
    })
  )

  it.effect("ends when it is interrupted", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(keepRunning("the loop")(Effect.never))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
    })
  )
})
