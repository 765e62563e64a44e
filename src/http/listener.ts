/** One Node server: the guard first, then the routes. No request, however it is written or cut off, ends more than its connection. */
import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http"
import type { ListenOptions, Socket } from "node:net"
import type { Duplex } from "node:stream"
import { Effect, Schema } from "effect"
import { limits } from "../domain/limits.ts"
import type { Answer, Connections, Listener } from "./connections.ts"
import { on, once, onEach } from "./contained.ts"
import { type Admission, type Admitted, isRefused, judge } from "./guard.ts"
import { nothingThere } from "./not-found.ts"
import { problem } from "./problems.ts"
import { parserProblem, refuse, turnAway, turnAwaySocket } from "./raw-answer.ts"

export class ListenFailed extends Schema.TaggedError<ListenFailed>()("ListenFailed", {
  place: Schema.String,
  code: Schema.String
}) {
  override get message() {
    if (this.code === "EISDIR") return `${this.place} is a directory: remove it, and start again`
    return this.code === "EADDRINUSE" ? `${this.place} is in use by another program` : `nothing can listen at ${this.place} (${this.code})`
  }
}

export type RequestHandler = (admitted: Admitted, request: IncomingMessage, response: ServerResponse) => void
export type UpgradeHandler = (admitted: Admitted, request: IncomingMessage, socket: Duplex, head: Buffer) => void

export interface Door {
  /** The port is known only after the server exists, and the guard needs it: it is asked at every request. */
  readonly admit: () => Admission
  readonly connections: Connections
  readonly listener: Listener
  readonly onRequest: RequestHandler
  readonly onUpgrade: UpgradeHandler
}

class OwnAnswer extends ServerResponse implements Answer {
  #isClosed = false

  constructor(request: IncomingMessage) {
    super(request)
    once(this, "close", null, () => {
      this.#isClosed = true
    })
  }

  abandon(): void {
    if (this.#isClosed) return
    this.destroyed = true
    this.emit("close")
  }
}
Object.defineProperty(OwnAnswer.prototype, "strictContentLength", { get: () => false, set: () => {} })

export const makeServer = (door: Door): Server => {
  const server = createServer({
    ServerResponse: OwnAnswer as unknown as typeof ServerResponse,
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
  const { connections, listener } = door
  const ofResponse = (_request: IncomingMessage, response: ServerResponse) => response
  const ofSocket = (_request: IncomingMessage, socket: Duplex, _head: Buffer) => socket
  on(server, "connection", null, (socket: Socket) => connections.open(socket, listener))
  onEach(server, "request", ofResponse, (request: IncomingMessage, response: OwnAnswer) => receive(door, request, response, "nothing"))
  onEach(server, "checkContinue", ofResponse, (request: IncomingMessage, response: OwnAnswer) =>
    receive(door, request, response, "continue")
  )
  onEach(server, "checkExpectation", ofResponse, (request: IncomingMessage, response: OwnAnswer) =>
    receive(door, request, response, "something else")
  )
  onEach(server, "upgrade", ofSocket, (request: IncomingMessage, socket: Duplex, head: Buffer) => upgrade(door, request, socket, head))
  onEach(server, "connect", ofSocket, (_request: IncomingMessage, socket: Duplex) =>
    turnAwaySocket(socket, problem("method_not_allowed", "this daemon is no proxy"))
  )
  onEach(
    server,
    "clientError",
    (_error: NodeJS.ErrnoException, socket: Duplex) => socket,
    (error: NodeJS.ErrnoException, socket: Duplex) => {
      // An answer on its way must not be mixed with this one.
      if (error.code === "ECONNRESET" || connections.pending(socket as Socket) > 0) socket.destroy()
      else turnAwaySocket(socket, parserProblem(error))
    }
  )
  return server
}

/** `expects`: what the `Expect` header asks for before the body is sent. */
const receive = (
  { admit, connections, onRequest }: Door,
  request: IncomingMessage,
  response: OwnAnswer,
  expects: "nothing" | "continue" | "something else"
): void => {
  const { socket } = request
  if (!connections.begin(socket, response)) return
  const judged = judge(admit(), request, "answer")
  if (isRefused(judged)) {
    connections.refuse(socket)
    return void turnAway(response, judged)
  }
  if (judged.hasToken) connections.trust(socket)
  if (judged.route === null) return void refuse(request, response, nothingThere(judged))
  if (expects === "something else") return void refuse(request, response, problem("expectation_failed", "Expect may only say 100-continue"))
  if (expects === "continue") response.writeContinue()
  onRequest(judged, request, response)
}

const upgrade = ({ admit, connections, onUpgrade }: Door, request: IncomingMessage, socket: Duplex, head: Buffer): void => {
  // Answers to earlier requests would be written between the frames.
  if (connections.pending(socket as Socket) > 0) return void socket.destroy()
  const judged = judge(admit(), request, "WebSocket")
  if (isRefused(judged)) return void turnAwaySocket(socket, judged)
  if (judged.route === null) return void turnAwaySocket(socket, nothingThere(judged))
  onUpgrade(judged, request, socket, head)
}

export const listen = (server: Server, options: ListenOptions, place: string): Effect.Effect<void, ListenFailed> =>
  Effect.callback((resume) => {
    const off = on(server, "error", null, (error: NodeJS.ErrnoException) =>
      resume(Effect.fail(new ListenFailed({ place, code: error.code ?? error.message })))
    )
    server.listen(options, () => {
      off()
      /** Running out of descriptors must not end the daemon; the connection is refused, and the next one may do better. */
      on(server, "error", null, () => {})
      resume(Effect.void)
    })
  })

/** Accepts nothing more and lets what is under way finish; `drainMs` later the caller closes every connection. */
export const close = (server: Server): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const idle = setInterval(() => server.closeIdleConnections(), 50)
    server.close(() => {
      clearInterval(idle)
      resume(Effect.void)
    })
    return Effect.sync(() => clearInterval(idle))
  })
