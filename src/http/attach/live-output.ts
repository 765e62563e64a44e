/**
 * The screen at one exact byte, then everything from that byte on but the questions to a terminal, which are answered here: asked
 * again of a person's terminal, its answers would be typed too. A client too far behind gets the present screen instead.
 */
import { Effect, Stream } from "effect"
import { limits } from "../../domain/limits.ts"
import { makeQueryFilter } from "../../domain/terminal-queries.ts"
import { Output, type OutputChunk } from "../../infra/output/output.ts"
import { Screens } from "../../infra/screens/screens.ts"
import type { Delivery } from "./delivery.ts"
import type { ConnectionLost } from "./ending.ts"
import type { Party } from "./party.ts"

/** Never ends by itself. */
export const outputOf = Effect.fnUntraced(function* (delivery: Delivery, { attachment: { view }, id, mode }: Party) {
  const output = yield* Output
  const screens = yield* Screens
  const first = yield* screens.restore(id, view.size)
  const { generation, state } = view
  yield* delivery.control({ type: "hello", offset: first.offset, size: first.size, generation, state, mode })
  yield* delivery.bytes(first.bytes)
  let at = first.offset
  let withoutQueries = makeQueryFilter()
  delivery.reached(at)

  /** True while the client keeps up. */
  const deliver = Effect.fnUntraced(function* (chunk: OutputChunk) {
    if (chunk._tag === "Gap") return false
    // A chunk that is not full is the newest there is, so only a full one is worth a look at the end.
    if (chunk.bytes.length >= chunkBytes && (yield* output.end(id)) - chunk.offset > limits.attachLagBytes) return false
    const shown = withoutQueries(chunk.bytes)
    if (shown.length > 0) yield* delivery.bytes(shown)
    at = chunk.offset + chunk.bytes.length
    delivery.reached(at)
    return true
  })

  return yield* Effect.forever(
    Effect.gen(function* () {
      yield* Stream.runForEachWhile(output.follow(id, at), deliver)
      const present = yield* screens.restore(id, view.size)
      yield* delivery.control({ type: "gap", from: at, to: present.offset })
      yield* delivery.bytes(present.bytes)
      at = present.offset
      withoutQueries = makeQueryFilter()
      delivery.reached(at)
    })
  ) as Effect.Effect<never, ConnectionLost, Output | Screens>
})

/** What `Output.follow` reads at once. */
const chunkBytes = 65_536
