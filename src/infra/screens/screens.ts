/** The screens of sessions, drawn from their output when somebody looks, kept while somebody does, and for a minute after. */
import { Clock, Context, Effect, Layer, Schedule, Semaphore } from "effect"
import { limits } from "../../domain/limits.ts"
import type { Size } from "../../domain/spec.ts"
import { Output } from "../output/output.ts"
import { Drawing } from "./drawing.ts"
import type { Picture } from "./emulator.ts"

/** The screen after the byte before `offset`. */
export interface ScreenSeen extends Picture {
  readonly offset: number
}

export interface ScreenNow extends ScreenSeen {
  /** What draws it on a blank terminal, without what scrolled off it. */
  readonly ansi: string
}

/** What brings another terminal of `size` to the state after the byte before `offset`. */
export interface Restore {
  readonly offset: number
  readonly size: Size
  readonly bytes: Uint8Array
}

export class Screens extends Context.Service<
  Screens,
  {
    /** `size`: what the terminal has if its output does not say. */
    readonly now: (session: string, size: Size) => Effect.Effect<ScreenNow>
    /** The same without what draws it: for who reads it often. */
    readonly seen: (session: string, size: Size) => Effect.Effect<ScreenSeen>
    readonly restore: (session: string, size: Size) => Effect.Effect<Restore>
    /** How many screens are in memory. */
    readonly kept: Effect.Effect<number>
  }
>()("reprise/infra/Screens") {
  static readonly layer: Layer.Layer<Screens, never, Output> = Layer.effect(
    Screens,
    Effect.gen(function* () {
      const output = yield* Output
      const kept = new Map<string, Kept>()
      yield* Effect.addFinalizer(() => Effect.sync(() => drop(kept, () => true)))
      yield* Effect.forkScoped(
        Effect.repeat(
          Effect.map(Clock.currentTimeMillis, (now) =>
            drop(kept, ({ usedAt, users }) => users === 0 && now - usedAt >= limits.screenIdleMs)
          ),
          Schedule.spaced(limits.screenIdleMs / 2)
        )
      )
      /** One at a time for each session; the least recently used goes when there are too many. */
      const withScreen = Effect.fnUntraced(function* <A>(session: string, size: Size, look: (drawing: Drawing) => A) {
        const screen = kept.get(session) ?? { drawing: new Drawing(session, size), turn: Semaphore.makeUnsafe(1), usedAt: 0, users: 0 }
        kept.delete(session)
        kept.set(session, screen)
        screen.users += 1
        for (const [oldest, { drawing, users }] of kept) {
          if (kept.size <= limits.screens) break
          if (users > 0) continue
          drawing.dispose()
          kept.delete(oldest)
        }
        const seen = Effect.map(screen.drawing.catchUp(output), () => look(screen.drawing))
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
          withScreen(session, size, ({ emulator, offset }) => ({ ...emulator.picture(), offset, ansi: emulator.restoring(0) })),
        seen: (session, size) => withScreen(session, size, ({ emulator, offset }) => ({ ...emulator.picture(), offset })),
        restore: (session, size) =>
          withScreen(session, size, ({ emulator, offset }) => ({
            offset,
            size: emulator.size,
            bytes: Buffer.from(emulator.restoring(limits.screenScrollback), "utf8")
          })),
        kept: Effect.sync(() => kept.size)
      }
    })
  )
}

interface Kept {
  readonly drawing: Drawing
  readonly turn: Semaphore.Semaphore
  usedAt: number
  users: number
}

const drop = (kept: Map<string, Kept>, old: (screen: Kept) => boolean): void => {
  for (const [session, screen] of kept) {
    if (!old(screen)) continue
    screen.drawing.dispose()
    kept.delete(session)
  }
}
