/** What the client sends: keystrokes in order, one frame at a time, and window sizes; anything else ends the connection. */
import type { WebSocket } from "@effect/platform-node/NodeWS"
import { Effect, Option, Queue, Schema } from "effect"
import { Sessions } from "../../actors/sessions.ts"
import { makeComposer } from "../../domain/composer.ts"
import { limits } from "../../domain/limits.ts"
import { Answering } from "../../infra/screens/answering.ts"
import { on, once } from "../contained.ts"
import { ClientFrame } from "../contract/terminal.ts"
import type { Delivery } from "./delivery.ts"
import type { Ending } from "./ending.ts"
import type { Party } from "./party.ts"

interface Frame {
  readonly bytes: Uint8Array
  readonly binary: boolean
}

const decodeFrame = Schema.decodeUnknownOption(Schema.fromJsonString(ClientFrame), { onExcessProperty: "error" })

/** Ends with the connection, or with a frame that the protocol does not allow. */
export const keystrokes = Effect.fnUntraced(function* (
  webSocket: WebSocket,
  delivery: Delivery,
  { attachment, by, client, id, mode }: Party
) {
  const sessions = yield* Sessions
  const answering = yield* Answering
  const frames = yield* Queue.unbounded<Frame | Ending>()
  on(webSocket, "message", webSocket, (payload: Buffer, binary: boolean) => {
    // Not another frame is read from the socket until this one is typed: a paste waits in the client, not here.
    webSocket.pause()
    Queue.offerUnsafe(frames, { bytes: payload, binary })
  })
  once(webSocket, "close", webSocket, (code: number) => void Queue.offerUnsafe(frames, { code, reason: "closed by the client" }))
  if (webSocket.readyState !== webSocket.OPEN) return { code: 1000, reason: "closed by the client" } satisfies Ending

  const composer = makeComposer()
  for (;;) {
    const frame = yield* Queue.take(frames)
    if (!("binary" in frame)) return frame
    const ending = frame.binary ? yield* typed(frame.bytes) : yield* resized(frame.bytes)
    if (ending !== null) return ending
    webSocket.resume()
  }

  function typed(bytes: Uint8Array): Effect.Effect<Ending | null> {
    if (mode === "view") return Effect.succeed({ code: 1008, reason: "this connection may only look" })
    const left = composer(bytes)
    // In the log before the first byte is typed, so that no prompt is typed behind it; and after the byte that sends it.
    return Effect.andThen(left === "open" ? told(true) : Effect.void, passed(bytes)).pipe(
      Effect.tap(() => (left === "empty" ? told(false) : Effect.void))
    )
  }

  /** A log that takes nothing now must not keep a person from typing. */
  function told(open: boolean): Effect.Effect<void> {
    return Effect.gen(function* () {
      const { typing } = yield* sessions.get(id)
      if ((typing !== null) !== open) yield* sessions.send(id, { type: "Typing", client, open, by }, { by })
    }).pipe(Effect.ignore)
  }

  function passed(bytes: Uint8Array): Effect.Effect<Ending | null> {
    return Effect.flatMap(Effect.option(sessions.get(id)), (view) =>
      // A stopped process reads nothing, and all of it at once when it goes on.
      view._tag === "Some" && view.value.suspended !== null ? Effect.succeed(null) : sent(bytes)
    )
  }

  function sent(bytes: Uint8Array): Effect.Effect<Ending | null> {
    return attachment.type(bytes).pipe(
      Effect.as(null),
      // While no process is up, no terminal takes keys; the client knows of the exit. Else it must know that they are lost.
      Effect.catch(({ reason }) =>
        Effect.succeed(reason === "gone" ? null : { code: 1013, reason: "the keys were not typed: the holder does not answer" })
      )
    )
  }

  function resized(bytes: Uint8Array): Effect.Effect<Ending | null> {
    const frame = Option.getOrNull(decodeFrame(Buffer.from(bytes).toString("utf8")))
    if (frame?.type === "asking") return Effect.as(mode === "view" ? Effect.void : answering.expect(id), null)
    if (frame?.type === "colours") return Effect.as(mode === "view" ? Effect.void : answering.paint(id, frame.colours, frame.isLast), null)
    if (frame === null || frame.cols < 1 || frame.rows < 1) {
      return Effect.succeed({ code: 1007, reason: "a text frame must be a known control" })
    }
    // A terminal that is larger than the largest shows a smaller one, and is no reason to end the connection.
    const size = { cols: Math.min(frame.cols, limits.cols.maximum), rows: Math.min(frame.rows, limits.rows.maximum) }
    // A terminal that changes its size moves its lines by rules of its own, also where the session's size stays.
    const { own } = delivery
    const isNew = own === null || own.cols !== size.cols || own.rows !== size.rows
    delivery.own = size
    // A viewer does not change what other clients see.
    if (mode === "view") return Effect.as(isNew ? delivery.redraw(null) : Effect.void, null)
    return Effect.gen(function* () {
      yield* sessions.send(id, { type: "Resize", size, client, by }, { by })
      const decided = (yield* sessions.get(id)).size
      if (isNew && (own !== null || decided.cols !== size.cols || decided.rows !== size.rows)) yield* delivery.redraw(decided)
    }).pipe(Effect.ignore, Effect.as(null))
  }
})
