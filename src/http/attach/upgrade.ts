/** The way to a terminal: everything that can be refused is refused in HTTP, before there is a WebSocket. */
import { randomUUID } from "node:crypto"
import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { type WebSocket, WebSocketServer } from "@effect/platform-node/NodeWS"
import { Cause, Effect, Fiber, Result, Schema, type Scope } from "effect"
import { type Attachment, Sessions } from "../../actors/sessions.ts"
import { SessionId } from "../../domain/ids.ts"
import { limits } from "../../domain/limits.ts"
import type { Size } from "../../domain/spec.ts"
import type { EventReader } from "../../infra/log/event-store.ts"
import type { Output } from "../../infra/output/output.ts"
import type { Answering } from "../../infra/screens/answering.ts"
import type { Screens } from "../../infra/screens/screens.ts"
import { on, once } from "../contained.ts"
import { clientName } from "../contract/common.ts"
import { type AttachMode, AttachQuery, attachProtocol, terminalHeader } from "../contract/terminal.ts"
import type { Draining } from "../draining.ts"
import type { Admitted } from "../guard.ts"
import type { UpgradeHandler } from "../listener.ts"
import { type Problem, problem } from "../problems.ts"
import { turnAwaySocket } from "../raw-answer.ts"
import { toProblem } from "../refusals.ts"
import { fieldErrors, invalid, invalidField } from "../request.ts"
import { Tickets } from "../tickets.ts"
import { converse } from "./conversation.ts"

type Needed = Answering | Sessions | EventReader | Output | Screens | Tickets | Draining

/** `scope` ends every terminal with the server. */
export const makeAttachHandler = Effect.fnUntraced(function* (scope: Scope.Scope) {
  const context = yield* Effect.context<Needed>()
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.clientFrameBytes,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: () => attachProtocol
  })
  const run = Effect.runForkWith(context)
  const onUpgrade: UpgradeHandler = (admitted, request, socket, head) => {
    const closed = new Promise<void>((resolve) => once(socket, "close", null, () => resolve()))
    Fiber.runIn(run(attach(request, admitted, handshake(webSockets, request, socket, head, closed), socket)), scope)
  }
  return onUpgrade
})

/** `80x24`, clamped; null: the client does not say, or says something else. */
const sizeOf = (header: string | ReadonlyArray<string> | undefined): Size | null => {
  const [, cols = 0, rows = 0] = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(String(header))?.map(Number) ?? []
  return cols === 0 ? null : { cols: Math.min(cols, limits.cols.maximum), rows: Math.min(rows, limits.rows.maximum) }
}

const decodeId = Schema.decodeUnknownResult(SessionId)
const decodeQuery = Schema.decodeUnknownResult(AttachQuery, { onExcessProperty: "error", errors: "all" })

const attach = (request: IncomingMessage, admitted: Admitted, open: Effect.Effect<WebSocket, SocketGone>, socket: Duplex) => {
  let opened = false
  return Effect.gen(function* () {
    const { id, mode } = yield* wishOf(request, admitted)
    const by = request.headers["x-reprise-client"]
    const asking = { by: typeof by === "string" && clientName.test(by) ? by : "api" }
    const client = randomUUID()
    const attachment: Attachment = yield* Effect.mapError((yield* Sessions).attach(id, client, mode, asking), toProblem)
    const webSocket = yield* open
    opened = true
    yield* converse(webSocket, { id, client, mode, attachment, by: asking.by, own: sizeOf(request.headers[terminalHeader]) })
  }).pipe(
    Effect.scoped,
    Effect.catchTag("Problem", (told: Problem) => Effect.sync(() => (opened ? socket.destroy() : turnAwaySocket(socket, told)))),
    Effect.catchTag("SocketGone", () => Effect.void),
    Effect.catchCause((cause) => {
      socket.destroy()
      return Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.logError("a terminal connection failed", cause)
    })
  )
}

/** Which session, in which mode. */
const wishOf = Effect.fnUntraced(function* (request: IncomingMessage, { hasToken, id: idText, route, target }: Admitted) {
  if (route?.name !== "terminal.attach") return yield* problem("not_found", `no WebSocket is served at ${target.path}`)
  const id = Result.getOrNull(decodeId(idText))
  if (id === null) return yield* invalidField("id", "not a session id")
  const fields = new URLSearchParams(target.query)
  if (new Set(fields.keys()).size < fields.size) return yield* invalidField("query", "each field may be given once")
  const query = decodeQuery(Object.fromEntries(fields))
  if (Result.isFailure(query)) return yield* invalid(fieldErrors(query.failure.issue, "query"))
  if (request.headers.upgrade?.toLowerCase() !== "websocket") return yield* problem("upgrade_required", "this is a WebSocket")
  if (request.headers["sec-websocket-version"] !== "13") return yield* invalidField("sec-websocket-version", "must be 13")
  if (!keyText.test(request.headers["sec-websocket-key"] ?? "")) {
    return yield* invalidField("sec-websocket-key", "16 bytes in base 64")
  }
  const protocols = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim())
  if (!protocols.includes(attachProtocol)) return yield* invalidField("sec-websocket-protocol", `offer ${attachProtocol}`)
  const { mode = "control", ticket } = query.success
  // The guard let a request in for its token or for its ticket.
  if (ticket === undefined) return hasToken ? { id, mode } : yield* problem("unauthorized", "send the daemon's token or a ticket")
  const granted: AttachMode | null = yield* (yield* Tickets).redeem(ticket, id)
  if (granted === null) return yield* problem("unauthorized", "the ticket is used up, too old, or of another session")
  // A ticket to look at a terminal is none to type into it.
  return { id, mode: granted === "view" ? granted : mode }
})

const keyText = /^[A-Za-z0-9+/]{22}==$/

class SocketGone extends Schema.TaggedError<SocketGone>()("SocketGone", {}) {}

const handshake = (
  server: WebSocketServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  closed: Promise<void>
): Effect.Effect<WebSocket, SocketGone> =>
  Effect.callback((resume) => {
    if (socket.destroyed) return resume(Effect.fail(new SocketGone()))
    void closed.then(() => resume(Effect.fail(new SocketGone())))
    server.handleUpgrade(request, socket, head, (webSocket) => {
      // Before a frame is read: a broken one is an error event, and one without a handler is thrown.
      on(webSocket, "error", null, () => webSocket.terminate())
      resume(Effect.succeed(webSocket))
    })
  })
