/** The routes of traces: written as they are read, and decided again as they arrive. */
import { Effect, Ref, Stream } from "effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { traceOf } from "../../actors/tracing.ts"
import { SessionId } from "../../domain/ids.ts"
import { limits } from "../../domain/limits.ts"
import { iso } from "../../domain/time.ts"
import { makeVerification, type Verdict } from "../../domain/trace/verify.ts"
import { stateHash } from "../../infra/log/state-hash.ts"
import { jsonAnswer } from "../answers.ts"
import { type ReplayAnswer, traceMediaType } from "../contract/traces.ts"
import { Api } from "../contract.ts"
import { Daemon } from "../daemon.ts"
import { problem } from "../problems.ts"
import { toProblem } from "../refusals.ts"
import { refuseEncoded } from "../request.ts"

export const tracesLayer = HttpApiBuilder.group(Api, "traces", (handlers) =>
  handlers
    .handle("trace", ({ params, query }) =>
      Effect.gen(function* () {
        const { version } = yield* Daemon
        const lines = yield* traceOf(params.id, {
          title: query.title ?? null,
          output: query.output === "true",
          texts: query.texts === "true",
          versions: { reprise: version, node: process.version },
          platform: `${process.platform}-${process.arch}`
        }).pipe(Effect.mapError(toProblem))
        return HttpServerResponse.stream(Stream.encodeText(lines), {
          contentType: traceMediaType,
          headers: { "cache-control": "no-store" }
        })
      })
    )
    .handleRaw("replay", ({ request }) => Effect.map(replayed(request), (answer) => jsonAnswer(answer)))
)

const tooLarge = problem("body_too_large", `a trace is limited to ${limits.replayBytes} bytes; the command line verifies any`, {
  limit: "replayBytes",
  maximum: limits.replayBytes
})

/** Others get their turn between the pieces of the body: one holds the event loop for some milliseconds. */
const pieceBytes = 65_536

const replayed = Effect.fn("http.replay")(function* (request: HttpServerRequest) {
  const mediaType = (request.headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase()
  if (mediaType !== traceMediaType) return yield* problem("unsupported_media_type", `send ${traceMediaType}`)
  yield* refuseEncoded(request)
  if (Number(request.headers["content-length"] ?? 0) > limits.replayBytes) return yield* tooLarge
  const verification = makeVerification(stateHash)
  const parted = yield* Ref.make<ReturnType<typeof verification.push>>(null)
  let received = 0
  yield* request.stream.pipe(
    Stream.mapError(() => problem("invalid_request", "the body ended before it was complete")),
    Stream.runForEach(
      Effect.fnUntraced(function* (chunk) {
        received += chunk.length
        if (received > limits.replayBytes) return yield* tooLarge
        for (let at = 0; at < chunk.length && (yield* Ref.get(parted)) === null; at += pieceBytes) {
          yield* Ref.set(parted, verification.push(chunk.subarray(at, at + pieceBytes)))
          yield* Effect.yieldNow
        }
      })
    )
  )
  return yield* answerOf((yield* Ref.get(parted)) ?? verification.end())
})

const answerOf = Effect.fnUntraced(function* (verdict: Verdict): Effect.fn.Return<ReplayAnswer, ReturnType<typeof problem>> {
  switch (verdict._tag) {
    case "TraceUnreadable":
      return yield* problem("trace_unreadable", verdict.message, { as: `trace_${verdict.code}` })
    case "Same": {
      const { _tag: _, ...same } = verdict
      return { verdict: "same", ...same, session: SessionId.make(same.session) }
    }
    case "Diverged": {
      const { _tag: _, input, wallMs, ...parted } = verdict
      return { verdict: "diverged", ...parted, at: iso(wallMs), input: { ...input } }
    }
  }
})
