/** The routes of the log: one page, or everything from here on. */
import { Effect, Stream } from "effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { SessionNotFound } from "../../actors/sessions.ts"
import { limits } from "../../domain/limits.ts"
import { EventReader } from "../../infra/log/event-store.ts"
import { jsonAnswer } from "../answers.ts"
import { Api } from "../contract.ts"
import { Draining } from "../draining.ts"
import { eventOf } from "../logged-event.ts"
import { problem } from "../problems.ts"
import { toProblem } from "../refusals.ts"
import { eventFrames } from "../sse.ts"

interface Asked {
  readonly query: { readonly after?: number; readonly limit?: number }
  readonly headers: { readonly accept?: string; readonly "last-event-id"?: number }
}

export const eventsLayer = HttpApiBuilder.group(Api, "events", (handlers) =>
  handlers
    .handle("all", (asked) =>
      Effect.flatMap(EventReader, (reader) =>
        Effect.flatMap(Effect.mapError(reader.head, toProblem), (head) => answer(reader, null, head, asked))
      )
    )
    .handle("ofSession", (asked) =>
      Effect.gen(function* () {
        const reader = yield* EventReader
        const row = yield* Effect.mapError(reader.row(asked.params.id), toProblem)
        if (row === null) return yield* toProblem(new SessionNotFound({ session: asked.params.id }))
        return yield* answer(reader, asked.params.id, row.seq, asked)
      })
    )
)

/** A reconnecting client's `Last-Event-ID` is newer than the URL it began with. */
const answer = Effect.fnUntraced(function* (
  reader: EventReader["Service"],
  stream: string | null,
  head: number,
  { headers, query }: Asked
) {
  const after = headers["last-event-id"] ?? query.after ?? 0
  if (/\btext\/event-stream\b/i.test(headers.accept ?? "")) {
    const { begun } = yield* Draining
    const frames = eventFrames(reader, { stream, after, head }).pipe(Stream.interruptWhen(begun), Stream.encodeText)
    return HttpServerResponse.stream(frames, { contentType: "text/event-stream", headers: streamHeaders })
  }
  if (after > head) return yield* problem("cursor_ahead", `the newest is ${head}`, { head })
  const limit = query.limit ?? limits.pageSize.default
  const page = { after, limit: limit + 1 }
  const rows = yield* Effect.mapError(stream === null ? reader.all(page) : reader.stream(stream, page), toProblem)
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  const cursor = last === undefined ? after : stream === null ? last.position : last.seq
  return jsonAnswer({ data: data.map(eventOf), nextCursor: cursor, hasMore: rows.length > limit })
})

const streamHeaders = { "cache-control": "no-store", "x-accel-buffering": "no" }
