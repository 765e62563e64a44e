/** HTTP as bytes: a test sends what no client would, and reads each answer that comes back. */
import { connect, type Socket } from "node:net"

export interface RawReply {
  readonly status: number
  /** Names in lower case; a repeated header keeps its last value. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Exchange {
  readonly replies: ReadonlyArray<RawReply>
  /** Bytes behind the last whole reply. */
  readonly rest: Buffer
  /** The daemon ended the connection. */
  readonly ended: boolean
}

export interface SendOptions {
  /** Stop waiting after so many replies. */
  readonly replies?: number
  /** Stop waiting when nothing has come for so long. */
  readonly quietMs?: number
  /** Stop waiting then, also while something comes: a stream has no end. */
  readonly withinMs?: number
  /** Stop waiting after so many bytes. */
  readonly mostBytes?: number
  /** How the client leaves: politely, by a half-close right after its bytes, or by a reset. */
  readonly leave?: "end" | "half-close" | "reset"
  readonly isHead?: (index: number) => boolean
  /** Write in pieces of so many bytes. */
  readonly pieceBytes?: number
  /** Sent again and again behind the bytes, until the daemon ends the connection. */
  readonly drip?: { readonly text: string; readonly everyMs: number }
}

export type Place = { readonly port: number; readonly host?: string } | { readonly path: string }

export const placeOf = (url: string): { readonly port: number; readonly host: string } => {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port) }
}

/** Resolves with what came back, whatever happens to the connection; rejects only where none could be opened. */
export const send = (place: Place, bytes: Buffer | string, options: SendOptions = {}): Promise<Exchange> =>
  new Promise((resolve, reject) => {
    const { leave = "end", quietMs = 10_000, withinMs = 60_000 } = options
    const { mostBytes = Number.POSITIVE_INFINITY, replies: wanted = Number.POSITIVE_INFINITY } = options
    const reader = new ReplyReader(options.isHead)
    let connected = false
    const socket = connect({ allowHalfOpen: true, ...place }, () => {
      connected = true
      write(socket, typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, options.pieceBytes)
      if (leave === "half-close") socket.end()
    })
    const { drip } = options
    const dripping = drip === undefined ? undefined : setInterval(() => socket.write(drip.text), drip.everyMs)
    const late = setTimeout(() => finish(false), withinMs)
    const finish = (ended: boolean) => {
      if (leave === "reset" && "port" in place) socket.resetAndDestroy()
      else socket.destroy()
      resolve({ replies: reader.replies, rest: reader.rest, ended })
    }
    socket.setTimeout(quietMs, () => finish(false))
    socket.on("data", (chunk) => {
      reader.take(chunk)
      if (reader.replies.length >= wanted || socket.bytesRead > mostBytes) finish(false)
    })
    socket.on("end", () => finish(true))
    socket.on("error", (error) => (connected ? finish(true) : reject(error)))
    socket.on("close", () => {
      clearTimeout(late)
      clearInterval(dripping)
      resolve({ replies: reader.replies, rest: reader.rest, ended: true })
    })
  })

const write = (socket: Socket, bytes: Buffer, pieceBytes = bytes.length) => {
  for (let at = 0; at < bytes.length; at += pieceBytes) socket.write(bytes.subarray(at, at + pieceBytes))
}

/** Splits a byte stream into replies: by `Content-Length`, by chunks, or none for 1xx, 204 and 304. */
export class ReplyReader {
  readonly replies: Array<RawReply> = []
  #pending: Buffer = Buffer.alloc(0)
  readonly #isHead: (index: number) => boolean

  /** `isHead`: whether the request of that number was a HEAD, whose reply has no body. */
  constructor(isHead: (index: number) => boolean = () => false) {
    this.#isHead = isHead
  }

  get rest() {
    return this.#pending
  }

  take(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    for (let reply = this.#next(); reply !== null; reply = this.#next()) this.replies.push(reply)
  }

  #next(): RawReply | null {
    const headEnd = this.#pending.indexOf("\r\n\r\n")
    if (headEnd < 0) return null
    const [statusLine = "", ...lines] = this.#pending.subarray(0, headEnd).toString("latin1").split("\r\n")
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0)
    const headers = Object.fromEntries(
      lines.map((line) => [line.split(":", 1)[0]!.toLowerCase(), line.slice(line.indexOf(":") + 1).trim()])
    )
    const start = headEnd + 4
    const isHead = this.#isHead(this.replies.length)
    const end = isHead
      ? start
      : headers["transfer-encoding"] === "chunked"
        ? chunkedEnd(this.#pending, start)
        : start + lengthOf(status, headers)
    if (end === null || this.#pending.length < end) return null
    const body = this.#pending.subarray(start, end).toString("utf8")
    this.#pending = this.#pending.subarray(end)
    return { status, headers, body }
  }
}

const lengthOf = (status: number, headers: Readonly<Record<string, string>>) =>
  status < 200 || status === 204 || status === 304 ? 0 : Number(headers["content-length"] ?? 0)

const chunkedEnd = (bytes: Buffer, start: number): number | null => {
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf("\r\n", at)
    if (lineEnd < 0) return null
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString("latin1"), 16)
    at = lineEnd + 2 + size + 2
    if (size === 0 || Number.isNaN(size)) return at
  }
}
