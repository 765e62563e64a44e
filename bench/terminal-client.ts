/** A person's terminal at the end of an attach connection to a daemon. */
import { type RawData, WebSocket } from "@effect/platform-node/NodeWS"
import { attachProtocol, type ServerFrame } from "../src/http/contract/terminal.ts"
import type { TestDaemon } from "../test/support/daemon.ts"

export interface TerminalClient extends Disposable {
  readonly socket: WebSocket
  /** The newest listener gets every binary frame. */
  onBytes: (bytes: Buffer) => void
  readonly frames: Array<ServerFrame>
}

/** Resolves at the hello: what comes then is the screen, and live output after it. */
export const attached = (daemon: TestDaemon, id: string): Promise<TerminalClient> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`${daemon.url.replace("http", "ws")}/v1/sessions/${id}/attach`, [attachProtocol], {
      headers: { authorization: `Bearer ${daemon.token}` },
      perMessageDeflate: false
    })
    const client: TerminalClient = {
      socket,
      frames: [],
      onBytes: () => {},
      [Symbol.dispose]: () => socket.terminate()
    }
    socket.on("message", (payload: RawData, binary: boolean) => {
      if (binary) return client.onBytes(payload as Buffer)
      client.frames.push(JSON.parse(String(payload)) as ServerFrame)
      if (client.frames.length === 1) resolve(client)
    })
    socket.on("error", reject)
  })

/** Whether `mark` has passed by, in however many pieces. */
export const watchFor = (mark: string): ((bytes: Buffer) => boolean) => {
  let tail = ""
  return (bytes) => {
    const text = tail + bytes.subarray(Math.max(0, bytes.length - 4_096)).toString("latin1")
    tail = text.slice(-mark.length)
    return text.includes(mark)
  }
}

/** Resolves when the client has seen `mark`; fails after `withinMs`. `seen` counts the bytes until then. */
export const seen = (client: { onBytes: (bytes: Buffer) => void }, mark: string, withinMs = 60_000): Promise<number> =>
  new Promise((resolve, reject) => {
    const passed = watchFor(mark)
    let bytes = 0
    const timer = setTimeout(() => reject(new Error(`never seen within ${withinMs} ms: ${mark}`)), withinMs)
    client.onBytes = (piece) => {
      bytes += piece.length
      if (!passed(piece)) return
      clearTimeout(timer)
      client.onBytes = () => {}
      resolve(bytes)
    }
  })
