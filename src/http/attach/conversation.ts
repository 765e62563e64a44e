/** One terminal connection: the screen, then every byte after it; keystrokes back; and an end that says why. */
import type { WebSocket } from "@effect/platform-node/NodeWS"
import { Effect } from "effect"
import { once } from "../contained.ts"
import { Draining } from "../draining.ts"
import { changesOf } from "./changes.ts"
import { Delivery } from "./delivery.ts"
import type { Ending } from "./ending.ts"
import { keepAlive } from "./keep-alive.ts"
import { keystrokes } from "./keystrokes.ts"
import { outputOf } from "./live-output.ts"
import type { Party } from "./party.ts"

/** How long the other side may take to answer a close. */
const closingMs = 2_000

/** Returns when the connection has ended, from either side. */
export const converse = Effect.fnUntraced(function* (webSocket: WebSocket, party: Party) {
  const delivery = new Delivery(webSocket)
  delivery.own = party.own
  const { begun } = yield* Draining
  const ending: Ending = yield* Effect.raceAllFirst([
    keystrokes(webSocket, delivery, party),
    outputOf(delivery, party),
    changesOf(delivery, party),
    keepAlive(webSocket, delivery),
    Effect.as(begun, { code: 1001, reason: "the daemon is shutting down" })
  ]).pipe(
    Effect.catchTag("ConnectionLost", () => Effect.succeed({ code: 1006, reason: "connection lost" })),
    Effect.onInterrupt(() => Effect.sync(() => webSocket.terminate()))
  )
  yield* bye(webSocket, ending)
})

const bye = (webSocket: WebSocket, { code, reason }: Ending) =>
  Effect.callback<void>((resume) => {
    if (webSocket.readyState === webSocket.CLOSED) return resume(Effect.void)
    once(webSocket, "close", webSocket, () => resume(Effect.void))
    if (code === 1006) webSocket.terminate()
    else {
      // The other side's answer must be read, also when its last frame was not.
      webSocket.resume()
      webSocket.close(code, reason)
    }
  }).pipe(Effect.timeoutOrElse({ duration: closingMs, orElse: () => Effect.sync(() => webSocket.terminate()) }))
