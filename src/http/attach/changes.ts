/** What a person at the terminal should know beside its bytes: resizes, ends, relaunches, each at its place in the output. */
import { Effect, Option, Stream } from "effect"
import { Sessions } from "../../actors/sessions.ts"
import type { Size } from "../../domain/spec.ts"
import { type Entry, EventReader } from "../../infra/log/event-store.ts"
import type { Delivery } from "./delivery.ts"
import type { Ending } from "./ending.ts"
import type { Party } from "./party.ts"

/** The last bytes of a generation are in its files before its end is a fact; a stalled client must not wait for its own lag. */
const orderMs = 5_000

/** Ends when the session can never run again, or when its log cannot be read. */
export const changesOf = Effect.fnUntraced(function* (delivery: Delivery, { attachment: { view }, id }: Party) {
  const reader = yield* EventReader
  const sessions = yield* Sessions
  let { generation, size }: { generation: number; size: Size } = view

  const tell = Effect.fnUntraced(function* (entry: Entry) {
    const { data } = entry
    switch (entry.type) {
      case "Resized": {
        const before = size
        size = data.size as Size
        // A client that names the size which the session has changes nothing that is drawn.
        if (before.cols === size.cols && before.rows === size.rows) yield* delivery.control({ type: "resize", ...size })
        else yield* delivery.redraw(size)
        return null
      }
      case "ProcessSpawned":
        if (entry.generation <= generation) return null
        generation = entry.generation
        yield* delivery.control({ type: "generation", generation })
        return null
      case "GenerationEnded": {
        yield* inOrder(delivery, data.offset)
        const state = yield* Effect.match(sessions.get(id), { onFailure: () => "unknown", onSuccess: ({ state }) => state as string })
        yield* delivery.renew
        const { cause, code, signal } = data as { cause: { type: string }; code: number | null; signal: string | null }
        yield* delivery.control({ type: "exit", generation: entry.generation, code, signal, cause: cause.type, state })
        return null
      }
      case "SessionTerminated":
        return { code: 1000, reason: "the session is over" } satisfies Ending
      default:
        return null
    }
  })

  const ending = yield* reader.follow({ stream: id, after: view.seq }).pipe(
    Stream.mapEffect(tell),
    Stream.filter((ending) => ending !== null),
    Stream.runHead,
    Effect.catchTag("StoreFailure", () => Effect.succeed(Option.some({ code: 1011, reason: "the log cannot be read" })))
  )
  return Option.getOrElse(ending, (): Ending => ({ code: 1000, reason: "the session is over" }))
})

const inOrder = (delivery: Delivery, offset: unknown) =>
  Effect.ignore(Effect.timeout(delivery.until(typeof offset === "number" ? offset : 0), orderMs))
