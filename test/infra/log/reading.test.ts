import { assert, describe, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Effect, Result } from "effect"
import { decodeFact } from "../../../src/domain/upcast.ts"
import * as EventLog from "../../../src/infra/log/event-log.ts"
import { EventReader, EventStore, type SessionRow } from "../../../src/infra/log/event-store.ts"
import { InputReader } from "../../../src/infra/log/inputs.ts"
import { Upkeep } from "../../../src/infra/log/upkeep.ts"
import { decision, logPath, rowOf } from "./decisions.ts"

const everything = { after: 0, limit: 1_000 }
const inMemory = <A, E>(test: Effect.Effect<A, E, EventLog.EventLog>) => test.pipe(Effect.provide(EventLog.layerMemory, { local: true }))

const session = (id: string, more: Partial<SessionRow> = {}) =>
  Effect.flatMap(EventStore, (store) => store.append(decision(id, 0, 1, { row: rowOf(id, 1, more) })))
const listed = (query: Partial<Parameters<EventReader["Service"]["list"]>[0]>) =>
  Effect.map(
    Effect.flatMap(EventReader, (reader) => reader.list({ limit: 100, ...query })),
    (rows) => rows.map(({ id }) => id)
  )

/** Keys that end a quotation, walk a JSON path, look like SQL, or name something every object has. */
const hostile = [
  `a"b`,
  "a'b",
  "$",
  "a.b",
  "a[0]",
  "a\\b",
  "",
  " ",
  "é",
  "e\u0301",
  "\u2028",
  "\n",
  `"`,
  `') or 1=1 --`,
  "constructor",
  "toString",
  "%",
  "_",
  "🦑"
]

describe("the list", () => {
  it.live("finds exactly the sessions whose labels all match, whatever the keys are called", () =>
    inMemory(
      Effect.gen(function* () {
        yield* Effect.forEach(hostile, (key, n) => session(`k${n}`, { labels: { [key]: `v'"${n}`, shared: "yes", n: String(n % 2) } }))
        yield* session("bare")
        for (const [n, key] of hostile.entries()) {
          assert.deepStrictEqual(yield* listed({ labels: { [key]: `v'"${n}` } }), [`k${n}`], JSON.stringify(key))
          assert.deepStrictEqual(yield* listed({ labels: { [key]: `v'"${n}`, shared: "yes" } }), [`k${n}`])
          assert.deepStrictEqual(yield* listed({ labels: { [key]: "another" } }), [])
        }
        // A value belongs to its own key: none of the others has "yes".
        for (const key of hostile) assert.deepStrictEqual(yield* listed({ labels: { [key]: "yes" } }), [], JSON.stringify(key))
        assert.strictEqual((yield* listed({ labels: { shared: "yes" } })).length, hostile.length)
        assert.deepStrictEqual(
          yield* listed({ labels: { shared: "yes", n: "1" } }),
          hostile.flatMap((_, n) => (n % 2 === 1 ? [`k${n}`] : [])).toSorted()
        )
        assert.strictEqual((yield* listed({})).length, hostile.length + 1)
      })
    )
  )

  it.live("is read page by page in order of creation, also where many were created in one millisecond", () =>
    inMemory(
      Effect.gen(function* () {
        const reader = yield* EventReader
        const ids = Array.from({ length: 25 }, (_, n) => `s${String((n * 7) % 25).padStart(2, "0")}`)
        yield* Effect.forEach(ids, (id, n) => session(id, { createdAt: 1_000 + (n % 3) }))
        const pages: Array<ReadonlyArray<SessionRow>> = []
        let cursor: { createdAt: number; id: string } | undefined
        for (let n = 0; n < 10; n++) {
          const page = yield* reader.list({ limit: 4, ...(cursor && { cursor }) })
          if (page.length === 0) break
          pages.push(page)
          cursor = page.at(-1)!
        }
        const all = pages.flat()
        assert.deepStrictEqual(
          pages.map((page) => page.length),
          [4, 4, 4, 4, 4, 4, 1]
        )
        assert.strictEqual(new Set(all.map(({ id }) => id)).size, 25)
        const sorted = all.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
        assert.deepStrictEqual(all, sorted)
      })
    )
  )

  it.live("filters and counts by state, and knows which sessions start-up has work with", () =>
    inMemory(
      Effect.gen(function* () {
        const reader = yield* EventReader
        const store = yield* EventStore
        yield* Effect.forEach(["a", "b"], (id) => session(id))
        yield* session("c", { state: "ended", live: false })
        yield* store.append(decision("b", 1, 1, { row: rowOf("b", 2, { state: "terminated", live: false }) }))
        assert.deepStrictEqual(yield* reader.counts, { ended: 1, streaming: 1, terminated: 1 })
        assert.deepStrictEqual(yield* listed({ state: ["ended", "terminated"] }), ["b", "c"])
        assert.deepStrictEqual(yield* listed({ state: ["starting"] }), [])
        assert.deepStrictEqual(yield* listed({ state: [] }), [])
        assert.deepStrictEqual(
          (yield* reader.live).map(({ id }) => id),
          ["a"]
        )
        assert.strictEqual(yield* reader.row("nobody"), null)
      })
    )
  )

  it.live("rebuilt from rows is the list that was, and checkpoints can all go", () =>
    inMemory(
      Effect.gen(function* () {
        const store = yield* EventStore
        const reader = yield* EventReader
        const upkeep = yield* Upkeep
        for (let n = 0; n < 12; n++) {
          yield* session(`s${n}`, { labels: { [`k${n}`]: "v" }, live: n % 2 === 0, name: n % 3 === 0 ? null : `n${n}`, createdAt: 50 - n })
          yield* store.saveCheckpoint(`s${n}`, { seq: 1, format: 1, state: "{}" })
        }
        const before = yield* reader.list({ limit: 100 })
        yield* upkeep.rebuildViews([rowOf("stray", 1), rowOf("s3", 77, { createdAt: 3 })])
        assert.deepStrictEqual(
          (yield* reader.list({ limit: 100 })).map(({ id }) => id),
          ["s3", "stray"]
        )
        yield* upkeep.rebuildViews(before.toReversed())
        assert.deepStrictEqual(yield* reader.list({ limit: 100 }), before)
        yield* upkeep.deleteCheckpoints
        assert.strictEqual(yield* store.checkpoint("s1"), null)
        assert.strictEqual((yield* reader.all(everything)).length, 12)
      })
    )
  )
})

describe("a reader", () => {
  it.effect("passes over what is of other types, page by page", () =>
    inMemory(
      Effect.gen(function* () {
        const store = yield* EventStore
        const reader = yield* EventReader
        for (let round = 0; round < 4; round++) yield* store.append(decision("a", round * 3, 3))
        yield* store.append(decision("b", 0, 3))
        const first = yield* reader.ofType("a", "Relaunch", { after: 0, limit: 3 })
        const rest = yield* reader.ofType("a", "Relaunch", { after: first.at(-1)!.seq, limit: 3 })
        assert.deepStrictEqual(
          [...first, ...rest].map(({ seq, type }) => [seq, type]),
          [1, 4, 7, 10].map((seq) => [seq, "RelaunchStarted"])
        )
        assert.deepStrictEqual(yield* reader.ofType("a", "Prompt", everything), [])
      })
    )
  )

  it.live("gets pages from where it stands, by seq in a stream and by position in the log", () =>
    inMemory(
      Effect.gen(function* () {
        const store = yield* EventStore
        const reader = yield* EventReader
        assert.strictEqual(yield* reader.head, 0)
        for (let n = 0; n < 6; n += 2) yield* Effect.all([store.append(decision("a", n)), store.append(decision("b", n))])
        assert.strictEqual(yield* reader.head, 12)
        const places = (entries: ReadonlyArray<{ stream: string; seq: number }>) => entries.map(({ seq, stream }) => `${stream}${seq}`)
        assert.deepStrictEqual(places(yield* reader.stream("b", { after: 1, limit: 3 })), ["b2", "b3", "b4"])
        assert.deepStrictEqual(places(yield* reader.all({ after: 3, limit: 4 })), ["b2", "a3", "a4", "b3"])
        assert.deepStrictEqual(yield* reader.all({ after: 12, limit: 4 }), [])
        const inputs = yield* (yield* InputReader).stream("b", { after: 1, limit: 10 })
        assert.deepStrictEqual(
          inputs.map(({ inputId, seq }) => [inputId, seq]),
          [
            ["b/3", 3],
            ["b/5", 5]
          ]
        )
      })
    )
  )

  it.live("is handed rows it cannot understand as they are, and the rows around them", () =>
    Effect.gen(function* () {
      const path = yield* logPath
      const future = { type: "TelepathyAttempted", schemaVersion: 9, wallMs: 5, data: { to: ["all"] }, stateHash: "00000000000000ff" }
      const resized = {
        type: "Resized",
        schemaVersion: 1,
        wallMs: 5,
        data: { offset: 0, size: { cols: 80, rows: 24 } },
        stateHash: "0000000000000001"
      }
      yield* Effect.gen(function* () {
        const store = yield* EventStore
        yield* store.append(decision("a", 0, 1, { facts: [future] }))
        yield* store.append(decision("b", 0, 1, { facts: [resized] }))
        yield* store.append(decision("c", 0, 1, { facts: [resized] }))
        yield* store.quarantine("a", "unknown type")
        yield* store.quarantine("a", "and again")
      }).pipe(Effect.provide(EventLog.layer(path)))
      const vandal = new Sqlite(path)
      vandal.prepare("update events set data = ? where stream = 'b'").run('{"offset":0,"si')
      vandal.close()
      yield* Effect.gen(function* () {
        const reader = yield* EventReader
        const [a, b, c] = yield* reader.all(everything)
        assert.deepInclude(a, future)
        assert.isTrue(Result.isFailure(decodeFact(a!)))
        assert.isTrue(Result.isFailure(decodeFact(b!)), "damage is seen when the fact is decoded, not before")
        assert.isTrue(Result.isSuccess(decodeFact(c!)))
        const [quarantined, ...others] = yield* reader.quarantined
        assert.deepInclude(quarantined, { stream: "a", reason: "unknown type" })
        assert.isEmpty(others)
      }).pipe(Effect.provide(EventLog.layer(path), { local: true }))
    }).pipe(Effect.scoped)
  )
})
