/** What a session's screen showed after any byte of its output that is left, from the nearest checkpoint; never by drawing everything again. */
import { Clock, Context, Effect, FiberMap, Layer, Schema, Semaphore } from "effect"
import { limits } from "../../domain/limits.ts"
import type { Size } from "../../domain/spec.ts"
import { outputDirectory } from "../holder/launch-directory.ts"
import { offsetAt } from "../output/chunk-times.ts"
import { Output } from "../output/output.ts"
import { CheckpointFiles } from "./checkpoint-files.ts"
import { Drawing } from "./drawing.ts"
import { Emulator, type Picture } from "./emulator.ts"

export interface PastScreen extends Picture {
  readonly offset: number
  readonly ansi: string
  /** False where what it was drawn from does not begin at a known screen: what is far up may be missing. */
  readonly exact: boolean
}

/** That output is not kept any more; what is left goes from `from` to `to`. */
export class OutputGone extends Schema.TaggedError<OutputGone>()("OutputGone", {
  session: Schema.String,
  offset: Schema.Int,
  from: Schema.Int,
  to: Schema.Int
}) {}

export class PastScreens extends Context.Service<
  PastScreens,
  {
    /** After the byte before `offset`, or after the last there is. `size`: of a terminal that has not printed yet. */
    readonly at: (session: string, offset: number, size: Size) => Effect.Effect<PastScreen, OutputGone>
    /** How far a session had printed by a time (epoch milliseconds). */
    readonly offsetAt: (session: string, wallMs: number) => Effect.Effect<number>
    /** Makes the checkpoints that are missing, slowly; gives way to a session that prints. */
    readonly keep: (session: string) => Effect.Effect<void>
  }
>()("reprise/infra/PastScreens") {
  static readonly layer = (options: { readonly home: string }): Layer.Layer<PastScreens, never, Output> =>
    Layer.effect(
      PastScreens,
      Effect.gen(function* () {
        const output = yield* Output
        // A drawing holds megabytes, and the event loop for milliseconds at a time.
        const few = yield* Semaphore.make(2)
        const one = yield* Semaphore.make(1)
        const filesOf = (session: string) => new CheckpointFiles(options.home, session)
        const fibers = yield* FiberMap.make<string>()
        const keep = (session: string) => one.withPermits(1)(kept(output, session, filesOf(session)))
        yield* Effect.forkScoped(keepQuiet(output, keep))
        return {
          at: Effect.fnUntraced(function* (session, offset, size) {
            const screen = yield* few.withPermits(1)(drawnAt(output, session, filesOf(session), offset, size))
            // Who looks once looks again, and then finds what was missing.
            yield* FiberMap.run(fibers, session, keep(session), { onlyIfMissing: true })
            return screen
          }),
          offsetAt: (session, wallMs) => Effect.sync(() => offsetAt(outputDirectory(options.home, session), wallMs)),
          keep: (session) => Effect.asVoid(keep(session))
        }
      })
    )
}

const drawnAt = Effect.fnUntraced(function* (
  output: Output["Service"],
  session: string,
  files: CheckpointFiles,
  asked: number,
  size: Size
) {
  const from = yield* output.begin(session)
  const to = yield* output.end(session)
  const offset = Math.min(asked, to)
  // Before its first byte a terminal is blank, whatever is left of what came later.
  if (offset > 0 && offset <= from) return yield* new OutputGone({ session, offset, from, to })
  const oldest = Math.max(from, offset - limits.screenPastReplayBytes)
  const { drawing, exact } = yield* Effect.acquireRelease(
    begun(output, session, files.newest(oldest, offset), oldest, size),
    ({ drawing }) => Effect.sync(() => drawing.dispose())
  )
  const { emulator } = drawing
  yield* drawing.catchUp(output, offset)
  // Another one was begun behind a gap.
  const whole = offset === 0 || (exact && drawing.emulator === emulator)
  return { ...drawing.emulator.picture(), offset, ansi: drawing.emulator.restoring(0), exact: whole } satisfies PastScreen
}, Effect.scoped)

/** From the checkpoint, or from `oldest` on, where the first line break is: what comes before may be the middle of a sequence. */
const begun = Effect.fnUntraced(function* (
  output: Output["Service"],
  session: string,
  checkpoint: ReturnType<CheckpointFiles["newest"]>,
  oldest: number,
  size: Size
) {
  const drawing = new Drawing(session, checkpoint?.screen.size ?? size)
  if (checkpoint !== null) {
    drawing.dispose()
    drawing.emulator = yield* Emulator.restored(checkpoint.screen)
    drawing.offset = checkpoint.offset
    return { drawing, exact: checkpoint.exact }
  }
  drawing.offset = oldest
  if (oldest === 0) return { drawing, exact: true }
  const page = yield* output.read(session, oldest, pageBytes)
  const lineBreak = page._tag === "Gap" ? -1 : page.bytes.indexOf(0x0a)
  if (lineBreak >= 0) drawing.offset = oldest + lineBreak + 1
  return { drawing, exact: false }
})

const pageBytes = 65_536
/** A sequence is over within this, or its checkpoint is left out. */
const longestSequenceBytes = 256

/** False where it was broken off. */
const kept = Effect.fnUntraced(function* (output: Output["Service"], session: string, files: CheckpointFiles) {
  const from = yield* output.begin(session)
  const to = yield* output.end(session)
  files.dropBelow(from)
  if (to - (files.offsets().at(-1) ?? from) < limits.screenCheckpointBytes) return true
  const newest = files.newest(from, to)
  // Drawn from its very beginning: a long way, and so made in many steps.
  const start = yield* Effect.acquireRelease(begun(output, session, newest, from, { cols: 80, rows: 24 }), ({ drawing }) =>
    Effect.sync(() => drawing.dispose())
  )
  const { drawing } = start
  let { exact } = start
  let mark = drawing.offset + limits.screenCheckpointBytes
  while (drawing.offset < to) {
    const page = Math.min(drawing.offset + pageBytes, mark, to)
    const startedAt = yield* Clock.currentTimeMillis
    const { emulator, offset } = drawing
    yield* drawing.catchUp(output, page)
    // Another one was begun behind a gap.
    exact &&= drawing.emulator === emulator
    if (drawing.offset === offset) return false
    if (drawing.offset >= mark) {
      yield* saved(output, drawing, files, exact)
      mark = drawing.offset + limits.screenCheckpointBytes
    }
    // It prints again: there is more urgent work, and what is made is not lost.
    if ((yield* output.end(session)) > to) return false
    const tookMs = (yield* Clock.currentTimeMillis) - startedAt
    yield* Effect.sleep(Math.ceil((tookMs * (100 - limits.screenKeepPercent)) / limits.screenKeepPercent))
  }
  return true
}, Effect.scoped)

/** A few bytes later, where the place is inside a sequence or a character. */
const saved = Effect.fnUntraced(function* (output: Output["Service"], drawing: Drawing, files: CheckpointFiles, exact: boolean) {
  for (let bytes = 0; bytes < longestSequenceBytes; bytes++) {
    const screen = drawing.emulator.checkpoint(limits.screenCheckpointLines)
    if (screen !== null) return files.save({ offset: drawing.offset, exact, screen })
    const before = drawing.offset
    yield* drawing.catchUp(output, before + 1)
    if (drawing.offset === before) return
  }
})

/** A flood has the processor to itself: only who printed nothing since the last look is drawn. */
const keepQuiet = (output: Output["Service"], keep: (session: string) => Effect.Effect<boolean>) => {
  const seen = new Map<string, number>()
  const done = new Map<string, number>()
  return Effect.gen(function* () {
    for (const [session, newest] of output.rung()) {
      const quiet = seen.get(session) === newest
      seen.set(session, newest)
      if (!quiet || newest - (done.get(session) ?? 0) < limits.screenCheckpointBytes) continue
      if (yield* keep(session)) done.set(session, newest)
    }
  }).pipe(
    Effect.catchCause((cause) => Effect.logError("checkpoints of screens could not be made", cause)),
    Effect.delay(limits.screenKeepMs),
    Effect.forever
  )
}
