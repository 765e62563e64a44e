/** A session's terminal as its program meets it: asked, it answers from the screen of that very byte; unasked, it costs nothing. */
import { Context, Deferred, Effect, FiberHandle, Layer, type Scope } from "effect"
import { limits } from "../../domain/limits.ts"
import { lightColours, type TerminalColours } from "../../domain/terminal/terminal-colours.ts"
import type { TerminalQuery } from "../../domain/terminal-queries.ts"
import { Output } from "../output/output.ts"
import { Drawing } from "./drawing.ts"
import { Emulators } from "./emulators.ts"

/** To be asked by one at a time, in the order of the output: what the terminal says to all of them, one after another. */
export type Answer = (queries: ReadonlyArray<TerminalQuery>) => Effect.Effect<string>

export class Answering extends Context.Service<
  Answering,
  {
    /** The screen is kept for a minute after a question, since a program that asks once asks again; it goes with the scope at the latest. */
    readonly in: (session: string) => Effect.Effect<Answer, never, Scope.Scope>
    /** A person's terminal is asked for its colours: answers wait for them, for a while. */
    readonly expect: (session: string) => Effect.Effect<void>
    /** What it reported. `isLast`: nothing more will come. */
    readonly paint: (session: string, colours: TerminalColours, isLast: boolean) => Effect.Effect<void>
  }
>()("reprise/infra/Answering") {
  static readonly layer: Layer.Layer<Answering, never, Output | Emulators> = Layer.effect(
    Answering,
    Effect.gen(function* () {
      const ground = { output: yield* Output, emulators: yield* Emulators, painted: new Map<string, Painted>() }
      return {
        in: (session) => answeringFrom(ground, session),
        expect: (session) =>
          Effect.sync(() => {
            ground.painted.set(session, { colours: ground.painted.get(session)?.colours ?? unpainted(), pending: Deferred.makeUnsafe() })
          }),
        paint: (session, colours, isLast) =>
          Effect.suspend(() => {
            const before = ground.painted.get(session)
            const known = Object.keys(colours).length === 0 ? (before?.colours ?? unpainted()) : colours
            const pending = isLast ? null : (before?.pending ?? null)
            ground.painted.set(session, { colours: known, pending })
            return isLast && before?.pending != null ? Effect.asVoid(Deferred.succeed(before.pending, undefined)) : Effect.void
          })
      }
    })
  )
}

const answeringFrom = Effect.fnUntraced(function* (ground: Ground, session: string) {
  const rest = yield* FiberHandle.make()
  let drawing: Drawing | null = null
  const drop = Effect.sync(() => {
    drawing?.dispose()
    drawing = null
  })
  yield* Effect.addFinalizer(() => drop)
  yield* Effect.addFinalizer(() => Effect.sync(() => void ground.painted.delete(session)))
  const colours = Effect.gen(function* () {
    const pending = ground.painted.get(session)?.pending ?? null
    if (pending !== null) yield* Effect.ignore(Effect.timeout(Deferred.await(pending), limits.terminalColoursMs))
    return ground.painted.get(session)?.colours ?? unpainted()
  })
  return Effect.fnUntraced(function* (queries: ReadonlyArray<TerminalQuery>) {
    yield* FiberHandle.clear(rest)
    drawing ??= new Drawing(session, { size: anySize }, ground)
    const drawn = drawing
    // A session without a screen answers nothing, as a terminal that is too busy does.
    const answers = yield* colours.pipe(
      Effect.flatMap((painted) => drawn.answerAll(queries, painted)),
      Effect.orElseSucceed(() => "")
    )
    yield* FiberHandle.run(rest, Effect.andThen(Effect.sleep(limits.screenIdleMs), drop))
    return answers
  })
})

interface Ground {
  readonly output: Output["Service"]
  readonly emulators: Emulators["Service"]
  readonly painted: Map<string, Painted>
}

interface Painted {
  readonly colours: TerminalColours
  /** Done once all colours are there. */
  readonly pending: Deferred.Deferred<void> | null
}

/** A terminal without a client is dark, as most are, unless its user says otherwise. */
const unpainted = (): TerminalColours => (process.env.REPRISE_COLOURS === "light" ? lightColours : {})

/** Until the output says otherwise, which it does at its first byte. */
const anySize = { cols: 80, rows: 24 }
