/** A session's terminal as its program meets it: asked, it answers from the screen of that very byte; unasked, it costs nothing. */
import { Context, Effect, FiberHandle, Layer, type Scope } from "effect"
import { limits } from "../../domain/limits.ts"
import type { TerminalQuery } from "../../domain/terminal-queries.ts"
import { Output } from "../output/output.ts"
import { Drawing } from "./drawing.ts"
import { Emulators } from "./emulators.ts"

/** To be asked by one at a time, in the order of the output: what the terminal says to all of them, one after another. */
export type Answer = (queries: ReadonlyArray<TerminalQuery>) => Effect.Effect<string>

export class Answering extends Context.Service<
  Answering,
  {
    /** The screen is kept for a minute after a question, since whoever asks once asks again; it goes with the scope at the latest. */
    readonly in: (session: string) => Effect.Effect<Answer, never, Scope.Scope>
  }
>()("reprise/infra/Answering") {
  static readonly layer: Layer.Layer<Answering, never, Output | Emulators> = Layer.effect(
    Answering,
    Effect.gen(function* () {
      const ground = { output: yield* Output, emulators: yield* Emulators }
      return { in: (session) => answeringFrom(ground, session) }
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
  return Effect.fnUntraced(function* (queries: ReadonlyArray<TerminalQuery>) {
    yield* FiberHandle.clear(rest)
    drawing ??= new Drawing(session, { size: anySize }, ground)
    let answers = ""
    // A session without a screen answers nothing, as a terminal that is too busy does.
    for (const query of queries) answers += yield* Effect.orElseSucceed(drawing.answer(query), () => "")
    yield* FiberHandle.run(rest, Effect.andThen(Effect.sleep(limits.screenIdleMs), drop))
    return answers
  })
})

interface Ground {
  readonly output: Output["Service"]
  readonly emulators: Emulators["Service"]
}

/** Until the output says otherwise, which it does at its first byte. */
const anySize = { cols: 80, rows: 24 }
