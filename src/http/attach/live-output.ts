/**
 * The screen at one exact byte, then everything from that byte on that a person's terminal may have. Questions to a terminal are not
 * among it: they are answered here, and a person's terminal would type its answers too. A client too far behind gets the present screen.
 */
import { Effect, Stream } from "effect"
import { limits } from "../../domain/limits.ts"
import { makeShownOutput } from "../../domain/terminal/shown-output.ts"
import { Output, type OutputChunk } from "../../infra/output/output.ts"
import { type Restore, Screens } from "../../infra/screens/screens.ts"
import type { Delivery } from "./delivery.ts"
import type { ConnectionLost } from "./ending.ts"
import type { Party } from "./party.ts"

/** Never ends by itself. */
export const outputOf = Effect.fnUntraced(function* (delivery: Delivery, { attachment: { view }, id, mode }: Party) {
  const output = yield* Output
  const screens = yield* Screens
  /** Without a screen nothing is restored, and the output goes on where it is. */
  const present = screens.restore(id, view.size).pipe(
    Effect.map((restore) => ({ ...restore, isKnown: true })),
    Effect.catchTag("ScreenUnavailable", () =>
      Effect.map(output.end(id), (offset) => ({ offset, size: view.size, bytes: resetting, dropping: null, isKnown: false }))
    )
  )
  const first = yield* present
  const { generation, state } = view
  const screen = first.isKnown ? {} : { screen: "unavailable" as const }
  yield* delivery.control({ type: "hello", offset: first.offset, size: first.size, generation, state, mode, ...screen })
  let at = 0
  let shown = makeShownOutput(everyPerson, { passed: delivery.passed })

  const restored = Effect.fnUntraced(function* ({ bytes, dropping, offset }: Restore) {
    // Through the same rules as what comes after it, which go on from there.
    shown = makeShownOutput(everyPerson, { dropping: null, passed: delivery.passed })
    yield* delivery.bytes(shown.push(bytes))
    if (dropping !== null) shown = makeShownOutput(everyPerson, { dropping, passed: delivery.passed })
    at = offset
    delivery.reached(at)
  })

  /** True while the client keeps up. */
  const deliver = Effect.fnUntraced(function* (chunk: OutputChunk) {
    if (chunk._tag === "Gap") return false
    // A chunk that is not full is the newest there is, so only a full one is worth a look at the end.
    if (chunk.bytes.length >= chunkBytes && (yield* output.end(id)) - chunk.offset > limits.attachLagBytes) return false
    const bytes = shown.push(chunk.bytes)
    if (bytes.length > 0) yield* delivery.bytes(bytes)
    at = chunk.offset + chunk.bytes.length
    delivery.reached(at)
    return true
  })

  delivery.onRenew = () => {
    shown = makeShownOutput(everyPerson, { passed: delivery.passed })
  }
  yield* restored(first)
  return yield* Effect.forever(
    Effect.gen(function* () {
      yield* Stream.runForEachWhile(output.follow(id, at), deliver)
      const next = yield* present
      yield* delivery.control({ type: "gap", from: at, to: next.offset })
      yield* restored(next)
    })
  ) as Effect.Effect<never, ConnectionLost, Output | Screens>
})

/** Each client decides for its person whether an agent may write to the clipboard. */
const everyPerson = { clipboard: true }

/** What `Output.follow` reads at once. */
const chunkBytes = 65_536

/** Modes off, the main screen, blank: a start for what comes next. */
const resetting = new TextEncoder().encode("\x1b[?1049l\x1b[!p\x1b[?7h\x1b[m\x1b[r\x1b[?25h\x1b[H\x1b[2J")
