/** One WebSocket to a session's terminal: bytes both ways as they come, control frames in order, its end exactly once. */
import { connect as connectTo } from "node:net"
import { WebSocket } from "@effect/platform-node/NodeWS"
import { Effect, Option, Schema } from "effect"
import type { Size } from "../../domain/spec.ts"
import type { TerminalColours } from "../../domain/terminal/terminal-colours.ts"
import type { Connection } from "../../http/client.ts"
import { type AttachMode, attachProtocol, ServerFrame, terminalHeader } from "../../http/contract/terminal.ts"
import { Problem } from "../../http/problems.ts"
import { assertOwnSocket, SocketRefused } from "../../infra/trusted-place.ts"
import { asCli } from "../daemon.ts"
import { Failure } from "../failures.ts"

export interface Heard {
  /** False when the terminal is slow; then `resumeReading` says when to go on. */
  readonly output: (bytes: Uint8Array) => boolean
  readonly frame: (frame: ServerFrame) => void
  /** The daemon has sent something: it reads what it is sent. */
  readonly answered: () => void
  readonly closed: (code: number, reason: string) => void
}

export interface Link {
  readonly type: (bytes: Uint8Array) => void
  readonly resize: (size: Size) => void
  readonly asking: () => void
  readonly colours: (colours: TerminalColours, isLast: boolean) => void
  readonly resumeReading: () => void
}

/** No connection came to be. */
export class LinkFailure extends Schema.TaggedError<LinkFailure>()("LinkFailure", { reason: Schema.String }) {}

/** Open until the scope closes. A refusal is the daemon's own `Problem`; no answer at all is a `LinkFailure`. */
export const openLink = (connection: Connection, session: string, mode: AttachMode, size: Size, heard: Heard) =>
  Effect.acquireRelease(open(connection, session, mode, size, heard), ({ close }) => Effect.sync(close))

const openMs = 10_000
/** What the contract lets a client send in one frame. */
const frameBytes = 65_536
/** A daemon that says nothing at all for this long, not even a ping's answer, is gone (a stopped process, a cut cable). */
const silenceMs = 30_000
const pingMs = 10_000

/** Why the socket is not connected to; null where it may be. */
const refusalAt = (place: string | undefined): string | null => {
  try {
    if (place !== undefined) assertOwnSocket(place)
    return null
  } catch (error) {
    return error instanceof SocketRefused ? error.message : String(error)
  }
}

const open = (connection: Connection, session: string, mode: AttachMode, { cols, rows }: Size, heard: Heard) =>
  Effect.callback<Link & { readonly close: () => void }, Problem | LinkFailure | Failure>((resume) => {
    const path = `/v1/sessions/${encodeURIComponent(session)}/attach?mode=${mode}`
    const base = connection.url.replace(/^http/, "ws").replace(/\/$/, "")
    const { socket: place } = connection
    const refusal = refusalAt(place)
    if (refusal !== null) {
      resume(Effect.fail(new LinkFailure({ reason: refusal })))
      return
    }
    const socket = new WebSocket(`${base}${path}`, [attachProtocol], {
      headers: { authorization: `Bearer ${connection.token}`, [terminalHeader]: `${cols}x${rows}`, ...asCli },
      handshakeTimeout: openMs,
      // Keystrokes are too short to be worth compressing, and output is local.
      perMessageDeflate: false,
      // Not `ws+unix:`: a path in a URL is taken apart at a colon, a hash or a space.
      ...(place === undefined ? {} : { createConnection: () => connectTo({ path: place }) })
    })
    socket.binaryType = "nodebuffer"
    let opened = false
    let over = false
    let silent = 0

    const watch = setInterval(() => {
      silent += pingMs
      if (silent > silenceMs) socket.terminate()
      else if (opened) socket.ping()
    }, pingMs)
    const end = (code: number, reason: string) => {
      if (over) return
      over = true
      clearInterval(watch)
      if (opened) heard.closed(code, reason)
      else resume(Effect.fail(new LinkFailure({ reason })))
    }
    const refuse = (refusal: Problem | Failure) => {
      over = true
      clearInterval(watch)
      resume(Effect.fail(refusal))
    }

    socket.on("open", () => {
      opened = true
      resume(Effect.succeed(link))
    })
    socket.on("pong", () => {
      silent = 0
      heard.answered()
    })
    socket.on("message", (message: Buffer, binary: boolean) => {
      silent = 0
      heard.answered()
      if (over) return
      if (!binary) Option.match(decodeFrame(message.toString("utf8")), { onNone: () => {}, onSome: heard.frame })
      else if (!heard.output(message)) socket.pause()
    })
    socket.on("unexpected-response", (request, response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("end", () => {
        const body = Buffer.concat(chunks).toString("utf8")
        refuse(Option.getOrElse(decodeProblem(body), () => new Failure({ message: `the daemon answered ${response.statusCode}` })))
        request.destroy()
      })
    })
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (!opened) end(0, error.code ?? error.message)
    })
    socket.on("close", (code: number, reason: Buffer) => end(code, reason.toString("utf8")))

    const link = {
      type: (bytes: Uint8Array) => {
        if (socket.readyState !== WebSocket.OPEN) return
        for (let at = 0; at < bytes.length; at += frameBytes) socket.send(bytes.subarray(at, at + frameBytes), { binary: true })
      },
      resize: (size: Size) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "resize", ...size }))
      },
      asking: () => {
        if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "asking" }))
      },
      colours: (colours: TerminalColours, isLast: boolean) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "colours", colours, isLast }))
      },
      resumeReading: () => {
        if (socket.isPaused) socket.resume()
      },
      close: () => {
        over = true
        clearInterval(watch)
        socket.on("error", () => {})
        if (socket.readyState === WebSocket.CONNECTING) socket.terminate()
        else socket.close(1000)
        // A daemon that does not answer the close must not keep us here.
        setTimeout(() => socket.terminate(), 500).unref()
      }
    }
    return Effect.sync(link.close)
  })

/** Frames of later versions are none of ours: passed over. */
const decodeFrame = Schema.decodeUnknownOption(Schema.fromJsonString(ServerFrame))
const decodeProblem = Schema.decodeUnknownOption(Schema.fromJsonString(Problem))
