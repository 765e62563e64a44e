import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Queue, Ref, Stream } from "effect"
import { TestClock } from "effect/testing"
import { limits } from "../../src/domain/limits.ts"
import { eventFrames } from "../../src/http/sse.ts"
import { type Entry, type EventReader, StoreFailure } from "../../src/infra/log/event-store.ts"

const entry = (position: number): Entry => ({
  position,
  stream: "s-0123456789ab",
  seq: position * 10,
  eventId: `e${position}`,
  generation: 1,
  inputId: "i",
  writerEpoch: 1,
  wallMs: 0,
  bootMs: 0,
  bootId: "b",
  actor: "api",
  type: "HealthConfirmed",
  schemaVersion: 1,
  data: {},
  stateHash: "0".repeat(16)
})

/** What `eventFrames` needs of a log: its rows, at the test's pace. */
const readerOf = (follow: EventReader["Service"]["follow"]) => ({ follow }) as EventReader["Service"]

describe("a stream of events", () => {
  it.effect("beats while nothing happens, with the newest cursor it has delivered", () =>
    Effect.gen(function* () {
      const rows = yield* Queue.unbounded<Entry>()
      const said = yield* Ref.make("")
      const reading = yield* eventFrames(
        readerOf(() => Stream.fromQueue(rows)),
        { stream: null, after: 3, head: 3 }
      ).pipe(
        Stream.runForEach((text) => Ref.update(said, (before) => before + text)),
        Effect.forkChild({ startImmediately: true })
      )
      yield* TestClock.adjust(limits.heartbeatMs)
      assert.match(yield* Ref.get(said), /event: heartbeat\ndata: {"head":3}\n\n$/)
      assert.notMatch(yield* Ref.get(said), /id:/)
      yield* Queue.offer(rows, entry(4))
      yield* TestClock.adjust(1)
      assert.match(yield* Ref.get(said), /id: 4\nevent: HealthConfirmed\ndata: {"position":4,.*}\n\n$/)
      yield* TestClock.adjust(limits.heartbeatMs - 2)
      assert.strictEqual((yield* Ref.get(said)).split("heartbeat").length, 2)
      yield* TestClock.adjust(2)
      assert.match(yield* Ref.get(said), /data: {"head":4}\n\n$/)
      yield* Fiber.interrupt(reading)
    })
  )

  it.effect("counts a session's own facts by their seq", () =>
    Effect.gen(function* () {
      const frames = eventFrames(
        readerOf(() => Stream.make(entry(7))),
        { stream: "s-0123456789ab", after: 0, head: 70 }
      )
      assert.match((yield* Stream.runCollect(frames)).join(""), /id: 70\n/)
    })
  )

  it.effect("takes no more than three pages for a reader that does not come back", () =>
    Effect.gen(function* () {
      const pages = yield* Ref.make(0)
      const endless = Stream.fromEffectRepeat(
        Effect.as(
          Ref.update(pages, (n) => n + 1),
          entry(1)
        )
      )
      const stalled = yield* eventFrames(
        readerOf(() => endless),
        { stream: null, after: 0, head: 0 }
      ).pipe(
        Stream.runForEach((text) => (text.includes("HealthConfirmed") ? Effect.never : Effect.void)),
        Effect.forkChild({ startImmediately: true })
      )
      yield* TestClock.adjust("1 minute")
      assert.isAtMost(yield* Ref.get(pages), 3)
      yield* Fiber.interrupt(stalled)
    })
  )

  it.effect("lets the log go when its client does", () =>
    Effect.gen(function* () {
      const released = yield* Ref.make(false)
      const follow = () => Stream.ensuring(Stream.never, Ref.set(released, true))
      const reading = yield* eventFrames(readerOf(follow), { stream: null, after: 0, head: 0 }).pipe(
        Stream.runDrain,
        Effect.forkChild({ startImmediately: true })
      )
      yield* TestClock.adjust(limits.heartbeatMs)
      yield* Fiber.interrupt(reading)
      assert.isTrue(yield* Ref.get(released))
    })
  )

  it.effect("ends with the reason when the log cannot be read", () =>
    Effect.gen(function* () {
      const failure = new StoreFailure({ operation: "read", code: "SQLITE_IOERR", outcome: "absent", cause: null })
      const frames = eventFrames(
        readerOf(() => Stream.concat(Stream.make(entry(1)), Stream.fail(failure))),
        { stream: null, after: 0, head: 0 }
      )
      const text = (yield* Stream.runCollect(frames)).join("")
      assert.match(text, /event: HealthConfirmed[\s\S]*event: problem\ndata: {.*"code":"log_unavailable".*}\n\n$/)
    })
  )
})
