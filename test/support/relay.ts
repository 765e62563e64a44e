/** A home of its own, at whose socket a daemon answers through a relay: the test counts attach connections, and ends them as it likes. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { connect, createServer, type Server, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { leaveNote, readNote } from "../../src/infra/home.ts"
import type { TestDaemon } from "./daemon.ts"
import { frame } from "./raw-websocket.ts"

export class Relay implements AsyncDisposable {
  readonly home: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #attached = new Set<Socket>()
  #attachments = 0

  private constructor(home: string, server: Server) {
    this.home = home
    this.#server = server
  }

  static async to(daemon: TestDaemon): Promise<Relay> {
    const home = mkdtempSync(join(tmpdir(), "reprise-relay-"))
    copyFileSync(join(daemon.home, "token"), join(home, "token"))
    const socket = join(home, "relay.sock")
    leaveNote(home, { ...readNote(daemon.home)!, socket })
    const server = createServer((client) => relay.#join(client, connect(daemon.socket)))
    const relay = new Relay(home, server)
    await new Promise<void>((resolve) => server.listen(socket, resolve))
    return relay
  }

  /** So many attach connections were asked for until now. */
  get attachments() {
    return this.#attachments
  }

  /** Ends each attach connection of now: with a close code of the daemon, or cut. Only while the session is at rest, between two frames. */
  end(code: number | "cut"): void {
    for (const client of this.#attached) {
      if (code === "cut") client.destroy()
      else client.end(frame(8, Buffer.from([code >> 8, code & 0xff, ...Buffer.from("by the test")]), { masked: false }))
    }
    this.#attached.clear()
  }

  async [Symbol.asyncDispose]() {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
    rmSync(this.home, { recursive: true, force: true })
  }

  #join(client: Socket, daemon: Socket): void {
    client.on("data", (bytes: Buffer) => {
      if (!/^GET \S+\/attach\?/.test(bytes.toString("latin1"))) return
      this.#attachments++
      this.#attached.add(client)
    })
    for (const [socket, other] of [
      [client, daemon],
      [daemon, client]
    ] as const) {
      this.#sockets.add(socket)
      socket.pipe(other)
      socket.on("error", () => {})
      socket.on("close", () => {
        this.#sockets.delete(socket)
        this.#attached.delete(socket)
        other.destroy()
      })
    }
  }
}
