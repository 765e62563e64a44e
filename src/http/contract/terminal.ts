/** A session's terminal: its raw output, its screen, and the ticket that lets a browser attach to it. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import { TerminalColours } from "../../domain/terminal/terminal-colours.ts"
import { problems } from "../problems.ts"
import { At, ByteOffset, Flag, ofSession, params } from "./common.ts"

/** A WebSocket of this subprotocol is a terminal. */
export const attachProtocol = "reprise.attach.v1"

/**
 * The size of the client's terminal, as `80x24`, in a header of the upgrade; text frames say when it changes. Where the session's size
 * is another, the client gets the part of the screen that it has room for, drawn, and no raw output.
 */
export const terminalHeader = "x-reprise-terminal"

export const AttachMode = Schema.Literals(["control", "view"])
export type AttachMode = typeof AttachMode.Type

/** The visible screen after the byte before `offset`. `lines` are its rows, trailing blanks cut. */
export const Screen = Schema.Struct({
  cols: Schema.Int,
  rows: Schema.Int,
  cursor: Schema.Struct({ x: Schema.Int, y: Schema.Int }),
  title: Schema.String,
  altScreen: Schema.Boolean,
  offset: Schema.Int,
  lines: Schema.Array(Schema.String),
  /** Of a screen of the past: false where nothing is left that it begins with, so that what is far up may be missing. */
  exact: Schema.optionalKey(Schema.Boolean),
  /** Of a screen of the past: the newest fact before it. */
  seq: Schema.optionalKey(Schema.Int)
})
export type Screen = typeof Screen.Type

/** `from`: bytes from this offset on, or a `Range: bytes=…` header. `follow`: goes on as the terminal does, until a gap or the end. */
export const OutputQuery = Schema.Struct({ from: Schema.optionalKey(ByteOffset), follow: Schema.optionalKey(Flag) })
/** `at`: as it was when that fact happened, or at that time. */
export const ScreenQuery = Schema.Struct({
  format: Schema.optionalKey(Schema.Literals(["text", "ansi", "json"])),
  at: Schema.optionalKey(At)
})

/** `ticket` replaces the token, once, within half a minute. */
export const AttachQuery = Schema.Struct({ mode: Schema.optionalKey(AttachMode), ticket: Schema.optionalKey(Schema.String) })

export const TicketRequest = Schema.Struct({ mode: Schema.optionalKey(AttachMode) })
export const Ticket = Schema.Struct({ ticket: Schema.String, mode: AttachMode, expiresAt: Schema.String })
export type Ticket = typeof Ticket.Type

/** Text frames of the server. `hello` comes first, then the bytes that restore the screen, then live output from `offset` on. */
export const ServerFrame = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("hello"),
    offset: Schema.Int,
    size: Schema.Struct({ cols: Schema.Int, rows: Schema.Int }),
    generation: Schema.Int,
    state: Schema.String,
    mode: AttachMode,
    /** The session has no screen now: nothing is restored, and output begins here, in the middle of whatever the agent draws. */
    screen: Schema.optionalKey(Schema.Literal("unavailable"))
  }),
  /** Bytes that this terminal will not see; the screen is restored after it, and output goes on at `to`. */
  Schema.Struct({ type: Schema.Literal("gap"), from: Schema.Int, to: Schema.Int }),
  /** The terminal was resized, or the client's own was: the screen is drawn again behind this frame. */
  Schema.Struct({ type: Schema.Literal("resize"), cols: Schema.Int, rows: Schema.Int }),
  Schema.Struct({
    type: Schema.Literal("exit"),
    generation: Schema.Int,
    code: Schema.NullOr(Schema.Int),
    signal: Schema.NullOr(Schema.String),
    cause: Schema.String,
    state: Schema.String
  }),
  /** A relaunch: the next generation's output follows in this connection. */
  Schema.Struct({ type: Schema.Literal("generation"), generation: Schema.Int })
])
export type ServerFrame = typeof ServerFrame.Type

/** Text frames of the client; its binary frames are keystrokes. */
export const ClientFrame = Schema.Union([
  Schema.Struct({ type: Schema.Literal("resize"), cols: Schema.Int, rows: Schema.Int }),
  /** The client asks its terminal for its colours: an agent that wants them waits for the answer. */
  Schema.Struct({ type: Schema.Literal("asking") }),
  /** What the terminal has answered. `isLast`: no more answers come. */
  Schema.Struct({ type: Schema.Literal("colours"), colours: TerminalColours, isLast: Schema.Boolean })
])
export type ClientFrame = typeof ClientFrame.Type

export class TerminalApi extends HttpApiGroup.make("terminal")
  .add(
    HttpApiEndpoint.get("output", "/:id/output", {
      params,
      query: OutputQuery,
      headers: { range: Schema.optionalKey(Schema.String) },
      success: [HttpApiSchema.StreamUint8Array()],
      error: [...ofSession, ...problems(410, 416)]
    }),
    HttpApiEndpoint.get("screen", "/:id/screen", {
      params,
      query: ScreenQuery,
      headers: { accept: Schema.optionalKey(Schema.String) },
      success: [Screen, Schema.String.pipe(HttpApiSchema.asText())],
      error: [...ofSession, ...problems(410, 503)]
    }),
    HttpApiEndpoint.get("attach", "/:id/attach", {
      params,
      query: AttachQuery,
      success: HttpApiSchema.Empty(101),
      error: [...ofSession, ...problems(409, 426)]
    }),
    HttpApiEndpoint.post("attachTicket", "/:id/attach-tickets", {
      params,
      payload: TicketRequest,
      success: Ticket.pipe(HttpApiSchema.status(201)),
      error: [...ofSession, ...problems(413, 415)]
    })
  )
  .prefix("/v1/sessions") {}
