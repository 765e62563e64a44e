import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, References } from "effect"
import { makeAdmission } from "../../src/actors/admission.ts"
import { makeKeyedLock } from "../../src/actors/keyed-lock.ts"

/** Where an interruption strikes: a fiber yields after so many operations, begins its work after some, and goes on for so many yields. */
const places = [3, 4, 5, 6].flatMap((operations) =>
  [0, 1, 2, 3].flatMap((before) => Array.from({ length: 12 }, (_, yields) => ({ operations, before, yields })))
)

const interruptedAt = ({ before, operations, yields }: (typeof places)[number], work: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    const later = Array.from({ length: before }).reduce<typeof work>((then) => Effect.suspend(() => then), work)
    const fiber = yield* Effect.forkChild(Effect.provideService(later, References.MaxOpsBeforeYield, operations))
    for (let step = 0; step < yields; step++) yield* Effect.yieldNow
    yield* Fiber.interrupt(fiber)
  })

describe("an interruption", () => {
  it.effect("gives the place of a session back, wherever it strikes", () =>
    Effect.gen(function* () {
      for (const place of places) {
        const admission = makeAdmission(1)
        yield* interruptedAt(place, admission.admit("s-1", Effect.never))
        yield* admission.admit("s-2", Effect.void)
      }
    })
  )

  it.effect("gives a keyed lock back, wherever it strikes the holder or one that waits", () =>
    Effect.gen(function* () {
      const within = yield* makeKeyedLock
      for (const place of places) {
        yield* interruptedAt(place, within("key")(Effect.never))
        yield* within("key")(Effect.void)
        const release = yield* Deferred.make<void>()
        const holder = yield* Effect.forkChild(within("key")(Deferred.await(release)), { startImmediately: true })
        yield* interruptedAt(place, within("key")(Effect.never))
        yield* Deferred.succeed(release, undefined)
        yield* Fiber.join(holder)
        yield* within("key")(Effect.void)
      }
    })
  )

  it.effect("leaves work under one key in its order, and work under others alone", () =>
    Effect.gen(function* () {
      const within = yield* makeKeyedLock
      const done: Array<string> = []
      const release = yield* Deferred.make<void>()
      const first = yield* Effect.forkChild(within("a")(Deferred.await(release).pipe(Effect.andThen(Effect.sync(() => done.push("a1"))))), {
        startImmediately: true
      })
      const second = yield* Effect.forkChild(within("a")(Effect.sync(() => done.push("a2"))), { startImmediately: true })
      yield* within("b")(Effect.sync(() => done.push("b")))
      yield* Deferred.succeed(release, undefined)
      yield* Effect.all([Fiber.join(first), Fiber.join(second)])
      assert.deepStrictEqual(done, ["b", "a1", "a2"])
    })
  )
})
