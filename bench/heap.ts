/** The memory of a running daemon after a full garbage collection, asked for through Node's inspector. */
import { WebSocket } from "@effect/platform-node/NodeWS"
import { TestDaemon } from "../test/support/daemon.ts"

/** A daemon whose heap can be asked for; everything else is as usual. */
export const inspectable = (daemon = new TestDaemon()): Promise<TestDaemon> => daemon.start({ NODE_OPTIONS: "--inspect=127.0.0.1:0" })

export interface Heap {
  readonly used: number
  readonly resident: number
}

export const heapOf = async (daemon: TestDaemon): Promise<Heap> => {
  const address = daemon.log.match(/ws:\/\/127\.0\.0\.1:\d+\/[\w-]+/g)?.at(-1)
  if (address === undefined) throw new Error(`no inspector in\n${daemon.log}`)
  const socket = new WebSocket(address)
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject))
  try {
    const collect = () => ask(socket, 1, "HeapProfiler.collectGarbage")
    await collect()
    await collect()
    const expression = "JSON.stringify(process.memoryUsage())"
    const { result } = (await ask(socket, 2, "Runtime.evaluate", { expression })) as { readonly result: { readonly value: string } }
    const usage = JSON.parse(result.value) as NodeJS.MemoryUsage
    return { used: usage.heapUsed + usage.external, resident: usage.rss }
  } finally {
    socket.terminate()
  }
}

const ask = (socket: WebSocket, id: number, method: string, params: object = {}): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer to ${method}`)), 20_000)
    const hear = (payload: unknown) => {
      const answer = JSON.parse(String(payload)) as { readonly id?: number; readonly result?: unknown }
      if (answer.id !== id) return
      clearTimeout(timer)
      socket.off("message", hear)
      resolve(answer.result)
    }
    socket.on("message", hear)
    socket.send(JSON.stringify({ id, method, params }))
  })
