/** The screens of sessions, drawn from their output when a client looks, kept while one does, and for a minute after. */
import { Clock, Context, Effect, Layer, Schedule, Semaphore } from "effect"
import { limits } from "../../domain/limits.ts"
import type { ScreenRows } from "../../domain/screen-rows.ts"
import type { Size } from "../../domain/spec.ts"
import type { StringKind } from "../../domain/terminal/sequences.ts"
import type { TerminalModes } from "../../domain/terminal-modes.ts"
import { keepRunning } from "../keep-running.ts"
import { Output } from "../output/output.ts"
import type { Crop } from "./cropping.ts"
import { Drawing } from "./drawing.ts"
import type { Picture } from "./emulator.ts"
import { Emulators, type ScreenUnavailable } from "./emulators.ts"

/** The screen after the byte before `offset`. */
export interface ScreenSeen extends Picture {
  readonly offset: number
}

/** What evidence reads. */
export interface ScreenRead extends ScreenSeen, ScreenRows {}

export interface ScreenNow extends ScreenSeen {
  /** What draws it on a blank terminal, without what scrolled off it. */
  readonly ansi: string
}

/**
 * What brings another terminal of `size` to the state after the byte before `offset`, where a sequence or a character begins; or, where
 * `dropping` says so, inside a string of that kind which is too long to be read.
 */
export interface Restore {
  readonly offset: number
  readonly size: Size
  readonly bytes: Uint8Array
  readonly dropping: StringKind | null
}

/** The part of the screen after the byte before `offset` that a terminal of another size has room for. */
export interface Cropped extends Crop {
  readonly offset: number
}

export class Screens extends Context.Service<
  Screens,
  {
    /** `size`: what the terminal has if its output does not say. */
    readonly now: (session: string, size: Size) => Effect.Effect<ScreenNow, ScreenUnavailable>
    /** The same without what draws it: for a caller that reads it often. */
    readonly seen: (session: string, size: Size) => Effect.Effect<ScreenRead, ScreenUnavailable>
    /** What the program has asked of the keyboard, in all that it printed until now. */
    readonly modes: (session: string, size: Size) => Effect.Effect<TerminalModes, ScreenUnavailable>
    /** With so many lines of what scrolled off it. */
    readonly restore: (session: string, size: Size, scrollback: number) => Effect.Effect<Restore, ScreenUnavailable>
    /** `own`: of the terminal that shows it. */
    readonly cropped: (session: string, size: Size, own: Size) => Effect.Effect<Cropped, ScreenUnavailable>
    /** How many screens are in memory. */
    readonly kept: Effect.Effect<number>
  }
>()("reprise/infra/Screens") {
  static readonly layer: Layer.Layer<Screens, never, Output | Emulators> = Layer.effect(
    Screens,
    Effect.gen(function* () {
      const ground = { output: yield* Output, emulators: yield* Emulators }
      const kept = new Map<string, Kept>()
      yield* Effect.addFinalizer(() => Effect.sync(() => drop(kept, () => true)))
      yield* Effect.forkScoped(
        keepRunning("the forgetting of screens")(
          Effect.repeat(
            Effect.map(Clock.currentTimeMillis, (now) =>
              drop(kept, ({ usedAt, users }) => users === 0 && now - usedAt >= limits.screenIdleMs)
            ),
            Schedule.spaced(limits.screenIdleMs / 2)
          )
        )
      )
      /** One at a time for each session; the least recently used goes when there are too many. */
      const withScreen = Effect.fnUntraced(function* <A>(
        session: string,
        size: Size,
        look: (drawing: Drawing) => Effect.Effect<A, ScreenUnavailable>
      ) {
        const screen = kept.get(session) ?? {
          drawing: new Drawing(session, { size }, ground),
          turn: Semaphore.makeUnsafe(1),
          usedAt: 0,
          users: 0
        }
        kept.delete(session)
        kept.set(session, screen)
        screen.users += 1
        screen.drawing.assume(size)
        makeRoom(kept)
        const seen = Effect.andThen(
          screen.drawing.catchUp(),
          Effect.suspend(() => look(screen.drawing))
        )
        return yield* screen.turn
          .withPermits(1)(seen)
          .pipe(
            Effect.ensuring(
              Effect.map(Clock.currentTimeMillis, (now) => {
                screen.users -= 1
                screen.usedAt = now
              })
            )
          )
      })
      return {
        now: (session, size) =>
          withScreen(
            session,
            size,
            Effect.fnUntraced(function* ({ emulator, offset }) {
              const picture = yield* emulator.picture
              return { ...picture, offset, ansi: yield* emulator.restoring(0) }
            })
          ),
        seen: (session, size) => withScreen(session, size, screenRead),
        modes: (session, size) =>
          withScreen(session, size, ({ emulator, exact }) => Effect.map(emulator.modes, (modes) => ({ ...modes, exact }))),
        restore: (session, size, scrollback) =>
          withScreen(session, size, ({ emulator, offset }) =>
            Effect.map(emulator.restoring(scrollback), (text) => {
              const { dropping, held, size } = emulator.standing()
              return { offset: offset - held, size, bytes: Buffer.from(text, "utf8"), dropping }
            })
          ),
        cropped: (session, size, own) =>
          withScreen(session, size, ({ emulator, offset }) => Effect.map(emulator.cropped(own), (crop) => ({ ...crop, offset }))),
        kept: Effect.sync(() => kept.size)
      }
    })
  )
}

/** Of a drawing that has caught up. */
export const screenRead = ({ emulator, offset }: Drawing): Effect.Effect<ScreenRead, ScreenUnavailable> =>
  Effect.zipWith(emulator.picture, emulator.highlights, (picture, highlights) => ({ ...picture, highlights, offset }))

interface Kept {
  readonly drawing: Drawing
  readonly turn: Semaphore.Semaphore
  usedAt: number
  users: number
}

/** The least recently used go first, where there are too many, or too large ones. */
const makeRoom = (kept: Map<string, Kept>): void => {
  let cells = 0
  for (const { drawing } of kept.values()) cells += drawing.cells
  for (const [oldest, { drawing, users }] of kept) {
    if (kept.size <= limits.screens && cells <= limits.screensCells) return
    if (users > 0) continue
    cells -= drawing.cells
    drawing.dispose()
    kept.delete(oldest)
  }
}

const drop = (kept: Map<string, Kept>, old: (screen: Kept) => boolean): void => {
  for (const [session, screen] of kept) {
    if (!old(screen)) continue
    screen.drawing.dispose()
    kept.delete(session)
  }
}
