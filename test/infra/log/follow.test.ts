import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Ref, Schema, Stream } from "effect"
import * as EventLog from "../../../src/infra/log/event-log.ts"
import { type Entry, EventReader, EventStore } from "../../../src/infra/log/event-store.ts"
import { decision, logPath } from "./decisions.ts"

/** A small generator of its own (mulberry32), so that a failing seed repeats. */
const chance = (seed: number) => {
  let state = seed
  return (below: number) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

const names = ["a", "b", "c", "d"]

/** Appends decisions of one to four facts to every stream at once; the facts end at `length` in each. */
const writeAll = Effect.fnUntraced(function* (seed: number, from: number, length: number) {
  const store = yield* EventStore
  yield* Effect.forEach(
    names,
    Effect.fnUntraced(function* (name: string, index: number) {
      const random = chance(seed * 31 + index)
      for (let seq = from; seq < length; ) {
        const facts = Math.min(length - seq, 1 + random(4))
        yield* store.append(decision(name, seq, facts))
        seq += facts
        for (let pauses = random(4); pauses > 0; pauses--) yield* Effect.yieldNow
      }
    }),
    { concurrency: "unbounded", discard: true }
  )
})

/** Reads some chunks, goes away, comes back where it was, until `last` has been seen. */
const visit = Effect.fnUntraced(function* (seed: number, stream: string | null, after: number, last: number) {
  const reader = yield* EventReader
  const random = chance(seed)
  const placeOf = ({ position, seq }: Entry) => (stream === null ? position : seq)
  const seen: Array<Entry> = []
  let cursor = after
  for (let visits = 0; cursor < last && visits < 10_000; visits++) {
    const chunks = yield* reader.follow({ stream, after: cursor }).pipe(
      Stream.chunks,
      Stream.takeUntil((chunk) => placeOf(chunk.at(-1)!) >= last),
      Stream.take(1 + random(3)),
      Stream.runCollect
    )
    for (const chunk of chunks) {
      seen.push(...chunk)
      const end = chunk.at(-1)!
      cursor = placeOf(end)
      const facts = (yield* reader.stream(end.stream, { after: end.seq, limit: 1 }))[0]
      assert.notStrictEqual(facts?.inputId, end.inputId, "a chunk ends where a decision ends")
    }
  }
  return seen
})

describe("a follower", () => {
  it.live.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "sees everything once and in order, wherever it starts and however often it leaves (seed %i)",
    (seed) =>
      Effect.gen(function* () {
        const reader = yield* EventReader
        const random = chance(seed)
        yield* writeAll(seed, 0, 300)
        const total = 4 * 450
        const cursors = [0, random(600), 1_199, 600 + random(600)]
        const everyone = yield* Effect.forEach(cursors, (after, n) =>
          Effect.forkChild(visit(seed * 7 + n, null, after, total), { startImmediately: true })
        )
        const single = yield* Effect.forEach([0, random(300)], (after, n) =>
          Effect.map(Effect.forkChild(visit(seed + n, "b", after, 450), { startImmediately: true }), (fiber) => ({ after, fiber }))
        )
        yield* writeAll(seed + 1, 300, 450)
        const log = yield* reader.all({ after: 0, limit: total + 1 })
        assert.strictEqual(log.length, total)
        for (const [n, fiber] of everyone.entries()) {
          assert.deepStrictEqual(yield* Fiber.join(fiber), log.slice(cursors[n]))
        }
        const ofB = log.filter(({ stream }) => stream === "b")
        for (const { after, fiber } of single) assert.deepStrictEqual(yield* Fiber.join(fiber), ofB.slice(after))
      }).pipe(Effect.provide(EventLog.layerMemory, { local: true }))
  )

  it.live("gets a decision that lies across the end of a page in one chunk", () =>
    Effect.gen(function* () {
      const store = yield* EventStore
      const reader = yield* EventReader
      // 499 facts, then 700 of one decision: it begins on the last row of the first page.
      yield* store.append(decision("a", 0, 499))
      yield* store.append(decision("b", 0, 700))
      yield* store.append(decision("a", 499, 1))
      const chunks = yield* reader.follow({ stream: null, after: 0 }).pipe(Stream.take(1_200), Stream.chunks, Stream.runCollect)
      assert.deepStrictEqual(
        chunks.map((chunk) => chunk.length),
        [1_199, 1]
      )
    }).pipe(Effect.provide(EventLog.layerMemory, { local: true }))
  )

  it.live("is woken at once, though another one has not read since it was woken last", () =>
    Effect.gen(function* () {
      const store = yield* EventStore
      const reader = yield* EventReader
      const follower = (reads: Effect.Effect<void>) =>
        Effect.gen(function* () {
          const seen = yield* Ref.make(0)
          const followed = reader.follow({ stream: null, after: 0 })
          yield* Stream.runForEach(followed, ({ position }) => Effect.andThen(Ref.set(seen, position), reads)).pipe(
            Effect.forkScoped({ startImmediately: true })
          )
          return seen
        })
      const stuck = yield* follower(Effect.never)
      const seen = yield* follower(Effect.void)
      for (let n = 0; n < 5; n++) {
        yield* store.append(decision("a", n, 1))
        for (let turns = 0; (yield* Ref.get(seen)) <= n && turns < 1_000; turns++) yield* Effect.yieldNow
        assert.strictEqual(yield* Ref.get(seen), n + 1)
      }
      assert.strictEqual(yield* Ref.get(stuck), 1)
    }).pipe(Effect.scoped, Effect.provide(EventLog.layerMemory, { local: true }))
  )

  it.live("never sees what is not durable", () =>
    Effect.gen(function* () {
      const path = yield* logPath
      // What followers have seen while a transaction is still open: nothing of it, each time.
      const early = yield* Ref.make<ReadonlyArray<number>>([])
      let seen = 0
      const faults = { beforeCommit: () => Effect.runSync(Ref.update(early, (counts) => [...counts, seen])) }
      yield* Effect.gen(function* () {
        const store = yield* EventStore
        const reader = yield* EventReader
        const fiber = yield* reader.follow({ stream: null, after: 0 }).pipe(
          Stream.runForEach((entry) =>
            Effect.sync(() => {
              seen = entry.position
            })
          ),
          Effect.forkChild({ startImmediately: true })
        )
        const before = (yield* Ref.get(early)).length
        for (let n = 0; n < 20; n++) {
          yield* store.append(decision("a", n, 1))
          for (let turns = 0; seen <= n && turns < 1_000; turns++) yield* Effect.yieldNow
          assert.strictEqual(seen, n + 1)
        }
        assert.deepStrictEqual(
          (yield* Ref.get(early)).slice(before),
          Array.from({ length: 20 }, (_, n) => n)
        )
        yield* Fiber.interrupt(fiber)
      }).pipe(Effect.provide(EventLog.layer(path, { faults })))
    }).pipe(Effect.scoped)
  )

  it.effect.prop(
    "from any cursor gets exactly what comes after it",
    [Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60 })), Schema.Literals(["a", "b", "none"])],
    ([after, which]) =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const reader = yield* EventReader
        for (let n = 0; n < 10; n++) {
          yield* store.append(decision("a", n * 3, 3))
          yield* store.append(decision("b", n * 2, 2))
        }
        const stream = which === "none" ? null : which
        const log = (yield* reader.all({ after: 0, limit: 100 })).filter((entry) => stream === null || entry.stream === stream)
        const expected = log.filter(({ position, seq }) => (stream === null ? position : seq) > after)
        const got = yield* reader.follow({ stream, after }).pipe(Stream.take(expected.length), Stream.runCollect)
        assert.deepStrictEqual(got, expected)
      }).pipe(Effect.provide(EventLog.layerMemory, { local: true }))
  )
})
