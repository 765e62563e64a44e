/** A session's terminal as its program meets it: asked, it answers from the screen of that very byte; unasked, it costs nothing. */
import { Context, Effect, FiberHandle, Layer, type Scope } from "effect"
import { limits } from "../../domain/limits.ts"
import type { TerminalQuery } from "../../domain/terminal-queries.ts"
import { Output } from "../output/output.ts"
import { Drawing } from "./drawing.ts"

/** To be asked by one at a time, in the order of the output: what the terminal says to all of them, one after another. */
export type Answer = (queries: ReadonlyArray<TerminalQuery>) => Effect.Effect<string>

export class Answering extends Context.Service<
  Answering,
  {
    /** The screen is kept for a minute after a question, since whoever asks once asks again; it goes with the scope at the latest. */
    readonly in: (session: string) => Effect.Effect<Answer, never, Scope.Scope>
  }
>()("reprise/infra/Answering") {
  static readonly layer: Layer.Layer<Answering, never, Output> = Layer.effect(
    Answering,
    Effect.map(Output, (output) => ({ in: (session) => answeringFrom(output, session) }))
  )
}

const answeringFrom = Effect.fnUntraced(function* (output: Output["Service"], session: string) {
  const rest = yield* FiberHandle.make()
  let drawing: Drawing | null = null
  const drop = Effect.sync(() => {
    drawing?.dispose()
    drawing = null
  })
  yield* Effect.addFinalizer(() => drop)
  return Effect.fnUntraced(function* (queries: ReadonlyArray<TerminalQuery>) {
    yield* FiberHandle.clear(rest)
    drawing ??= new Drawing(session, anySize)
    let answers = ""
    for (const query of queries) answers += yield* drawing.answer(output, query)
    yield* FiberHandle.run(rest, Effect.andThen(Effect.sleep(limits.screenIdleMs), drop))
    return answers
  })
})

/** Until the output says otherwise, which it does at its first byte. */
const anySize = { cols: 80, rows: 24 }
