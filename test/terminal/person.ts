/** A person's terminal at the end of an attach connection to a real daemon: an emulator of its own size that draws what it gets. */
import { type RawData, WebSocket } from "@effect/platform-node/NodeWS"
import { makeShownOutput } from "../../src/domain/terminal/shown-output.ts"
import { type AttachMode, attachProtocol, type ServerFrame } from "../../src/http/contract/terminal.ts"
import { Emulator } from "../../src/infra/screens/emulator.ts"
import { type TestDaemon, until } from "../support/daemon.ts"
import type { Size } from "./stage.ts"

export class Person implements AsyncDisposable {
  readonly #socket: WebSocket
  readonly screen: Emulator
  readonly #shown = makeShownOutput({ clipboard: false })
  #isClosed = false
  #hasScreen = false

  private constructor(socket: WebSocket, size: Size) {
    this.#socket = socket
    this.screen = new Emulator(size)
    socket.on("message", (payload: RawData, binary: boolean) => {
      if (binary) this.screen.write(this.#shown.push(payload as Buffer))
      else if ((JSON.parse(String(payload)) as ServerFrame).type === "hello") this.#hasScreen = true
    })
    socket.on("error", () => {})
    socket.on("close", () => {
      this.#isClosed = true
    })
  }

  /** Returns when the screen is being drawn. A controlling client asks for its own size. */
  static async attached(daemon: TestDaemon, id: string, size: Size, mode: AttachMode = "control"): Promise<Person> {
    const url = `${daemon.url.replace(/^http/, "ws")}/v1/sessions/${id}/attach?mode=${mode}`
    const person = new Person(new WebSocket(url, [attachProtocol], { headers: { authorization: `Bearer ${daemon.token}` } }), size)
    await until("the screen is being drawn", () => person.#hasScreen)
    if (mode === "control") person.#socket.send(JSON.stringify({ type: "resize", ...size }))
    return person
  }

  get isClosed() {
    return this.#isClosed
  }
  type(keys: string): void {
    this.#socket.send(Buffer.from(keys), { binary: true })
  }
  /** Its own terminal, and by that what it asks for. */
  resize(size: Size): void {
    this.screen.resize(size)
    this.#socket.send(JSON.stringify({ type: "resize", ...size }))
  }

  /** Returns when the connection is closed. */
  async [Symbol.asyncDispose]() {
    this.#socket.close()
    await until("the connection is closed", () => this.#isClosed)
    this.screen.dispose()
  }
}
