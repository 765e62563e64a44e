/** How a terminal connection ends: with a reason for the client, or because there is no client any more. */
import { Schema } from "effect"

/** A WebSocket close code and a few words. */
export interface Ending {
  readonly code: number
  readonly reason: string
}

/** The connection is gone, or a frame could not be sent over it. */
export class ConnectionLost extends Schema.TaggedError<ConnectionLost>()("ConnectionLost", {}) {}
