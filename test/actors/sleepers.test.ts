/** What a start leaves in the log, and when it is taken up. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { sleepersAmong, wakeWhenDue } from "../../src/actors/sleepers.ts"
import { BootClock } from "../../src/infra/boot-clock.ts"
import type { SessionRow } from "../../src/infra/log/event-store.ts"
import { rowOf } from "../infra/log/decisions.ts"

const ended = (id: string, more: Partial<SessionRow> = {}): SessionRow =>
  rowOf(id, 9, { state: "ended", view: { clients: 0 }, due: { bootId: "boot-test", bootMs: 5_000 }, ...more })

describe("a session that waits for a deadline", () => {
  it.effect("sleeps where it has no process, no client and a deadline ahead on this boot's clock, and nowhere else", () =>
    Effect.gen(function* () {
      const { due: _, ...without } = ended("s-none")
      const rows = [
        ended("s-sleeps"),
        ended("s-due", { due: { bootId: "boot-test", bootMs: 0 } }),
        ended("s-other-boot", { due: { bootId: "boot-before", bootMs: 5_000 } }),
        ended("s-watched", { view: { clients: 1 } }),
        ended("s-streaming", { state: "streaming" }),
        without
      ]
      assert.deepStrictEqual(yield* sleepersAmong(rows), [{ id: "s-sleeps", dueMs: 5_000 }])
    }).pipe(Effect.provide(BootClock.layerTest))
  )

  it.effect("is taken up when its deadline is due, the earliest first, and not before", () =>
    Effect.gen(function* () {
      const taken: Array<string> = []
      const takeUp = (id: string) => Effect.sync(() => void taken.push(id)).pipe(Effect.as("resting" as const), Effect.forkChild)
      const sleepers = [
        { id: "s-3", dueMs: 7_200_000 },
        { id: "s-1", dueMs: 5_000 },
        { id: "s-2", dueMs: 5_000 }
      ]
      const waking = yield* Effect.forkChild(wakeWhenDue(sleepers, { takeUp }))
      yield* TestClock.adjust(4_990)
      assert.deepStrictEqual(taken, [])
      yield* TestClock.adjust(20)
      assert.sameMembers(taken, ["s-1", "s-2"])
      yield* TestClock.adjust("3 hours")
      yield* Fiber.join(waking)
      assert.strictEqual(taken.at(-1), "s-3")
      assert.lengthOf(taken, 3)
    }).pipe(Effect.provide(BootClock.layerTest))
  )
})
