/** Distinguishes a slow client from one that is gone: no answer and no progress for half a minute ends the connection. */
import type { WebSocket } from "@effect/platform-node/NodeWS"
import { Clock, Effect } from "effect"
import { limits } from "../../domain/limits.ts"
import { on } from "../contained.ts"
import type { Delivery } from "./delivery.ts"
import type { Ending } from "./ending.ts"

export const keepAlive = Effect.fnUntraced(function* (webSocket: WebSocket, delivery: Delivery) {
  let heard = true
  const hear = () => {
    heard = true
  }
  on(webSocket, "pong", webSocket, hear)
  on(webSocket, "message", webSocket, hear)
  let sent = delivery.sent
  let lastSign = yield* Clock.currentTimeMillis
  for (;;) {
    yield* Effect.sleep(limits.heartbeatMs)
    const now = yield* Clock.currentTimeMillis
    if (heard || delivery.sent !== sent) lastSign = now
    if (now - lastSign > limits.pongMs) return { code: 1006, reason: "no sign of life" } satisfies Ending
    heard = false
    sent = delivery.sent
    if (webSocket.readyState === webSocket.OPEN) webSocket.ping()
  }
})
