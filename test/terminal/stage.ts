/** A session of a real daemon whose program prints what it is given: bytes in, the screen as clients see it and the terminal's answers out. */
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type Server, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Emulator } from "../../src/infra/screens/emulator.ts"
import type { EmulatorState } from "../../src/infra/screens/emulator-state.ts"
import { TestDaemon, until } from "../support/daemon.ts"

export interface Size {
  readonly cols: number
  readonly rows: number
}

export class Stage implements AsyncDisposable {
  readonly daemon: TestDaemon
  readonly id: string
  readonly #socket: Socket
  readonly #server: Server
  readonly #directory: string
  #written = 0
  #answers = Buffer.alloc(0)

  private constructor(daemon: TestDaemon, id: string, socket: Socket, server: Server, directory: string) {
    this.daemon = daemon
    this.id = id
    this.#socket = socket
    this.#server = server
    this.#directory = directory
    socket.on("data", (bytes: Buffer) => {
      this.#answers = Buffer.concat([this.#answers, bytes])
    })
  }

  static async open(size: Size): Promise<Stage> {
    const daemon = await TestDaemon.started()
    const directory = mkdtempSync(join(tmpdir(), "reprise-stage-"))
    const path = join(directory, "player.sock")
    let took: (socket: Socket) => void = () => {}
    const connected = new Promise<Socket>((resolve) => {
      took = resolve
    })
    const server = createServer((socket) => took(socket)).listen(path)
    const { id } = await daemon.create([process.execPath, join(import.meta.dirname, "player.ts"), path], { size })
    return new Stage(daemon, id, await connected, server, directory)
  }

  /** Returns when the daemon has drawn it all. */
  async draw(bytes: Uint8Array): Promise<void> {
    this.#written += bytes.length
    this.#socket.write(bytes)
    await until("the bytes are drawn", async () => (await this.#screen("json")).offset >= this.#written)
  }

  /** What the terminal has said since the last look; waits for so many bytes. */
  async answers(length: number): Promise<Buffer> {
    await until(`an answer of ${length} bytes`, () => this.#answers.length >= length, 2_000).catch(() => {})
    const said = this.#answers
    this.#answers = Buffer.alloc(0)
    return said
  }

  async lines(): Promise<ReadonlyArray<string>> {
    return (await this.#screen("json")).lines
  }

  async cursor() {
    return (await this.#screen("json")).cursor
  }

  /** The cursor stands behind the last column. */
  async isAtEdge(): Promise<boolean> {
    const { cols, cursor } = await this.#screen("json")
    return cursor.x === cols
  }

  /** What a terminal shows that the screen is restored on. */
  async shown(size: Size): Promise<EmulatorState> {
    const emulator = new Emulator(size)
    emulator.write(((await this.daemon.done("GET", `/v1/sessions/${this.id}/screen?format=ansi`)) as string) ?? "")
    const state = emulator.checkpoint(0)!.state
    emulator.dispose()
    return state
  }

  async resize(size: Size): Promise<void> {
    await this.daemon.done("POST", `/v1/sessions/${this.id}/resize`, size)
    await this.has(size)
  }

  async has(size: Size): Promise<void> {
    await until("the screen is of that size", async () => {
      const { cols, rows } = await this.#screen("json")
      return cols === size.cols && rows === size.rows
    })
  }

  async [Symbol.asyncDispose]() {
    this.#socket.destroy()
    this.#server.close()
    await this.daemon[Symbol.asyncDispose]()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async #screen(format: "json") {
    return (await this.daemon.done("GET", `/v1/sessions/${this.id}/screen?format=${format}`)) as {
      readonly cols: number
      readonly rows: number
      readonly offset: number
      readonly lines: ReadonlyArray<string>
      readonly cursor: { readonly x: number; readonly y: number }
    }
  }
}
