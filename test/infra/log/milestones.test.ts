import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { limits } from "../../../src/domain/limits.ts"
import { layer } from "../../../src/infra/log/event-log.ts"
import { type Decision, EventStore } from "../../../src/infra/log/event-store.ts"
import { Milestones } from "../../../src/infra/log/milestones.ts"
import { decision, logPath } from "./decisions.ts"

const stream = "s-1"
const format = 7

/** A log of so many facts with a checkpoint every 32 of them, whose clock is set forward and back as `timeOf` says. */
const written = Effect.fnUntraced(function* (facts: number, timeOf: (seq: number) => number) {
  const store = yield* EventStore
  for (let expected = 0; expected < facts; expected += 2) {
    const plain = decision(stream, expected)
    const told: Decision["facts"] = plain.facts.map((fact, index) => ({ ...fact, wallMs: timeOf(expected + index + 1) }))
    const seq = expected + 2
    const state = `state ${seq}`
    yield* store.append({ ...plain, facts: told, ...(seq % 32 === 0 ? { checkpoint: { seq, format, state } } : {}) })
  }
})

describe("the checkpoints of a stream's past", () => {
  it.live("are one in each run of facts, so that none is far from any fact", () =>
    Effect.gen(function* () {
      const path = yield* logPath
      yield* Effect.gen(function* () {
        yield* written(3_000, (seq) => seq)
        const milestones = yield* Milestones
        for (let seq = 1; seq <= 3_000; seq += 7) {
          const found = yield* milestones.nearest(stream, seq, format)
          assert.isAtMost(seq - (found?.seq ?? 0), limits.factsPerMilestone + limits.factsPerCheckpoint)
          if (found !== null) assert.deepStrictEqual([found.state, found.seq <= seq], [`state ${found.seq}`, true])
        }
        assert.isNull(yield* milestones.nearest(stream, 3_000, format + 1), "of another format there is none")
        assert.isNull(yield* milestones.nearest("s-2", 3_000, format))
        yield* milestones.keep(stream, [{ seq: 1_000, format: format + 1, state: "newer" }])
        assert.strictEqual((yield* milestones.nearest(stream, 3_000, format + 1))?.state, "newer")
      }).pipe(Effect.provide(layer(path)))
    }).pipe(Effect.scoped)
  )

  it.live("find the newest fact that had happened by a time, however the clock was set", () =>
    Effect.gen(function* () {
      const path = yield* logPath
      yield* Effect.gen(function* () {
        // An hour of a clock that ran a year ahead, another in which it ran a day behind, and words that came hours late.
        const timeOf = (seq: number) =>
          seq * 1_000 +
          (seq > 400 && seq < 460 ? 31_536_000_000 : seq > 900 && seq < 960 ? -500_000 : seq % 97 === 0 ? -200_000 : 0) +
          600_000
        yield* written(1_400, timeOf)
        const milestones = yield* Milestones
        const times = Array.from({ length: 1_400 }, (_, index) => timeOf(index + 1))
        for (const at of [0, ...times.filter((_, index) => index % 13 === 0), ...times.map((time) => time + 1).slice(395, 405), 9e12]) {
          const expected = times.findLastIndex((time) => time <= at) + 1
          assert.strictEqual(yield* milestones.seqAt(stream, at), expected === 0 ? null : expected, `at ${at}`)
        }
        // Replaced by those of a newer format, elsewhere in their runs.
        yield* milestones.keep(
          stream,
          [3, 130, 260, 520, 1_020, 1_270].map((seq) => ({ seq, format: format + 1, state: "" }))
        )
        for (const at of times.filter((_, index) => index % 11 === 0)) {
          assert.strictEqual(yield* milestones.seqAt(stream, at), times.findLastIndex((time) => time <= at) + 1, `then, at ${at}`)
        }
      }).pipe(Effect.provide(layer(path)))
    }).pipe(Effect.scoped)
  )
})
