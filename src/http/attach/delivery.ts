/** What has reached the client's socket, and at which output offset it stands: one frame under way at a time. */
import type { WebSocket } from "@effect/platform-node/NodeWS"
import { Effect } from "effect"
import type { Size } from "../../domain/spec.ts"
import type { Sequence } from "../../domain/terminal/sequences.ts"
import { Switches } from "../../domain/terminal/switches.ts"
import type { ServerFrame } from "../contract/terminal.ts"
import { ConnectionLost } from "./ending.ts"

export class Delivery {
  readonly #webSocket: WebSocket
  readonly #waiting = new Map<() => void, number>()
  #offset = 0
  #redraw: { readonly size: Size | null } | null = null
  #onRedraw: () => void = () => {}
  #switches = new Switches()
  /** Frames handed to the kernel so far: while it grows, the client is reading. */
  sent = 0

  /** Called before the first byte of another terminal. */
  onRenew: () => void = () => {}

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

  /** The agent is gone, and its terminal with it: what it left switched on, or half written, is no concern of the next one's. */
  readonly renew: Effect.Effect<void, ConnectionLost> = Effect.suspend(() => {
    const off = this.#switches.off()
    this.#switches = new Switches()
    this.renewals += 1
    this.onRenew()
    return this.bytes(Buffer.from(`${off}${switchedOff}`))
  })

  /** Follows the modes that this client's terminal was made to switch on. */
  readonly passed = {
    sequence: (sequence: Sequence) => this.#switches.sequence(sequence),
    control: (code: number) => this.#switches.control(code)
  }

  /** How many terminals this client's has shown after the first. */
  renewals = 0
  /** Of the client's terminal, where it has said. */
  own: Size | null = null

  /** The client's screen is to be drawn again: at that size, or at the size it has. */
  redraw(size: Size | null): Effect.Effect<void> {
    return Effect.sync(() => {
      this.#redraw = { size: size ?? this.#redraw?.size ?? null }
      this.#onRedraw()
    })
  }

  /** Resolves when a redraw is asked for. */
  readonly redrawAsked: Effect.Effect<void> = Effect.callback((resume) => {
    if (this.#redraw !== null) return resume(Effect.void)
    this.#onRedraw = () => resume(Effect.void)
    return Effect.sync(() => {
      this.#onRedraw = () => {}
    })
  })

  /** What was asked for last; several that wait are one. */
  takeRedraw(): { readonly size: Size | null } | null {
    const asked = this.#redraw
    this.#redraw = null
    return asked
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

/** What stays on the screen stays. Whatever the agent did before this client came, the main screen, the region and the style are as ever. */
const switchedOff = "\x1b[?1049l\x1b7\x1b[!p\x1b[?7h\x1b[?25h\x1b[4l\x1b>\x1b[r\x1b8\x1b[m\x1b(B\x0f\x1b]8;;\x1b\\"
