/** One Node server: guard first, then the routes; slow senders and too many connections are cut off by name. */
import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http"
import type { ListenOptions } from "node:net"
import type { Duplex } from "node:stream"
import { Effect, Schema } from "effect"
import { limits } from "../domain/limits.ts"
import { type Admission, judge } from "./guard.ts"
import { parserProblem, turnAway, turnAwaySocket } from "./raw-answer.ts"

export class ListenFailed extends Schema.TaggedError<ListenFailed>()("ListenFailed", {
  place: Schema.String,
  code: Schema.String
}) {
  override get message() {
    return this.code === "EADDRINUSE" ? `${this.place} is in use by another program` : `nothing can listen at ${this.place} (${this.code})`
  }
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void
export type UpgradeHandler = (admitted: Admission, request: IncomingMessage, socket: Duplex, head: Buffer) => void

/**
 * Asked to check the length of a body, Node writes head and body in two pieces instead of one: a third of the throughput. Bodies
 * here are whole texts with their own length; the one stream that announces a length breaks its connection when it falls short.
 */
class Answer extends ServerResponse {}
Object.defineProperty(Answer.prototype, "strictContentLength", { get: () => false, set: () => {} })

/** Handlers come after the port is known, which the guard needs: `admit` is asked for it at every request. */
export const makeServer = (admit: () => Admission, onRequest: RequestHandler, onUpgrade: UpgradeHandler): Server => {
  const server = createServer({
    ServerResponse: Answer,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: 65_000,
    // Each look wakes an idle daemon: a slow sender may have a few seconds more than it was granted.
    connectionsCheckingInterval: 5_000,
    maxHeaderSize: 16_384,
    /** The guard says it with a problem. */
    requireHostHeader: false,
    /** Offers of other protocols (`h2c`) are declined by answering in this one. */
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === "websocket"
  })
  server.maxConnections = limits.connections
  server.on("request", (request, response) => {
    const told = judge(admit(), request)
    if (told === null) onRequest(request, response)
    else turnAway(response, told)
  })
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy())
    onUpgrade(admit(), request, socket, head)
  })
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ECONNRESET") socket.destroy()
    else turnAwaySocket(socket, parserProblem(error))
  })
  return server
}

export const listen = (server: Server, options: ListenOptions, place: string): Effect.Effect<void, ListenFailed> =>
  Effect.callback((resume) => {
    const failed = (error: NodeJS.ErrnoException) => resume(Effect.fail(new ListenFailed({ place, code: error.code ?? error.message })))
    server.once("error", failed)
    server.listen(options, () => {
      server.off("error", failed)
      /** Running out of descriptors must not end the daemon; the connection is refused, and the next one may do better. */
      server.on("error", () => {})
      resume(Effect.void)
    })
  })

/** Accepts nothing more, lets what is under way finish, and cuts what has not after `drainMs`. */
export const close = (server: Server): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const idle = setInterval(() => server.closeIdleConnections(), 50)
    const late = setTimeout(() => server.closeAllConnections(), limits.drainMs)
    server.close(() => {
      clearInterval(idle)
      clearTimeout(late)
      resume(Effect.void)
    })
  })
