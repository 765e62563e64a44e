/** Raw output as it was: whole, a range of it, or followed; what is gone is said to be gone, never skipped. */
import { Effect, Stream } from "effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Sessions } from "../actors/sessions.ts"
import { Output } from "../infra/output/output.ts"
import { Draining } from "./draining.ts"
import { type Problem, problem } from "./problems.ts"
import { invalidField } from "./request.ts"

interface Wanted {
  readonly from: number | undefined
  readonly follow: boolean
  readonly range: string | undefined
}

const contentType = "application/octet-stream"
const pageBytes = 65_536

/** Bytes of the output; `to` is exclusive. */
interface Span {
  readonly from: number
  readonly to: number
}

export const outputAnswer = Effect.fnUntraced(function* (session: string, { follow, from, range }: Wanted) {
  const output = yield* Output
  const bounds = { from: yield* output.begin(session), to: yield* output.end(session) }
  if (range !== undefined) {
    if (follow || from !== undefined) return yield* invalidField("range", "stands alone, without from and follow")
    const asked = spanOf(range, bounds)
    if (asked !== null) return yield* partial(output, session, asked, bounds)
  }
  const start = from ?? bounds.from
  yield* available(start, bounds)
  const headers = { "cache-control": "no-store", "accept-ranges": "bytes", "x-reprise-offset": String(start) }
  if (!follow) {
    const stream = bytes(output, session, { from: start, to: bounds.to })
    return HttpServerResponse.stream(stream, { contentType, headers: { ...headers, "x-reprise-end": String(bounds.to) } })
  }
  return HttpServerResponse.stream(yield* followed(output, session, start), { contentType, headers })
})

const available = (start: number, { from, to }: Span): Effect.Effect<void, Problem> => {
  if (start < from) return Effect.fail(problem("output_dropped", `the output begins at ${from} now`, { availableFrom: from, head: to }))
  if (start > to) return Effect.fail(problem("range_not_satisfiable", `the output ends at ${to}`, { availableFrom: from, head: to }))
  return Effect.void
}

const partial = Effect.fnUntraced(function* (output: Output["Service"], session: string, asked: Span, bounds: Span) {
  yield* available(asked.from, bounds)
  const to = Math.min(asked.to, bounds.to)
  if (asked.from >= to) return yield* problem("range_not_satisfiable", `the output ends at ${bounds.to}`, { head: bounds.to })
  const headers = { "content-range": `bytes ${asked.from}-${to - 1}/${bounds.to}`, "x-reprise-offset": String(asked.from) }
  let sent = 0
  const counted = Stream.tap(bytes(output, session, { from: asked.from, to }), (page) =>
    Effect.sync(() => {
      sent += page.length
    })
  )
  /** A length is promised: a gap in the middle breaks the connection, so that no client takes the part for the whole. */
  const short = Effect.suspend(() => (sent < to - asked.from ? Effect.die(new Error("the output has a gap in this range")) : Effect.void))
  const stream = Stream.concat(counted, Stream.drain(Stream.fromEffect(short)))
  return HttpServerResponse.stream(stream, { status: 206, contentType, contentLength: to - asked.from, headers })
})

/** One range (RFC 9110 §14). Null where the header is not one that we understand, which is then as if it were absent. */
const spanOf = (range: string, { to }: Span): Span | null => {
  const [, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range.trim()) ?? []
  if (first === "" && last === "") return null
  if (first === "") return { from: Math.max(0, to - Number(last)), to }
  if (last !== "" && Number(last) < Number(first)) return null
  return { from: Number(first), to: last === "" ? to : Number(last) + 1 }
}

/** Ends early where a gap begins: the client sees the end it asked for, or asks again from where it is. */
const bytes = (output: Output["Service"], session: string, { from, to }: Span): Stream.Stream<Uint8Array> =>
  Stream.unfold(
    from,
    Effect.fnUntraced(function* (at) {
      if (at >= to) return undefined
      const page = yield* output.read(session, at, Math.min(pageBytes, to - at))
      return page._tag === "Gap" || page.bytes.length === 0 ? undefined : ([page.bytes, page.next] as const)
    })
  )

/** Until a gap, the end of the session, or of the daemon. */
const followed = Effect.fnUntraced(function* (output: Output["Service"], session: string, from: number) {
  const { begun } = yield* Draining
  const sessions = yield* Sessions
  /** A session whose log cannot grow has no more output either. */
  const over = Effect.ignore(Stream.runDrain(sessions.changes(session)))
  let next = from
  let broken = false
  const live = output.follow(session, from).pipe(
    Stream.takeWhile((chunk) => {
      broken = chunk._tag === "Gap"
      return !broken
    }),
    Stream.map((chunk) => {
      if (chunk._tag === "Gap") return new Uint8Array()
      next = chunk.offset + chunk.bytes.length
      return chunk.bytes
    }),
    Stream.interruptWhen(over)
  )
  const rest = Stream.unwrap(Effect.map(output.end(session), (to) => (broken ? Stream.empty : bytes(output, session, { from: next, to }))))
  return Stream.concat(live, rest).pipe(Stream.interruptWhen(begun))
})
