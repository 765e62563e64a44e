/** What has reached the client's socket, and at which output offset it stands: one frame under way at a time. */
import type { WebSocket } from "@effect/platform-node/NodeWS"
import { Effect } from "effect"
import type { ServerFrame } from "../contract/terminal.ts"
import { ConnectionLost } from "./ending.ts"

export class Delivery {
  readonly #webSocket: WebSocket
  readonly #waiting = new Map<() => void, number>()
  #offset = 0
  /** Frames handed to the kernel so far: while it grows, somebody is reading. */
  sent = 0

  constructor(webSocket: WebSocket) {
    this.#webSocket = webSocket
  }

  /** Returns when the kernel has taken the frame: a client that does not read holds one chunk and no more. */
  bytes(bytes: Uint8Array): Effect.Effect<void, ConnectionLost> {
    return this.#send(bytes)
  }

  control(frame: ServerFrame): Effect.Effect<void, ConnectionLost> {
    return this.#send(JSON.stringify(frame))
  }

  #send(payload: Uint8Array | string): Effect.Effect<void, ConnectionLost> {
    return Effect.callback((resume) =>
      this.#webSocket.send(payload, (error) => {
        this.sent += 1
        resume(error == null ? Effect.void : Effect.fail(new ConnectionLost()))
      })
    )
  }

  reached(offset: number): void {
    this.#offset = offset
    for (const [wake, wanted] of this.#waiting) {
      if (wanted > offset) continue
      this.#waiting.delete(wake)
      wake()
    }
  }

  /** Resolves when the client has been sent everything before `offset`. */
  until(offset: number): Effect.Effect<void> {
    return Effect.callback((resume) => {
      if (this.#offset >= offset) return resume(Effect.void)
      const wake = () => resume(Effect.void)
      this.#waiting.set(wake, offset)
      return Effect.sync(() => this.#waiting.delete(wake))
    })
  }
}
