/** Emulators in a thread of their own. A session that costs too much loses its screen for a while, and no other notices. */
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { limits } from "../../domain/limits.ts"
import type { Highlight } from "../../domain/screen-rows.ts"
import type { Size } from "../../domain/spec.ts"
import type { TerminalColours } from "../../domain/terminal/terminal-colours.ts"
import type { TerminalModes } from "../../domain/terminal-modes.ts"
import { Output } from "../output/output.ts"
import { CheckpointFiles } from "./checkpoint-files.ts"
import type { Crop } from "./cropping.ts"
import type { Found, Given, Standing, Work, WorkType } from "./drawing-protocol.ts"
import { DrawingThread } from "./drawing-thread.ts"
import type { EmulatorCheckpoint, Picture } from "./emulator.ts"

/** `cost`: what it printed takes too long to draw. `fault`: the emulator failed with it. `lost`: try again. */
export class ScreenUnavailable extends Schema.TaggedError<ScreenUnavailable>()("ScreenUnavailable", {
  session: Schema.String,
  reason: Schema.Literals(["cost", "fault", "lost"]),
  retryAfterMs: Schema.Int
}) {}

export interface RemoteEmulator {
  /** After the last write. */
  readonly standing: () => Standing
  readonly write: (bytes: Uint8Array) => Effect.Effect<void, ScreenUnavailable>
  readonly ask: (bytes: Uint8Array, colours: TerminalColours) => Effect.Effect<string, ScreenUnavailable>
  readonly resize: (size: Size) => Effect.Effect<void, ScreenUnavailable>
  readonly picture: Effect.Effect<Picture, ScreenUnavailable>
  readonly highlights: Effect.Effect<ReadonlyArray<Highlight>, ScreenUnavailable>
  readonly modes: Effect.Effect<Omit<TerminalModes, "exact">, ScreenUnavailable>
  readonly restoring: (scrollback: number) => Effect.Effect<string, ScreenUnavailable>
  readonly cropped: (size: Size) => Effect.Effect<Crop, ScreenUnavailable>
  readonly checkpoint: (scrollback: number) => Effect.Effect<EmulatorCheckpoint | null, ScreenUnavailable>
  readonly close: () => void
}

interface Bar {
  readonly until: number
  readonly strikes: number
}

export class Emulators extends Context.Service<
  Emulators,
  {
    /** A blank one, or one that goes on from a checkpoint. */
    readonly open: (session: string, size: Size, checkpoint?: EmulatorCheckpoint) => Effect.Effect<RemoteEmulator, ScreenUnavailable>
    /** Something is being drawn. */
    readonly isBusy: () => boolean
  }
>()("reprise/infra/Emulators") {
  static readonly layer: Layer.Layer<Emulators, never, Output> = Layer.effect(
    Emulators,
    Effect.gen(function* () {
      const output = yield* Output
      const thread = new DrawingThread()
      yield* Effect.addFinalizer(() => Effect.sync(() => thread.stop()))
      const bars = new Map<string, Bar>()

      const bar = Effect.fnUntraced(function* (session: string) {
        const now = yield* Clock.currentTimeMillis
        const before = bars.get(session)
        const again = before !== undefined && before.until > now ? before : null
        const strikes = again === null ? (before?.strikes ?? 0) + 1 : again.strikes
        const forMs = Math.min(limits.screenBarMs.maximum, limits.screenBarMs.minimum * 2 ** (strikes - 1))
        if (again === null) {
          bars.set(session, { until: now + forMs, strikes })
          // Neither this daemon nor the next draws what was printed until now.
          new CheckpointFiles(output.directoryOf(session)).lose(yield* output.end(session))
          yield* Effect.logWarning("a screen takes too long to draw: it is given up").pipe(Effect.annotateLogs({ session, forMs }))
        }
        return new ScreenUnavailable({ session, reason: "cost", retryAfterMs: forMs })
      })

      const ask = <Type extends WorkType>(session: string, screen: number, type: Type, given: Given<Type>) =>
        Effect.callback<Effect.Effect<Found<Type>, ScreenUnavailable>>((resume) =>
          thread.ask(session, screen, { type, ...given } as unknown as Work, (outcome) => {
            if (outcome._tag === "Found") return resume(Effect.succeed(Effect.succeed(outcome.found as Found<Type>)))
            if (outcome._tag === "Overrun") return resume(Effect.map(bar(session), Effect.fail))
            const reason = outcome._tag === "Lost" ? "lost" : "fault"
            resume(Effect.succeed(Effect.fail(new ScreenUnavailable({ session, reason, retryAfterMs: faultMs }))))
          })
        ).pipe(Effect.flatten)

      const open = Effect.fnUntraced(function* (session: string, size: Size, checkpoint?: EmulatorCheckpoint) {
        const barred = bars.get(session)
        const leftMs = barred === undefined ? 0 : barred.until - (yield* Clock.currentTimeMillis)
        if (leftMs > 0) return yield* new ScreenUnavailable({ session, reason: "cost", retryAfterMs: leftMs })
        const screen = thread.nextScreen()
        let standing = yield* ask(session, screen, "open", { session, size, checkpoint: checkpoint ?? null })
        const keep = (found: Standing) => {
          standing = found
        }
        return {
          standing: () => standing,
          write: (bytes) => Effect.map(ask(session, screen, "write", { bytes: new Uint8Array(bytes) }), keep),
          ask: (bytes, colours) => ask(session, screen, "ask", { bytes: new Uint8Array(bytes), colours }),
          resize: (size) => Effect.map(ask(session, screen, "resize", { size }), keep),
          picture: ask(session, screen, "picture", {}),
          highlights: ask(session, screen, "highlights", {}),
          modes: ask(session, screen, "modes", {}),
          restoring: (scrollback) => ask(session, screen, "restoring", { scrollback }),
          cropped: (size) => ask(session, screen, "cropped", { size }),
          checkpoint: (scrollback) => ask(session, screen, "checkpoint", { scrollback }),
          close: () => thread.ask(session, screen, { type: "close" }, () => {})
        } satisfies RemoteEmulator as RemoteEmulator
      })
      return { open, isBusy: () => thread.isBusy }
    })
  )
}

const faultMs = 1_000
