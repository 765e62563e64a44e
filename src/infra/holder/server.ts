/** The holder's socket: one attached daemon at a time, the newest; every other connection gets the hello and little more. */
import { chmodSync, rmSync } from "node:fs"
import { createServer, type Socket } from "node:net"
import type { JournalEntry } from "../../domain/inputs.ts"
import { writeWhole } from "../durable-file.ts"
import { fileNames, readEpoch } from "./launch-directory.ts"
import { LineReader } from "./line-reader.ts"
import { type Hello, type HolderMessage, lineBytes, parseRequest, type Reply, type Request } from "./protocol.ts"

/** What the server can do to the launch; everything it answers comes from here. */
export interface Held {
  readonly hello: () => Hello
  readonly entries: () => ReadonlyArray<JournalEntry>
  readonly perform: (request: Exclude<Request, { readonly op: "attach" | "status" | "subscribe" }>) => Promise<Answer>
}
type Unsent<R> = R extends unknown ? Omit<R, "type" | "id"> : never
export type Answer = Unsent<Reply>

export class Server {
  readonly #held: Held
  readonly #connections = new Set<Connection>()
  #epoch = readEpoch(".")
  #newestOffset = 0
  #toldOffset = 0
  #telling = false

  constructor(held: Held) {
    this.#held = held
  }

  /** The name is relative: a path in sun_path may have 107 bytes, the directory's own may have any number. */
  async listen(): Promise<void> {
    rmSync(fileNames.socket, { force: true })
    const server = createServer((socket) => this.#accept(socket))
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(fileNames.socket, resolve))
    chmodSync(fileNames.socket, 0o600)
  }

  get isAttended(): boolean {
    for (const { attached } of this.#connections) if (attached) return true
    return false
  }

  tellEntry(entry: JournalEntry): void {
    for (const connection of this.#connections) if (connection.attached) connection.send({ type: "entry", entry })
  }

  tellOffset(offset: number): void {
    const untold = offset - this.#toldOffset
    this.#newestOffset = offset
    if (this.#telling) return
    this.#telling = true
    const tell = () => {
      this.#telling = false
      this.#toldOffset = this.#newestOffset
      for (const connection of this.#connections) connection.tellOffset(this.#toldOffset)
    }
    // An echo is reported at once; in a flood a message for every 64 KiB keeps the daemon busier than the bytes do.
    if (untold < floodBytes) setImmediate(tell)
    else setTimeout(tell, floodMs)
  }

  /** Behind the output that came before it. */
  tellAwaitsEnter(writeId: string): void {
    for (const connection of this.#connections) {
      if (!connection.attached) continue
      connection.tellOffset(this.#newestOffset)
      connection.send({ type: "awaits_enter", writeId })
    }
  }

  #accept(socket: Socket) {
    const connection = new Connection(socket, {
      onRequest: (line) => this.#answer(connection, line),
      onClose: () => this.#connections.delete(connection)
    })
    if (this.#connections.size >= mostConnections) return connection.close()
    this.#connections.add(connection)
    connection.send(this.#held.hello())
  }

  #answer(connection: Connection, line: string) {
    const request = parseRequest(line)
    if (request === null) return connection.close()
    const { id } = request
    const reply = (answer: Answer) => connection.send({ type: "reply", id, ...answer } as Reply)
    switch (request.op) {
      case "unsupported":
      case "malformed":
        return reply({ error: request.op })
      case "status":
        return reply({ ok: true, status: this.#held.hello() })
      case "attach":
        return this.#attach(connection, request)
    }
    if (!connection.attached) return reply({ error: "not_attached" })
    if (request.op === "subscribe") {
      connection.subscribed = true
      reply({ ok: true })
      return connection.tellOffset(this.#held.hello().offset)
    }
    const isKey = request.op === "type" && request.bytes.length <= keyLetters
    void this.#held.perform(request).then(isKey ? (said) => connection.sendSoon({ type: "reply", id, ...said } as Reply) : reply)
  }

  /** Fencing: once a daemon was here, an older one that wakes up late gets nothing done any more. */
  #attach(connection: Connection, { after, epoch, id }: Extract<Request, { readonly op: "attach" }>) {
    if (epoch < this.#epoch) return connection.send({ type: "reply", id, error: "stale_epoch" })
    if (epoch > this.#epoch) {
      this.#epoch = epoch
      this.#keepEpoch(epoch)
    }
    for (const other of this.#connections) {
      if (other === connection || !other.attached) continue
      other.send({ type: "superseded" })
      other.close()
    }
    connection.attached = true
    connection.send({ type: "reply", id, ok: true })
    for (const entry of this.#held.entries()) if (entry.n > after) connection.send({ type: "entry", entry })
  }

  /** For a holder that comes after this one. On a full disk this one knows it all the same. */
  #keepEpoch(epoch: number): void {
    try {
      writeWhole(fileNames.epoch, JSON.stringify(epoch))
    } catch {}
  }
}

class Connection {
  attached = false
  subscribed = false
  readonly #socket: Socket
  #offsetUnsent: number | null = null
  #unsent = ""
  #soon: NodeJS.Timeout | null = null

  constructor(socket: Socket, on: { readonly onRequest: (line: string) => void; readonly onClose: () => void }) {
    this.#socket = socket
    const lines = new LineReader({ longest: lineBytes, onLine: on.onRequest, onTooLong: () => this.close() })
    socket.on("data", (bytes) => {
      if (!socket.destroyed) lines.push(bytes)
    })
    socket.on("error", () => socket.destroy())
    socket.on("close", on.onClose)
    socket.on("drain", () => {
      if (this.#offsetUnsent !== null) this.tellOffset(this.#offsetUnsent)
    })
  }

  /** A peer that does not read is cut off: it can come again and ask for what it missed. */
  send(message: HolderMessage): void {
    this.#unsent += `${JSON.stringify(message)}\n`
    this.#flush()
  }

  /**
   * With the next message, or alone after a moment. No client waits for the answer to a key, and the key's echo is on its way: one
   * write and one waking of the daemon for both, and the terminal is read first.
   */
  sendSoon(message: HolderMessage): void {
    this.#unsent += `${JSON.stringify(message)}\n`
    this.#soon ??= setTimeout(() => {
      this.#soon = null
      this.#flush()
    }, soonMs)
  }

  tellOffset(offset: number): void {
    if (!this.subscribed) return
    const busy = this.#socket.writableNeedDrain
    this.#offsetUnsent = busy ? offset : null
    if (!busy) this.send({ type: "offset", offset })
  }

  /** What was sent before still arrives. */
  close(): void {
    this.attached = false
    this.subscribed = false
    this.#flush()
    this.#socket.end()
    this.#socket.destroySoon()
  }

  #flush(): void {
    const text = this.#unsent
    this.#unsent = ""
    if (text === "" || this.#socket.destroyed || this.#socket.writableEnded) return
    this.#socket.write(text)
    if (this.#socket.writableLength > unsentBytes) this.#socket.destroy()
  }
}

const floodBytes = 32_768
const floodMs = 4
const mostConnections = 16
const unsentBytes = 8_388_608
const soonMs = 20
/** Longer is a paste, which may wait for its answer. */
const keyLetters = 512
