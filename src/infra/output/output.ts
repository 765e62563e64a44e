/** What a session's terminal has shown, read from the files its holders write: exact bytes, or a gap by name, never a guess. */
import { Context, Effect, Layer, Stream } from "effect"
import type { IndexRecord } from "../holder/index-record.ts"
import { outputDirectory } from "../holder/launch-directory.ts"
import { Doorbells } from "./doorbells.ts"
import { indexRecords } from "./index-reader.ts"
import { SegmentReader } from "./segment-reader.ts"

export type { IndexRecord } from "../holder/index-record.ts"

/** Offsets count bytes since the session's first launch. `next` is where the reader goes on; `end` where the output ends now. */
export type OutputPage =
  | { readonly _tag: "Bytes"; readonly from: number; readonly bytes: Uint8Array; readonly next: number; readonly end: number }
  /** These bytes are dropped; `to` is where the reader goes on. */
  | { readonly _tag: "Gap"; readonly from: number; readonly to: number }

export type OutputChunk =
  | { readonly _tag: "Bytes"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly _tag: "Gap"; readonly from: number; readonly to: number }

export class Output extends Context.Service<
  Output,
  {
    /** At most `maxBytes` from `from` on, none at the end. A `from` beyond the end answers with no bytes. */
    readonly read: (session: string, from: number, maxBytes: number) => Effect.Effect<OutputPage>
    /** The newest `maxBytes`, or fewer. */
    readonly tail: (session: string, maxBytes: number) => Effect.Effect<{ readonly from: number; readonly bytes: Uint8Array }>
    /** The oldest offset that can still be read; equal to the end when there is nothing. */
    readonly begin: (session: string) => Effect.Effect<number>
    readonly end: (session: string) => Effect.Effect<number>
    /**
     * Everything from `from` on, then everything as it comes. The stream reads when it is pulled: a reader that stalls holds one
     * chunk of at most 64 KiB, and finds what it missed in the files, or a gap.
     */
    readonly follow: (session: string, from: number) => Stream.Stream<OutputChunk>
    /** Like `follow`, for a reader that is through with a chunk before it pulls the next: its bytes are then overwritten, and nothing piles up. */
    readonly scan: (session: string, from: number) => Stream.Stream<OutputChunk>
    /** When which bytes came, and how large the screen was: up to the present end, from the record that covers `from`. */
    readonly index: (session: string, from: number) => Stream.Stream<IndexRecord>
    /** Where its files lie. */
    readonly directoryOf: (session: string) => string
    /** Resolves when the output goes on beyond that offset, by the rings so far: it costs nothing until then. */
    readonly beyond: (session: string, offset: number) => Effect.Effect<void>
    /** Wakes the followers: the files hold everything up to `offset`. */
    readonly ring: (session: string, offset: number) => void
    /** What was rung for last, of every session that printed while this daemon ran. */
    readonly rung: () => ReadonlyArray<readonly [session: string, newest: number]>
  }
>()("reprise/infra/Output") {
  /** Reads are synchronous: what is followed was written a moment ago and is in the page cache, where a thread costs more. */
  static readonly layer = (options: { readonly home: string }): Layer.Layer<Output> =>
    Layer.sync(Output, () => {
      const bells = new Doorbells()
      const directoryOf = (session: string) => outputDirectory(options.home, session)
      const withReader = <A>(session: string, use: (reader: SegmentReader) => A) =>
        Effect.sync(() => {
          using reader = new SegmentReader(directoryOf(session))
          return use(reader)
        })
      const following = (session: string, from: number, reuses: boolean) =>
        Stream.unwrap(
          Effect.map(
            Effect.acquireRelease(
              Effect.sync(() => new SegmentReader(directoryOf(session), { reuses })),
              (reader) => Effect.sync(() => reader[Symbol.dispose]())
            ),
            (reader) => Stream.unfold(from, (cursor) => nextChunk(reader, bells, session, cursor, reuses ? scanBytes : chunkBytes))
          )
        )
      return Output.of({
        read: (session, from, maxBytes) => withReader(session, (reader) => page(reader, from, maxBytes)),
        tail: (session, maxBytes) => withReader(session, (reader) => newest(reader, maxBytes)),
        begin: (session) => withReader(session, (reader) => reader.begin()),
        end: (session) => withReader(session, (reader) => reader.end()),
        follow: (session, from) => following(session, from, false),
        scan: (session, from) => following(session, from, true),
        directoryOf,
        index: (session, from) => indexRecords(directoryOf(session), from),
        beyond: (session, offset) => bells.awaitBeyond(session, offset),
        ring: (session, offset) => bells.ring(session, offset),
        rung: () => bells.all()
      })
    })
}

const chunkBytes = 65_536
/** What `scan` reads at once: its bytes are overwritten, so that a larger piece costs a flood less and memory once. */
export const scanBytes = 262_144

const page = (reader: SegmentReader, from: number, maxBytes: number): OutputPage => {
  const found = reader.read(from, maxBytes)
  return found._tag === "Gap" ? found : { ...found, from, next: from + found.bytes.length, end: reader.end() }
}

const newest = (reader: SegmentReader, maxBytes: number) => {
  const end = reader.end()
  let from = Math.max(reader.begin(), end - maxBytes)
  const pieces: Array<Uint8Array> = []
  for (let at = from; at < end; ) {
    const found = reader.read(at, end - at)
    if (found._tag === "Gap") {
      // What lies before a gap does not join what comes after it.
      pieces.length = 0
      at = from = found.to
    } else if (found.bytes.length === 0) break
    else {
      pieces.push(found.bytes)
      at += found.bytes.length
    }
  }
  return { from, bytes: Buffer.concat(pieces) }
}

/** Never ends by itself: output goes on with the session's next generation. */
const nextChunk = Effect.fnUntraced(function* (reader: SegmentReader, bells: Doorbells, session: string, cursor: number, most: number) {
  for (;;) {
    const rung = bells.newest(session)
    const found = reader.read(cursor, most, rung)
    if (found._tag === "Gap") return [found satisfies OutputChunk as OutputChunk, found.to] as const
    if (found.bytes.length > 0) {
      const chunk: OutputChunk = { _tag: "Bytes", offset: cursor, bytes: found.bytes }
      return [chunk, cursor + found.bytes.length] as const
    }
    yield* bells.awaitBeyond(session, Math.max(cursor, rung))
  }
})
