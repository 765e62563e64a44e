import { existsSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Effect, Exit, Fiber, Stream } from "effect"
import type { Faults } from "../../../src/infra/log/database.ts"
import * as EventLog from "../../../src/infra/log/event-log.ts"
import { type Decision, EventReader, EventStore } from "../../../src/infra/log/event-store.ts"
import { decision, logPath } from "./decisions.ts"

const everything = { after: 0, limit: 100_000 }
const ioError = () => new Sqlite.SqliteError("disk I/O error", "SQLITE_IOERR_FSYNC")

// The clock of these tests stands still, so that a slow machine does not divide a group that is to fail as one.

/** Each fault fires as often as it is loaded. */
const faulty = () => {
  const loaded = { beforeBegin: 0, beforeCommit: 0, afterCommit: 0, beforeReopen: 0 }
  const fire = (name: keyof typeof loaded) => () => {
    if (loaded[name] === 0) return
    loaded[name] -= 1
    throw ioError()
  }
  const faults: Faults = {
    beforeBegin: fire("beforeBegin"),
    beforeCommit: fire("beforeCommit"),
    afterCommit: fire("afterCommit"),
    beforeReopen: fire("beforeReopen")
  }
  return { faults, loaded }
}

const onFaultyDisk = (test: (loaded: ReturnType<typeof faulty>["loaded"]) => Effect.Effect<void, unknown, EventLog.EventLog>) =>
  Effect.gen(function* () {
    const path = yield* logPath
    const { faults, loaded } = faulty()
    yield* test(loaded).pipe(Effect.provide(EventLog.layer(path, { faults })))
    // Whatever was answered, the file opens soundly without the fault, and its streams are whole.
    const entries = yield* Effect.flatMap(EventReader, (reader) => reader.all(everything)).pipe(
      Effect.provide(EventLog.layer(path), { local: true })
    )
    for (const facts of Map.groupBy(entries, ({ stream }) => stream).values()) {
      assert.deepStrictEqual(
        facts.map(({ seq }) => seq),
        facts.map((_, index) => index + 1)
      )
    }
  }).pipe(Effect.scoped)

const group = (...decisions: ReadonlyArray<Decision>) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    return yield* Effect.forEach(decisions, (made) => Effect.result(store.append(made)), { concurrency: "unbounded" })
  })
const streams = Effect.map(
  Effect.flatMap(EventReader, (reader) => reader.all(everything)),
  (entries) => entries.map(({ stream }) => stream)
)
const answered = { scope: "s", key: "k", requestHash: "h", response: "r" }

describe("a commit that fails", () => {
  it.effect("without having written is reported as absent, and nothing of it is there", () =>
    onFaultyDisk((loaded) =>
      Effect.gen(function* () {
        const store = yield* EventStore
        yield* store.append(decision("a", 0))
        loaded.beforeCommit = 1
        const results = yield* group(
          decision("a", 2),
          decision("b", 0, 2, { idempotency: answered }),
          // Answered from a key that was never durable: neither it nor the conflict may stand.
          decision("c", 0, 2, { idempotency: answered }),
          decision("a", 2, 1, { inputId: "rival" })
        )
        for (const result of results) {
          assert.deepInclude(result._tag === "Failure" ? result.failure : result, {
            _tag: "StoreFailure",
            outcome: "absent",
            code: "SQLITE_IOERR_FSYNC"
          })
        }
        assert.deepStrictEqual(yield* streams, ["a", "a"])
        assert.strictEqual(yield* store.idempotent("s", "k"), null)
        assert.deepStrictEqual(yield* store.append(decision("a", 2)), { seq: 4, position: 4 })
      })
    )
  )

  it.effect("though it wrote is reported as written", () =>
    onFaultyDisk((loaded) =>
      Effect.gen(function* () {
        const store = yield* EventStore
        loaded.afterCommit = 1
        const [a, b, repeat] = yield* group(
          decision("a", 0),
          decision("b", 0, 3, { idempotency: answered }),
          decision("c", 0, 2, { idempotency: answered })
        )
        assert.deepInclude(a, { _tag: "Success", success: { seq: 2, position: 2 } })
        assert.deepInclude(b, { _tag: "Success", success: { seq: 3, position: 5 } })
        assert.deepInclude(repeat?._tag === "Failure" ? repeat.failure : {}, { _tag: "AlreadyDone", response: "r" })
        assert.deepStrictEqual(yield* streams, ["a", "a", "b", "b", "b"])
        assert.deepStrictEqual(yield* store.append(decision("a", 2)), { seq: 4, position: 7 })
      })
    )
  )

  it.effect("and leaves a file that does not open is reported as unknown, until it does", () =>
    onFaultyDisk((loaded) =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const reader = yield* EventReader
        loaded.afterCommit = 1
        loaded.beforeReopen = 2
        const unknown = yield* group(decision("a", 0), decision("b", 0))
        for (const result of unknown) {
          assert.deepInclude(result._tag === "Failure" ? result.failure : result, { _tag: "StoreFailure", outcome: "unknown" })
        }
        assert.deepInclude(yield* Effect.flip(reader.head), { _tag: "StoreFailure" })
        // Never tried, so proven absent.
        assert.deepInclude(yield* Effect.flip(store.append(decision("c", 0))), { _tag: "StoreFailure", outcome: "absent" })
        yield* store.append(decision("d", 0))
        assert.deepStrictEqual(yield* streams, ["a", "a", "b", "b", "d", "d"])
        assert.deepInclude(yield* Effect.flip(store.append(decision("a", 0))), { _tag: "VersionConflict", actual: 2 })
      })
    )
  )

  it.live("and leaves a file that does not open is read again as soon as it opens, without an append", () =>
    onFaultyDisk((loaded) =>
      Effect.gen(function* () {
        const reader = yield* EventReader
        loaded.afterCommit = 1
        loaded.beforeReopen = 2
        yield* group(decision("a", 0))
        assert.deepInclude(yield* Effect.flip(reader.head), { _tag: "StoreFailure" })
        for (let looks = 0; looks < 300 && (yield* Effect.result(reader.head))._tag === "Failure"; looks++) yield* Effect.sleep("20 millis")
        assert.deepStrictEqual(yield* streams, ["a", "a"])
      })
    )
  )

  it.live(
    "and leaves a file that does not open is told to who follows as soon as it opens, whatever becomes of the append that opened it",
    () =>
      onFaultyDisk((loaded) =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const reader = yield* EventReader
          const follower = yield* reader
            .follow({ stream: null, after: 0 })
            .pipe(Stream.take(2), Stream.runCollect, Effect.forkChild({ startImmediately: true }))
          loaded.afterCommit = 1
          loaded.beforeReopen = 1
          assert.deepInclude(yield* Effect.flip(store.append(decision("a", 0))), { outcome: "unknown" })
          loaded.beforeCommit = 1
          assert.deepInclude(yield* Effect.flip(store.append(decision("b", 0))), { outcome: "absent" })
          const seen = yield* Effect.timeout(Fiber.join(follower), "5 seconds")
          assert.deepStrictEqual(
            seen.map(({ stream }) => stream),
            ["a", "a"]
          )
        })
      )
  )

  it.effect("of a checkpoint is reported as unknown, and the next append starts from the file opened again", () =>
    onFaultyDisk((loaded) =>
      Effect.gen(function* () {
        const store = yield* EventStore
        yield* store.append(decision("a", 0))
        loaded.afterCommit = 1
        const checkpoint = { seq: 2, format: 1, state: "{}" }
        assert.deepInclude(yield* Effect.flip(store.saveCheckpoint("a", checkpoint)), { _tag: "StoreFailure", outcome: "unknown" })
        loaded.beforeReopen = 1
        assert.deepInclude(yield* Effect.flip(store.append(decision("a", 2))), { _tag: "StoreFailure", outcome: "absent" })
        assert.deepStrictEqual(yield* store.append(decision("a", 2)), { seq: 4, position: 4 })
        assert.deepStrictEqual(yield* store.checkpoint("a"), checkpoint)
      })
    )
  )

  it.effect("over and over never reports what is not so", () =>
    onFaultyDisk((loaded) =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const reader = yield* EventReader
        const faults = ["beforeBegin", "beforeCommit", "afterCommit"] as const
        let seq = 0
        for (let round = 0; round < 24; round++) {
          loaded[faults[round % 3]!] = 1
          const exit = yield* Effect.exit(store.append(decision("a", seq, 2, { inputId: `round-${round}` })))
          assert.strictEqual(Exit.isSuccess(exit), round % 3 === 2)
          if (Exit.isSuccess(exit)) seq += 2
          assert.strictEqual((yield* reader.stream("a", everything)).length, seq)
        }
        assert.strictEqual(seq, 16)
      })
    )
  )
})

describe("a full disk", () => {
  it.effect("refuses decisions whole, gives its ballast away, and reads on", () =>
    Effect.gen(function* () {
      const path = yield* logPath
      const durable = yield* Effect.gen(function* () {
        const reader = yield* EventReader
        assert.isTrue(existsSync(`${path}.ballast`))
        const written: Array<string> = []
        let full = 0
        for (let n = 0; n < 500 && full === 0; n++) {
          const names = [`s${n}-a`, `s${n}-b`, `s${n}-c`]
          const results = yield* group(...names.map((name) => decision(name, 0, 3)))
          for (const [index, result] of results.entries()) {
            if (result._tag === "Success") written.push(names[index]!)
            else {
              assert.deepInclude(result.failure, { _tag: "StoreFailure", outcome: "absent", code: "SQLITE_FULL" })
              full += 1
            }
          }
        }
        assert.strictEqual(full, 3, "the group was refused as one")
        assert.isFalse(existsSync(`${path}.ballast`))
        assert.deepStrictEqual(
          yield* streams,
          written.flatMap((name) => [name, name, name])
        )
        assert.strictEqual(yield* reader.head, written.length * 3)
        return written
      }).pipe(Effect.provide(EventLog.layer(path, { spare: 8 })))
      yield* Effect.gen(function* () {
        const store = yield* EventStore
        assert.deepStrictEqual(yield* store.append(decision("stop", 0, 1)), { seq: 1, position: durable.length * 3 + 1 })
        assert.isTrue(existsSync(`${path}.ballast`), "laid anew where there is room")
      }).pipe(Effect.provide(EventLog.layer(path)))
    }).pipe(Effect.scoped)
  )
})

describe("a stranger's lock on the file", () => {
  const withStranger = (letGoAfter: number) =>
    Effect.gen(function* () {
      const path = yield* logPath
      let tries = 0
      let stranger: Sqlite.Database | undefined
      const beforeBegin = () => {
        if (stranger === undefined) return
        tries += 1
        if (tries === letGoAfter) stranger.close()
      }
      return yield* Effect.gen(function* () {
        const store = yield* EventStore
        stranger = new Sqlite(path)
        stranger.exec("BEGIN IMMEDIATE")
        const first = yield* Effect.result(store.append(decision("a", 0)))
        const failedTries = tries
        stranger.close()
        return { failedTries, first, second: yield* store.append(decision("b", 0)) }
      }).pipe(Effect.provide(EventLog.layer(path, { faults: { beforeBegin } })))
    }).pipe(Effect.scoped)

  it.effect("is waited for", () =>
    Effect.gen(function* () {
      const { failedTries, first } = yield* withStranger(3)
      assert.deepInclude(first, { _tag: "Success", success: { seq: 2, position: 2 } })
      assert.strictEqual(failedTries, 3)
    })
  )

  it.effect("is not waited for without end", () =>
    Effect.gen(function* () {
      const { failedTries, first, second } = yield* withStranger(1_000)
      assert.deepInclude(first._tag === "Failure" ? first.failure : {}, { _tag: "StoreFailure", outcome: "absent", code: "SQLITE_BUSY" })
      assert.strictEqual(failedTries, 9)
      assert.deepStrictEqual(second, { seq: 2, position: 2 })
    })
  )
})
