/** A session's log as a trace: read page by page, so that the longest costs no more memory than a short one. */
import { Clock, Effect, Stream } from "effect"
import { SessionId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import { iso } from "../domain/time.ts"
import {
  alwaysLeftOut,
  outputLeftOut,
  type TraceHeader,
  type TraceLine,
  type TraceStep,
  textsLeftOut,
  traceFormat
} from "../domain/trace/format.ts"
import { makeRecorder } from "../domain/trace/record.ts"
import { makeSealer } from "../domain/trace/seal.ts"
import { type Entry, EventReader, type StoreFailure } from "../infra/log/event-store.ts"
import { InputReader, type RecordedInput } from "../infra/log/inputs.ts"
import { stateHash } from "../infra/log/state-hash.ts"
import { type IndexRecord, Output, type OutputPage } from "../infra/output/output.ts"
import { Texts } from "../infra/texts.ts"
import { SessionNotFound } from "./sessions.ts"

export interface TraceWish {
  readonly title: string | null
  /** What the terminal printed, too. */
  readonly output: boolean
  /** The texts of prompts, too. */
  readonly texts: boolean
  readonly versions: TraceHeader["versions"]
  readonly platform: string
}

/** Sealed lines, up to the session's newest fact of now. */
export const traceOf = Effect.fn("traceOf")(function* (id: string, wish: TraceWish) {
  const reader = yield* EventReader
  const row = yield* reader.row(id)
  if (row === null) return yield* new SessionNotFound({ session: id })
  const header: TraceHeader = {
    type: "header",
    format: traceFormat,
    session: SessionId.make(id),
    provider: providerOf((yield* reader.stream(id, { after: 0, limit: 1 }))[0]),
    title: wish.title,
    versions: wish.versions,
    platform: wish.platform,
    exportedAt: iso(yield* Clock.currentTimeMillis),
    redactions: [...alwaysLeftOut, ...(wish.texts ? [] : [textsLeftOut]), ...(wish.output ? [] : [outputLeftOut])]
  }
  const told = { steps: 0, facts: 0, outputBytes: 0 }
  const hashes = new Set<string>()
  const steps = Stream.tap(yield* stepsOf(id, row.seq), (step) =>
    Effect.sync(() => {
      told.steps += 1
      told.facts += step.facts.length
      for (const { data, type } of step.facts) for (const hash of textsNamed(type, data)) hashes.add(hash)
    })
  )
  const output = Stream.tap(yield* outputOf(id), (line) =>
    Effect.sync(() => {
      if (line.type === "output") told.outputBytes += Buffer.byteLength(line.bytes, "base64")
    })
  )
  const texts = yield* Texts
  const seal = makeSealer(stateHash)
  return Stream.succeed<TraceLine>(header).pipe(
    Stream.concat(steps),
    Stream.concat(wish.output ? output : Stream.empty),
    Stream.concat(
      wish.texts ? Stream.suspend(() => Stream.flatMap(Stream.fromIterable(hashes), (hash) => textOf(texts, hash))) : Stream.empty
    ),
    Stream.concat(Stream.suspend(() => Stream.succeed<TraceLine>({ type: "end", ...told }))),
    Stream.map(seal)
  ) satisfies Stream.Stream<string, StoreFailure>
})

const providerOf = (created: Entry | undefined): string =>
  (created?.data as { readonly spec?: { readonly provider?: string } } | undefined)?.spec?.provider ?? "unknown"

const pageSteps = 100

/** Every input with its facts. An input's facts follow each other in the log: the next input's begin where they end. */
const stepsOf = Effect.fnUntraced(function* (id: string, head: number) {
  const reader = yield* EventReader
  const inputs = yield* InputReader
  const record = makeRecorder(stateHash)
  const page = Effect.fnUntraced(function* (after: number) {
    if (after >= head) return undefined
    const found: ReadonlyArray<RecordedInput> = yield* inputs.stream(id, { after, limit: pageSteps + 1 })
    const end = (index: number) => Math.min(head, (found[index]?.seq ?? head + 1) - 1)
    const entries = yield* reader.stream(id, { after, limit: Math.max(1, end(pageSteps) - after) })
    const steps = found.slice(0, pageSteps).flatMap(({ input, moment, seq }, index): ReadonlyArray<TraceStep> => {
      const rows = entries.filter((entry) => entry.seq >= seq && entry.seq <= end(index + 1))
      const [first] = rows
      if (first === undefined) return []
      return [record({ input, moment, epoch: first.writerEpoch, facts: rows.map(factOf) as unknown as TraceStep["facts"] })]
    })
    yield* Effect.yieldNow
    return [steps, found.length === 0 ? head : end(pageSteps)] as const
  })
  return Stream.flatMap(Stream.unfold(0, page), Stream.fromIterable)
})

const factOf = ({ data, schemaVersion, seq, stateHash, type, wallMs }: Entry) => ({ seq, type, schemaVersion, wallMs, data, stateHash })

/** The texts that a fact knows by their hashes. */
const textsNamed = (type: string, data: Entry["data"]): ReadonlyArray<string> => {
  const named = type === "PromptQueued" ? (data.prompt as { readonly hash: string }).hash : type === "PromptEdited" ? data.hash : undefined
  return typeof named === "string" ? [named] : []
}

/** None where it was erased. */
const textOf = (texts: Texts["Service"], hash: string): Stream.Stream<TraceLine> =>
  Stream.fromEffect(texts.read(hash)).pipe(
    Stream.map((text): TraceLine => ({ type: "text", hash, text })),
    Stream.catchTag("TextMissing", () => Stream.empty)
  )

/** What is still kept of it, as it came. */
const outputOf = Effect.fnUntraced(function* (id: string) {
  const output = yield* Output
  return Stream.flatMap(output.index(id, 0), (record) => chunksOf(output, id, record))
})

const chunksOf = (output: Output["Service"], id: string, record: IndexRecord): Stream.Stream<TraceLine> => {
  const { offset: from, wallMs } = record
  switch (record.kind) {
    case "resize":
      return Stream.succeed({ type: "resize", wallMs, from, cols: record.cols, rows: record.rows })
    case "gap":
      return Stream.succeed({ type: "gap", from, to: from + record.length })
    case "chunk":
      return Stream.unfold(
        from,
        Effect.fnUntraced(function* (at): Effect.fn.Return<readonly [TraceLine, number] | undefined> {
          const end = from + record.length
          if (at >= end) return undefined
          const page: OutputPage = yield* output.read(id, at, Math.min(limits.traceChunkBytes, end - at))
          if (page._tag === "Gap") return [{ type: "gap", from: at, to: Math.min(end, page.to) }, page.to]
          if (page.bytes.length === 0) return undefined
          return [{ type: "output", wallMs, from: at, bytes: Buffer.from(page.bytes).toString("base64") }, page.next]
        })
      )
  }
}
