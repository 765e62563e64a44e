import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { limits } from "../../src/domain/limits.ts"
import { Tickets } from "../../src/http/tickets.ts"
import { BootClock } from "../../src/infra/boot-clock.ts"

const year = 31_536_000_000

/** The test clock is the wall clock here; the boot clock stands beside it. */
const apart = () => {
  const since = { bootMs: 1_000 }
  const clock = Layer.effect(
    BootClock,
    Effect.map(BootClock, (real) => ({ ...real, bootMs: Effect.sync(() => since.bootMs) }))
  ).pipe(Layer.provide(BootClock.layerTest))
  return { since, layer: Tickets.layer.pipe(Layer.provide(clock)) }
}

describe("a ticket", () => {
  it.effect("stays good when the wall clock steps forward, and ends in time when it steps back", () => {
    const { layer, since } = apart()
    return Effect.gen(function* () {
      const tickets = yield* Tickets
      yield* TestClock.setTime(year)
      const early = yield* tickets.issue("s-a", "control")
      assert.strictEqual(early.expiresAt, (yield* Clock.currentTimeMillis) + limits.attachTicketMs)
      yield* TestClock.setTime(2 * year)
      assert.strictEqual(yield* tickets.redeem(early.ticket, "s-a"), "control")
      const late = yield* tickets.issue("s-a", "control")
      yield* TestClock.setTime(year)
      since.bootMs += limits.attachTicketMs
      assert.isNull(yield* tickets.redeem(late.ticket, "s-a"))
    }).pipe(Effect.provide(layer))
  })
})
