/** Loads one HTTP server from its own thread: so many connections, one request at a time on each, all answers of one length. */
import { connect } from "node:net"
import { parentPort, workerData } from "node:worker_threads"

export interface Load {
  readonly port: number
  readonly request: string
  readonly connections: number
  readonly requests: number
}

/** Requests answered in a second. */
export interface Loaded {
  readonly perSecond: number
}

const { connections, port, request, requests } = workerData as Load

/** Answers have a fixed length here, so counting bytes is all the client does: it must not be what is measured. */
const lengthOf = (): Promise<number> =>
  new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0)
    const socket = connect(port, "127.0.0.1", () => socket.write(request))
    socket.on("error", reject)
    socket.on("data", (piece) => {
      seen = Buffer.concat([seen, piece as Buffer])
      const head = seen.indexOf("\r\n\r\n")
      const length = Number(/content-length: (\d+)/i.exec(seen.toString("latin1", 0, Math.max(head, 0)))?.[1] ?? Number.NaN)
      if (head < 0 || seen.length < head + 4 + length) return
      if (!seen.toString("latin1", 0, 12).endsWith(" 200")) return reject(new Error(seen.toString("latin1")))
      socket.destroy()
      resolve(head + 4 + length)
    })
  })

const run = (length: number): Promise<void> =>
  new Promise((resolve, reject) => {
    let left = requests
    let open = connections
    for (let n = 0; n < connections; n++) {
      let received = 0
      const socket = connect(port, "127.0.0.1", () => {
        socket.setNoDelay(true)
        ask()
      })
      const ask = () => {
        if (left-- > 0) return void socket.write(request)
        socket.destroy()
        open -= 1
        if (open === 0) resolve()
      }
      socket.on("error", reject)
      socket.on("data", (piece) => {
        received += piece.length
        if (received < length) return
        received -= length
        ask()
      })
    }
  })

const length = await lengthOf()
const began = performance.now()
await run(length)
parentPort?.postMessage({ perSecond: (requests * 1_000) / (performance.now() - began) } satisfies Loaded)
