import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as EventLog from "../../../src/infra/log/event-log.ts"
import { type Entry, EventReader, EventStore } from "../../../src/infra/log/event-store.ts"
import { InputReader } from "../../../src/infra/log/inputs.ts"
import { decision, logPath } from "./decisions.ts"
import { appending, type Line } from "./process.ts"

const everything = { after: 0, limit: 100_000 }

/** Whatever was killed: what was acknowledged is there, each decision is whole or absent, nothing is numbered twice. */
const holds = Effect.fnUntraced(function* (acknowledged: ReadonlyArray<Line>) {
  const reader = yield* EventReader
  const store = yield* EventStore
  const inputs = yield* InputReader
  const entries = (yield* reader.all(everything)).filter(({ stream }) => !stream.startsWith("after-"))
  const byDecision = Map.groupBy(entries, ({ inputId }) => inputId)
  for (const { inputId, position, seq } of acknowledged) {
    assert.deepInclude(byDecision.get(inputId)?.at(-1), { position, seq }, `${inputId} was acknowledged`)
  }
  for (const [stream, facts] of Map.groupBy(entries, (entry: Entry) => entry.stream)) {
    assert.deepStrictEqual(
      facts.map(({ seq }) => seq),
      facts.map((_, index) => index + 1)
    )
    assert.strictEqual((yield* reader.row(stream))?.seq, facts.length)
    assert.deepStrictEqual(yield* store.checkpoint(stream), { seq: facts.length, format: 1, state: stream })
    const recorded = yield* inputs.stream(stream, everything)
    assert.deepStrictEqual(
      recorded.map(({ inputId, seq }) => ({ inputId, seq })),
      facts.filter((_, n) => n % 3 === 0).map(({ inputId, seq }) => ({ inputId, seq }))
    )
  }
  for (const [inputId, facts] of byDecision) {
    assert.strictEqual(facts.length, 3, inputId)
    assert.strictEqual(facts[2]!.position - facts[0]!.position, 2, "a decision's facts stand together")
    assert.strictEqual((yield* store.idempotent("test", inputId))?.response, facts[0]!.stream)
  }
  for (let n = 1; n < entries.length; n++) assert.isAbove(entries[n]!.position, entries[n - 1]!.position)
  const { position } = yield* store.append(decision(`after-${store.epoch}`, 0, 1))
  assert.isAbove(position, entries.at(-1)?.position ?? 0)
  for (const line of acknowledged) assert.isAbove(position, line.position, "a position is never used again")
  return entries.length
})

describe("a log whose process is killed", () => {
  const points = ["append.before_begin", "append.after_insert", "append.before_commit", "append.after_commit"]
  for (const point of points) {
    it.live(
      `at ${point} has all that was acknowledged and nothing half`,
      () =>
        Effect.gen(function* () {
          const path = yield* logPath
          const acknowledged: Array<Line> = []
          let present = 0
          for (const pass of [1, 4, 13]) {
            const { how, lines } = yield* Effect.flatMap(appending(path, "append", `${point}:${pass}`), (child) => child.ended)
            assert.strictEqual(how, "SIGKILL")
            acknowledged.push(...lines)
            const found = yield* holds(acknowledged).pipe(Effect.provide(EventLog.layer(path)))
            assert.isAtLeast(found, present)
            present = found
          }
          assert.isNotEmpty(acknowledged)
          // Died between the commit and the word of it: there, though no caller has the answer.
          if (point === "append.after_commit") assert.isAbove(present, acknowledged.length * 3)
        }).pipe(Effect.scoped),
      30_000
    )
  }

  it.live(
    "while its tables are made opens as if never touched",
    () =>
      Effect.gen(function* () {
        const path = yield* logPath
        for (const step of [1, 5, 10]) {
          const { how } = yield* Effect.flatMap(appending(path, "append", `migration.step:${step}`), (child) => child.ended)
          assert.strictEqual(how, "SIGKILL")
        }
        const { how, lines } = yield* Effect.flatMap(appending(path, "append"), (child) => child.ended)
        assert.deepStrictEqual({ how, acknowledged: lines.length }, { how: "0", acknowledged: 100 })
        yield* holds(lines).pipe(Effect.provide(EventLog.layer(path)))
      }).pipe(Effect.scoped),
    30_000
  )
})

describe("a second daemon", () => {
  it.live(
    "is told at once that one is running, and starts as soon as that one was killed",
    () =>
      Effect.gen(function* () {
        const path = yield* logPath
        const first = yield* appending(path, "hold")
        assert.deepInclude(yield* first.first, { epoch: 1 })
        const second = yield* Effect.flatMap(appending(path, "append"), (child) => child.ended)
        assert.deepInclude(second.lines[0], { error: "AlreadyRunning" })
        const here = yield* Effect.flip(Effect.asVoid(EventStore).pipe(Effect.provide(EventLog.layer(path))))
        assert.deepInclude(here, { _tag: "AlreadyRunning", lock: `${path}.lock` })
        yield* first.kill
        yield* first.ended
        const store = yield* EventStore.pipe(Effect.provide(EventLog.layer(path)))
        assert.strictEqual(store.epoch, 2)
      }).pipe(Effect.scoped),
    30_000
  )

  it.live("that came past the lock fences the first, whose every write is refused", () =>
    Effect.gen(function* () {
      const path = yield* logPath
      yield* Effect.gen(function* () {
        const first = yield* EventStore
        yield* first.append(decision("a", 0))
        yield* Effect.gen(function* () {
          const second = yield* EventStore
          assert.strictEqual(second.epoch, first.epoch + 1)
          const fenced = yield* Effect.forEach([decision("a", 2), decision("b", 0)], (late) => Effect.flip(first.append(late)), {
            concurrency: "unbounded"
          })
          for (const error of fenced) assert.deepInclude(error, { _tag: "EpochFenced", ours: 1, current: 2 })
          const failure = yield* Effect.flip(first.saveCheckpoint("a", { seq: 2, format: 1, state: "{}" }))
          assert.deepInclude(failure, { code: "EPOCH_FENCED", outcome: "absent" })
          yield* second.append(decision("a", 2))
          assert.deepInclude(yield* Effect.flip(first.append(decision("a", 4))), { _tag: "EpochFenced" })
          const entries = yield* (yield* EventReader).all(everything)
          assert.deepStrictEqual(
            entries.map(({ seq, writerEpoch }) => [seq, writerEpoch]),
            [
              [1, 1],
              [2, 1],
              [3, 2],
              [4, 2]
            ]
          )
        }).pipe(Effect.provide(EventLog.layer(path, { withoutLock: true }), { local: true }))
      }).pipe(Effect.provide(EventLog.layer(path)))
    }).pipe(Effect.scoped)
  )
})
