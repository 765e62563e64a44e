/** The log as Server-Sent Events: replay and tail from one cut, heartbeats between, a bounded number of rows for a slow reader. */
import { type Cause, Effect, Exit, Option, Queue, Stream } from "effect"
import { limits } from "../domain/limits.ts"
import type { Entry, EventReader, StoreFailure } from "../infra/log/event-store.ts"
import { problemJson } from "./answers.ts"
import { eventOf } from "./logged-event.ts"
import { toProblem } from "./refusals.ts"

export interface Followed {
  /** Null for all sessions; then cursors are positions, else seqs. */
  readonly stream: string | null
  readonly after: number
  /** The newest cursor when the request came. */
  readonly head: number
}

const frame = (event: string, data: string, id?: number) => `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`

/** Sent at once, so that the client knows it is connected. */
const hello = ": connected\n\n"

/**
 * Never ends by itself. A cursor ahead of the log gets one `reset` whose id is the head, and the stream goes on from there. A
 * failure of the log is reported in a last `problem` frame.
 */
export const eventFrames = (reader: EventReader["Service"], { after, head, stream }: Followed): Stream.Stream<string> => {
  const ahead = after > head
  const from = ahead ? head : after
  const start = ahead ? hello + frame("reset", JSON.stringify({ reason: "cursor_ahead", head }), head) : hello
  const facts = beating(reader.follow({ stream, after: from })).pipe(
    Stream.mapAccum(
      () => from,
      (seen, entries) => {
        if (entries.length === 0) return [seen, [frame("heartbeat", JSON.stringify({ head: seen }))]] as const
        const cursor = (entry: Entry) => (stream === null ? entry.position : entry.seq)
        const text = entries.map((entry) => frame(entry.type, JSON.stringify(eventOf(entry)), cursor(entry))).join("")
        return [cursor(entries.at(-1)!), [text]] as const
      }
    ),
    Stream.catch((failure) => Stream.succeed(frame("problem", problemJson(toProblem(failure)))))
  )
  return Stream.concat(Stream.succeed(start), facts)
}

/**
 * The rows in their chunks, and an empty chunk for each quiet interval. The page that is being read waits in a queue of one: a
 * reader that stalls holds three pages at most, and none of the writer's time.
 */
const beating = (rows: Stream.Stream<Entry, StoreFailure>): Stream.Stream<ReadonlyArray<Entry>, StoreFailure> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const pages = yield* Queue.bounded<ReadonlyArray<Entry>, StoreFailure | Cause.Done>(1)
      yield* Stream.runForEachArray(rows, (page) => Queue.offer(pages, page)).pipe(
        Effect.onExit((exit) => (Exit.isFailure(exit) ? Queue.failCause(pages, exit.cause) : Queue.end(pages))),
        Effect.forkScoped
      )
      const next = Queue.take(pages).pipe(
        Effect.timeoutOption(limits.heartbeatMs),
        Effect.map(Option.getOrElse(() => [] as ReadonlyArray<Entry>))
      )
      return Stream.fromEffectRepeat(next)
    })
  )
