import { existsSync, readdirSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Exit, Fiber, Layer, Metric } from "effect"
import { limits } from "../../../src/domain/limits.ts"
import * as EventLog from "../../../src/infra/log/event-log.ts"
import { EventReader, EventStore } from "../../../src/infra/log/event-store.ts"
import { InputReader } from "../../../src/infra/log/inputs.ts"
import { commitMs, commits, factsAppended } from "../../../src/infra/log/log-metrics.ts"
import { decision, logPath, rowOf } from "./decisions.ts"

const everything = { after: 0, limit: 100_000 }
const inFile = <A, E>(test: Effect.Effect<A, E, EventLog.EventLog>) =>
  Effect.gen(function* () {
    const path = yield* logPath
    return yield* test.pipe(Effect.provide(EventLog.layer(path)))
  }).pipe(Effect.scoped)

describe("an append", () => {
  it.live("is read back as it was written, facts, input, row and checkpoint together", () =>
    inFile(
      Effect.gen(function* () {
        const store = yield* EventStore
        const reader = yield* EventReader
        const created = decision("a", 0, 3, { checkpoint: { seq: 3, format: 1, state: '{"x":1}' } })
        assert.deepStrictEqual(yield* store.append(created), { seq: 3, position: 3 })
        const entries = yield* reader.stream("a", everything)
        assert.deepStrictEqual(
          entries.map(({ eventId, position, seq }) => ({ eventId, position, seq })),
          [1, 2, 3].map((n) => ({ eventId: `a/1.${n}`, position: n, seq: n }))
        )
        const { actor, bootId, bootMs, data, inputId, schemaVersion, stateHash, type, wallMs, writerEpoch } = entries[1]!
        assert.deepStrictEqual(
          { actor, bootId, bootMs, inputId, writerEpoch },
          { actor: "api", bootId: created.moment.bootId, bootMs: 5_000, inputId: "a/1", writerEpoch: store.epoch }
        )
        assert.deepStrictEqual({ data, schemaVersion, stateHash, type, wallMs }, created.facts[1])
        assert.deepStrictEqual(yield* reader.row("a"), created.row)
        assert.deepStrictEqual(yield* store.checkpoint("a"), created.checkpoint)
        const [input] = yield* (yield* InputReader).stream("a", everything)
        assert.deepStrictEqual(input?.input, created.input)
        assert.deepStrictEqual(input?.moment, created.moment)
      })
    )
  )

  it.live("at another version than the stream's writes nothing, and hinders no other in its group", () =>
    inFile(
      Effect.gen(function* () {
        const store = yield* EventStore
        const reader = yield* EventReader
        yield* store.append(decision("a", 0))
        const [low, high, other] = yield* Effect.all(
          [
            Effect.flip(store.append(decision("a", 0, 1, { inputId: "again" }))),
            Effect.flip(store.append(decision("a", 7))),
            store.append(decision("b", 0))
          ],
          { concurrency: "unbounded" }
        )
        assert.deepInclude(low, { _tag: "VersionConflict", expected: 0, actual: 2 })
        assert.deepInclude(high, { _tag: "VersionConflict", expected: 7, actual: 2 })
        assert.deepStrictEqual(other, { seq: 2, position: 4 })
        assert.strictEqual((yield* reader.all(everything)).length, 4)
        assert.strictEqual((yield* reader.row("a"))?.seq, 2)
      })
    )
  )

  it.live("that the tables refuse is answered alone; its group is written without it", () =>
    inFile(
      Effect.gen(function* () {
        const store = yield* EventStore
        const reader = yield* EventReader
        const results = yield* Effect.all(
          [
            Effect.exit(store.append(decision("a", 0))),
            Effect.exit(store.append(decision("b", 0, 2, { inputId: "a/1" }))),
            Effect.exit(store.append(decision("c", 0, 2, { generation: 0.5 }))),
            Effect.exit(store.append(decision("d", 0)))
          ],
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(results.map(Exit.isSuccess), [true, false, false, true])
        const failure = yield* Effect.flip(store.append(decision("e", 0, 1, { inputId: "a/1" })))
        assert.deepInclude(failure, { _tag: "StoreFailure", outcome: "absent", code: "SQLITE_CONSTRAINT_UNIQUE" })
        assert.deepStrictEqual(
          (yield* reader.all(everything)).map(({ stream }) => stream),
          ["a", "a", "d", "d"]
        )
        assert.deepStrictEqual(
          (yield* reader.list({ limit: 10 })).map(({ id }) => id),
          ["a", "d"]
        )
        assert.deepStrictEqual(
          (yield* reader.all(everything)).map(({ position }) => position),
          [1, 2, 3, 4]
        )
      })
    )
  )

  it.live("that contradicts itself is a bug, reported at once", () =>
    inFile(
      Effect.gen(function* () {
        const store = yield* EventStore
        for (const broken of [{ facts: [] }, { row: rowOf("a", 9) }, { row: rowOf("b", 2) }]) {
          const exit = yield* Effect.exit(store.append(decision("a", 0, 2, broken)))
          assert.isTrue(Exit.hasDies(exit))
        }
        assert.strictEqual(yield* (yield* EventReader).head, 0)
      })
    )
  )

  // Under a clock that stands still, so that only the count bounds a group.
  it.effect("shares its transaction with everything that waits", () =>
    Effect.gen(function* () {
      const path = yield* logPath
      let transactions = 0
      const beforeBegin = () => {
        transactions += 1
      }
      yield* Effect.gen(function* () {
        const store = yield* EventStore
        transactions = 0
        const results = yield* Effect.forEach(
          Array.from({ length: 300 }, (_, n) => `s${n}`),
          (stream) => store.append(decision(stream, 0)),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(transactions, 1)
        assert.deepStrictEqual(
          results.map(({ position }) => position).toSorted((a, b) => a - b),
          Array.from({ length: 300 }, (_, n) => 2 * n + 2)
        )
        yield* Effect.forEach(results, (_, n) => store.append(decision(`t${n}`, 0)), { concurrency: 1 })
        assert.strictEqual(transactions, 301)
      }).pipe(Effect.provide(EventLog.layer(path, { faults: { beforeBegin } })))
    }).pipe(Effect.scoped)
  )

  it.live("is counted once it is durable", () =>
    inFile(
      Effect.gen(function* () {
        const store = yield* EventStore
        const before = yield* Effect.all([Metric.value(commits), Metric.value(factsAppended), Metric.value(commitMs)])
        yield* store.append(decision("a", 0, 3))
        yield* Effect.flip(store.append(decision("a", 0, 3, { inputId: "late" })))
        const after = yield* Effect.all([Metric.value(commits), Metric.value(factsAppended), Metric.value(commitMs)])
        assert.deepStrictEqual(
          after.map(({ count }, index) => Number(count) - Number(before[index]!.count)),
          [1, 3, 1]
        )
      })
    )
  )

  it.live("whose caller is interrupted is written once, or was never asked for", () =>
    inFile(
      Effect.gen(function* () {
        const store = yield* EventStore
        const fibers = yield* Effect.forEach(Array.from({ length: 50 }), (_, n) =>
          Effect.forkChild(store.append(decision(`s${n}`, 0)), { startImmediately: true })
        )
        yield* Effect.forEach(fibers, Fiber.interrupt, { concurrency: "unbounded" })
        const entries = yield* (yield* EventReader).all(everything)
        assert.strictEqual(entries.length, 100)
        assert.strictEqual(new Set(entries.map(({ eventId }) => eventId)).size, 100)
        yield* Effect.forEach(Array.from({ length: 50 }), (_, n) => store.append(decision(`s${n}`, 2)))
      })
    )
  )

  it.effect("with a key is written once, however many ask at once", () =>
    inFile(
      Effect.gen(function* () {
        const store = yield* EventStore
        const key = { scope: "create", key: "k-1", requestHash: "h" }
        const race = (round: number) =>
          Effect.forEach(
            Array.from({ length: 50 }),
            (_, n) =>
              Effect.result(
                store.append(decision(`s${round}-${n}`, 0, 2, { idempotency: { ...key, response: `{"winner":"${round}-${n}"}` } }))
              ),
            { concurrency: "unbounded" }
          )
        const first = yield* race(1)
        assert.strictEqual(first.filter(({ _tag }) => _tag === "Success").length, 1)
        const answers = [...first, ...(yield* race(2))].flatMap((result) => (result._tag === "Failure" ? [result.failure] : []))
        assert.strictEqual(answers.length, 99)
        const stored = yield* store.idempotent("create", "k-1")
        for (const answer of answers) {
          assert.deepInclude(answer, { _tag: "AlreadyDone", requestHash: "h", response: stored!.response })
        }
        assert.strictEqual((yield* (yield* EventReader).all(everything)).length, 2)
        assert.strictEqual(yield* store.idempotent("create", "another"), null)
      })
    )
  )
})

describe("a log that is closed", () => {
  it.live("answers what waited, refuses what comes later, and keeps both promises in the file", () =>
    Effect.gen(function* () {
      const path = yield* logPath
      const waiting = yield* Effect.gen(function* () {
        const store = yield* EventStore
        const fiber = yield* Effect.forkDetach(store.append(decision("a", 0)), { startImmediately: true })
        return { fiber, store }
      }).pipe(Effect.provide(EventLog.layer(path)))
      assert.deepStrictEqual(yield* Fiber.join(waiting.fiber), { seq: 2, position: 2 })
      assert.deepInclude(yield* Effect.flip(waiting.store.append(decision("b", 0))), { code: "CLOSED", outcome: "absent" })
      const entries = yield* Effect.flatMap(EventReader, (reader) => reader.all(everything)).pipe(Effect.provide(EventLog.layer(path)))
      assert.deepStrictEqual(
        entries.map(({ stream }) => stream),
        ["a", "a"]
      )
    }).pipe(Effect.scoped)
  )

  it.live("keeps its files to its user", () =>
    Effect.gen(function* () {
      const path = join(yield* Effect.map(logPath, dirname), "home", "log.db")
      yield* Effect.gen(function* () {
        yield* (yield* EventStore).append(decision("a", 0))
        const files = readdirSync(dirname(path))
        assert.includeMembers(files, ["log.db", "log.db-wal", "log.db-shm", "log.db.lock", "log.db.ballast"])
        for (const file of files) assert.strictEqual((statSync(join(dirname(path), file)).mode & 0o777).toString(8), "600", file)
        assert.strictEqual(statSync(dirname(path)).mode & 0o777, 0o700)
      }).pipe(Effect.provide(EventLog.layer(path)))
      assert.isTrue(existsSync(path))
    }).pipe(Effect.scoped)
  )
})

describe("a key", () => {
  it.live("is forgotten a week after it was used, when the log is opened again", () =>
    Effect.gen(function* () {
      const path = yield* logPath
      const now = yield* Clock.currentTimeMillis
      const week = 7 * 86_400_000
      const used = (stream: string, wallMs: number) => {
        const made = decision(stream, 0)
        return { ...made, moment: { ...made.moment, wallMs }, idempotency: { scope: "s", key: stream, requestHash: "h", response: "r" } }
      }
      yield* Effect.flatMap(EventStore, (store) =>
        Effect.all([store.append(used("old", now - week - 1)), store.append(used("young", now - week + 60_000))])
      ).pipe(Effect.provide(EventLog.layer(path)))
      const store = yield* Effect.map(Layer.build(Layer.fresh(EventLog.layer(path))), Context.get(EventStore))
      assert.strictEqual(yield* store.idempotent("s", "old"), null)
      assert.strictEqual((yield* store.idempotent("s", "young"))?.response, "r")
      assert.strictEqual(store.epoch, 2)
    }).pipe(Effect.scoped)
  )

  it.live("is new a week after it was used, while the log stays open", () =>
    Effect.gen(function* () {
      const store = yield* EventStore
      const now = yield* Clock.currentTimeMillis
      const used = (stream: string, wallMs: number, response: string) => {
        const made = decision(stream, 0)
        return { ...made, moment: { ...made.moment, wallMs }, idempotency: { scope: "s", key: "k", requestHash: response, response } }
      }
      yield* store.append(used("first", now - limits.idempotencyMs - 1_000, "old"))
      assert.strictEqual(yield* store.idempotent("s", "k"), null)
      yield* store.append(used("second", now, "new"))
      assert.strictEqual((yield* store.idempotent("s", "k"))?.response, "new")
      assert.deepInclude(yield* Effect.flip(store.append(used("third", now, "newer"))), { _tag: "AlreadyDone", response: "new" })
    }).pipe(Effect.provide(EventLog.layerMemory), Effect.scoped)
  )
})
