/** What a session's screen showed after any byte of its output that is left, from the nearest checkpoint; never by drawing everything again. */
import { Clock, Context, Effect, FiberMap, Layer, Schema, Semaphore } from "effect"
import { limits } from "../../domain/limits.ts"
import type { Size } from "../../domain/spec.ts"
import { offsetAt } from "../output/chunk-times.ts"
import { Output } from "../output/output.ts"
import { CheckpointFiles } from "./checkpoint-files.ts"
import { Drawing, type DrawingOptions } from "./drawing.ts"
import type { Picture } from "./emulator.ts"
import { Emulators, type ScreenUnavailable } from "./emulators.ts"

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
    /**
     * After the byte before `offset`, or after the last there is. `size`: of a terminal that has not printed yet. `wallMs`: when; a launch
     * that began at this byte after that time has not cleared the screen yet.
     */
    readonly at: (session: string, offset: number, size: Size, wallMs?: number) => Effect.Effect<PastScreen, OutputGone | ScreenUnavailable>
    /** How far a session had printed by a time (epoch milliseconds). */
    readonly offsetAt: (session: string, wallMs: number) => Effect.Effect<number>
    /** Makes the checkpoints that are missing, slowly; gives way to a session that prints. */
    readonly keep: (session: string) => Effect.Effect<void>
  }
>()("reprise/infra/PastScreens") {
  static readonly layer: Layer.Layer<PastScreens, never, Output | Emulators> = Layer.effect(
    PastScreens,
    Effect.gen(function* () {
      const output = yield* Output
      const ground = { output, emulators: yield* Emulators }
      // A drawing holds megabytes.
      const few = yield* Semaphore.make(2)
      const one = yield* Semaphore.make(1)
      const fibers = yield* FiberMap.make<string>()
      const keep = (session: string) => one.withPermits(1)(Effect.orElseSucceed(kept(ground, session), () => true))
      yield* Effect.forkScoped(keepQuiet(output, keep))
      return {
        at: Effect.fnUntraced(function* (session, offset, size, wallMs) {
          const screen = yield* few.withPermits(1)(drawnAt(ground, session, offset, size, wallMs))
          // A client that looks once looks again, and then finds what was missing.
          yield* FiberMap.run(fibers, session, keep(session), { onlyIfMissing: true })
          return screen
        }),
        offsetAt: (session, wallMs) => Effect.sync(() => offsetAt(output.directoryOf(session), wallMs)),
        keep: (session) => Effect.asVoid(keep(session))
      }
    })
  )
}

interface Ground {
  readonly output: Output["Service"]
  readonly emulators: Emulators["Service"]
}

const filesOf = (output: Output["Service"], session: string) => new CheckpointFiles(output.directoryOf(session))

const drawnAt = Effect.fnUntraced(function* (ground: Ground, session: string, asked: number, size: Size, wallMs?: number) {
  const { output } = ground
  const from = yield* output.begin(session)
  const to = yield* output.end(session)
  const offset = Math.min(asked, to)
  // Before its first byte a terminal is blank, whatever is left of what came later.
  if (offset > 0 && offset <= from) return yield* new OutputGone({ session, offset, from, to })
  const drawing = yield* begun(ground, session, {
    size,
    ...(wallMs === undefined ? {} : { launchedUntilMs: wallMs }),
    replayBytes: limits.screenPastReplayBytes,
    tailBytes: limits.screenPastReplayBytes
  })
  yield* drawing.catchUp(offset)
  const picture = yield* drawing.emulator.picture
  const ansi = yield* drawing.emulator.restoring(0)
  return { ...picture, offset, ansi, exact: offset === 0 || drawing.exact } satisfies PastScreen
}, Effect.scoped)

const begun = (ground: Ground, session: string, options: DrawingOptions) =>
  Effect.acquireRelease(
    Effect.sync(() => new Drawing(session, options, ground)),
    (drawing) => Effect.sync(() => drawing.dispose())
  )

/** False where it was broken off. */
const kept = Effect.fnUntraced(function* (ground: Ground, session: string) {
  const { output } = ground
  const files = filesOf(output, session)
  const from = yield* output.begin(session)
  const to = yield* output.end(session)
  files.dropBelow(from)
  const last = Math.max(files.offsets().at(-1) ?? from, files.lostBefore())
  if (to - last < limits.screenCheckpointBytes) return true
  // Drawn from its very beginning: a long way, and so made in many steps.
  const drawing = yield* begun(ground, session, {
    size: { cols: 80, rows: 24 },
    replayBytes: Number.POSITIVE_INFINITY,
    tailBytes: to - from
  })
  yield* drawing.catchUp(last)
  let mark = drawing.offset + limits.screenCheckpointBytes
  let hasSaved = false
  while (drawing.offset < to) {
    const page = Math.min(drawing.offset + limits.screenPageBytes, mark, to)
    const startedAt = yield* Clock.currentTimeMillis
    const { offset } = drawing
    yield* drawing.catchUp(page)
    if (drawing.offset === offset) return false
    if (drawing.offset >= mark) {
      yield* saved(drawing, files)
      hasSaved = true
      mark = drawing.offset + limits.screenCheckpointBytes
    }
    // It prints again: one checkpoint is enough for now, and what is made is not lost.
    if (hasSaved && (yield* output.end(session)) > to) return false
    const tookMs = (yield* Clock.currentTimeMillis) - startedAt
    yield* Effect.sleep(Math.ceil((tookMs * (100 - limits.screenKeepPercent)) / limits.screenKeepPercent))
  }
  return true
}, Effect.scoped)

/** Where the last whole sequence or character ends; not within a string that is dropped. */
const saved = Effect.fnUntraced(function* (drawing: Drawing, files: CheckpointFiles) {
  const screen = yield* drawing.emulator.checkpoint(limits.screenCheckpointLines)
  if (screen !== null) files.save({ offset: drawing.offset - drawing.emulator.standing().held, exact: drawing.exact, screen })
})

/** A session that prints is drawn less often than one that came to rest; so that neither's screen is far from a known one. */
const keepQuiet = (output: Output["Service"], keep: (session: string) => Effect.Effect<boolean>) => {
  const seen = new Map<string, number>()
  const done = new Map<string, number>()
  return Effect.gen(function* () {
    for (const [session, newest] of output.rung()) {
      const least = (seen.get(session) === newest ? 1 : 2) * limits.screenCheckpointBytes
      seen.set(session, newest)
      if (newest - (done.get(session) ?? 0) < least) continue
      if (yield* keep(session)) done.set(session, newest)
    }
  }).pipe(
    Effect.catchCause((cause) => Effect.logError("checkpoints of screens could not be made", cause)),
    Effect.delay(limits.screenKeepMs),
    Effect.forever
  )
}
