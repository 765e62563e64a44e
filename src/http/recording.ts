/** A session's terminal as a recording: every chunk of output at its own time, resizes, and a marker at each fact that changed something. */
import { Effect, Option, Result, Stream } from "effect"
import { type Cast, makeCast } from "../domain/cast.ts"
import { factSentence } from "../domain/explain/fact-sentences.ts"
import type { FactType } from "../domain/facts.ts"
import { makeShownOutput } from "../domain/terminal/shown-output.ts"
import { decodeFact } from "../domain/upcast.ts"
import type { SessionView } from "../domain/view.ts"
import { type Entry, EventReader } from "../infra/log/event-store.ts"
import { type IndexRecord, Output } from "../infra/output/output.ts"

/** Up to where the session is now. Nothing of it is in memory but a page of the output and a page of the log. */
export const recording = Effect.fnUntraced(function* (view: SessionView) {
  const output = yield* Output
  const { id } = view
  const end = yield* output.end(id)
  const records = Stream.takeWhile(output.index(id, 0), ({ offset }) => offset < end)
  const first = Option.getOrNull(yield* Stream.runHead(Stream.filter(records, (record) => record.kind === "resize")))
  const cast = makeCast({
    size: first ?? view.size,
    startedAt: Date.parse(view.createdAt),
    title: view.name ?? view.id,
    command: view.command.join(" ")
  })
  const player = yield* makePlayer(cast, output, view, first ?? view.size)
  return Stream.succeed(cast.header).pipe(
    Stream.concat(Stream.mapEffect(records, player.play)),
    Stream.concat(Stream.fromEffect(player.rest)),
    Stream.filter((text) => text !== ""),
    Stream.encodeText
  )
})

const makePlayer = Effect.fnUntraced(function* (cast: Cast, output: Output["Service"], view: SessionView, begun: SessionView["size"]) {
  const facts = yield* makeFacts(view.id, view.seq)
  let size = begun
  let page: { readonly from: number; readonly bytes: Uint8Array } = { from: 0, bytes: new Uint8Array() }
  // A player draws on a person's terminal: nothing else than on that of an attached client.
  let shown = makeShownOutput({ clipboard: false })
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
  let lastMs = 0

  /** An output of many small chunks is read in large pieces. */
  const bytesOf = Effect.fnUntraced(function* (from: number, length: number) {
    if (from < page.from || from + length > page.from + page.bytes.length) {
      const read = yield* output.read(view.id, from, Math.max(length, readAheadBytes))
      page = read._tag === "Gap" ? { from, bytes: new Uint8Array() } : { from, bytes: read.bytes }
    }
    return page.bytes.subarray(from - page.from, from - page.from + length)
  })

  /** Those that happened before this chunk came, by their place in the output and by their time. */
  const markers = Effect.fnUntraced(function* (offset: number, wallMs: number) {
    let lines = ""
    for (let next = yield* facts.peek; next !== null && next.offset <= offset && next.at <= wallMs; next = yield* facts.peek) {
      lines += cast.marker(next.at, next.label)
      facts.take()
    }
    return lines
  })

  const gap = (from: number, bytes: number) => {
    shown = makeShownOutput({ clipboard: false })
    const text = `${bytes} bytes of output, from byte ${from} on, are not kept`
    return cast.marker(lastMs, text)
  }

  const drawn = Effect.fnUntraced(function* (record: IndexRecord) {
    const { offset, wallMs } = record
    if (record.kind === "gap") return gap(offset, record.length)
    lastMs = wallMs
    if (record.kind === "resize") {
      if (record.cols === size.cols && record.rows === size.rows) return ""
      size = { cols: record.cols, rows: record.rows }
      return cast.resize(wallMs, size)
    }
    const bytes = yield* bytesOf(offset, record.length)
    const missing = record.length - bytes.length
    const text = decoder.decode(shown.push(bytes))
    return (text === "" ? "" : cast.output(wallMs, text)) + (missing === 0 ? "" : gap(offset + bytes.length, missing))
  })

  const play = Effect.fnUntraced(function* (record: IndexRecord) {
    const before = record.wallMs === 0 ? "" : yield* markers(record.offset, record.wallMs)
    return before + (yield* drawn(record))
  })

  const rest = Effect.map(markers(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY), (lines) => lines + exit(cast, view))
  return { play, rest }
})

const readAheadBytes = 262_144

/** Of a session that has ended: how. */
const exit = (cast: Cast, { exit, state }: SessionView): string =>
  exit === null || exit.code === null || (state !== "ended" && state !== "terminated") ? "" : cast.exit(Date.parse(exit.at), exit.code)

interface Marked {
  readonly at: number
  readonly offset: number
  readonly label: string
}

const pageRows = 250

/** The facts that are worth a marker, read a page at a time. */
const makeFacts = Effect.fnUntraced(function* (session: string, head: number) {
  const reader = yield* EventReader
  let page: Array<Marked> = []
  let seq = 0
  let more = true
  /** A log that cannot be read costs markers, not the recording that is under way. */
  const peek = Effect.gen(function* () {
    while (page.length === 0 && more) {
      const rows = yield* reader.stream(session, { after: seq, limit: Math.min(pageRows, Math.max(1, head - seq)) })
      seq = rows.at(-1)?.seq ?? head
      more = rows.length > 0 && seq < head
      page = rows.flatMap(marked)
    }
    return page[0] ?? null
  }).pipe(Effect.catchTag("StoreFailure", () => Effect.succeed(null)))
  return { peek, take: () => void page.shift() }
})

/** What happens many times a second, or can be seen in the recording itself. */
const quiet: ReadonlySet<string> = new Set([
  "InputAccepted",
  "InputWritten",
  "Resized",
  "IdleStopArmed",
  "ActivityConfirmed",
  "TranscriptRead"
] satisfies ReadonlyArray<FactType>)

const marked = (entry: Entry): ReadonlyArray<Marked> => {
  if (quiet.has(entry.type)) return []
  const fact = decodeFact(entry)
  if (Result.isFailure(fact)) return []
  const { at, offset } = fact.success
  return [{ at, offset, label: `#${entry.seq} ${factSentence(fact.success)}` }]
}
