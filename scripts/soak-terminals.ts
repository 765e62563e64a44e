/**
 * Full-screen programs without end: `npm run soak:terminals -- [MINUTES]` (default 120). A flood (`yes`), a picture that moves (`cmatrix`,
 * where it is installed) and a spinner of 60 frames a second run in one daemon. For a sixth of the time no client watches; then three clients
 * watch each. Prints a line for each twelfth of the time, and exits 1 where the heap grew by more than 20 MB while clients watched.
 */
import { spawnSync } from "node:child_process"
import { WebSocket } from "@effect/platform-node/NodeWS"
import { cpuMs, rssBytes } from "../bench/process-accounts.ts"
import { attachProtocol } from "../src/http/contract/terminal.ts"
import { TestDaemon } from "../test/support/daemon.ts"
import { heapMbOf, inspected } from "../test/support/heap.ts"

const minutes = Number(process.argv[2] ?? 120)
if (!(minutes > 0)) throw new Error(`the first argument is a number of minutes above 0, not ${process.argv[2]}`)
const spinner = `let n = 0; setInterval(() => process.stdout.write("\\r" + "|/-\\\\"[n++ % 4] + " working " + n), 1000 / 60)`
const programs: Readonly<Record<string, ReadonlyArray<string>>> = {
  yes: ["yes"],
  spinner: [process.execPath, "-e", spinner],
  ...(spawnSync("cmatrix", ["-V"]).status === null ? {} : { cmatrix: ["cmatrix"] })
}
const parts = 12
const growthMb = 20

await using daemon = await TestDaemon.started(inspected)
const sessions = new Map<string, string>()
for (const [name, command] of Object.entries(programs)) sessions.set(name, (await daemon.create(command, { name })).id)

const received = new Map<string, number>()
const watch = (name: string, id: string) =>
  new Promise<WebSocket>((resolve, reject) => {
    const socket = new WebSocket(`${daemon.url.replace("http", "ws")}/v1/sessions/${id}/attach`, [attachProtocol], {
      headers: { authorization: `Bearer ${daemon.token}` }
    })
    socket.on("message", (bytes: Buffer) => received.set(name, (received.get(name) ?? 0) + bytes.length))
    socket.on("close", (code, reason) => console.error(`${name}: a client's connection was closed: ${code} ${reason}`))
    socket.once("open", () => resolve(socket)).once("error", reject)
  })

const sockets: Array<WebSocket> = []
const heaps: Array<number> = []
for (let part = 0; part < parts; part++) {
  if (part === parts / 6) for (const [name, id] of sessions) for (let client = 0; client < 3; client++) sockets.push(await watch(name, id))
  const [before, startedAt] = [cpuMs(daemon.pid), performance.now()]
  received.clear()
  await new Promise((resolve) => setTimeout(resolve, (minutes * 60_000) / parts))
  const tookMs = performance.now() - startedAt
  const heap = await heapMbOf(daemon.log)
  if (sockets.length > 0) heaps.push(heap)
  const rates = [...received].map(([name, bytes]) => `${name} ${(bytes / 1_000 / tookMs).toFixed(2)} MB/s`)
  const processor = (((cpuMs(daemon.pid) - before) / tookMs) * 100).toFixed(1)
  console.log(
    `${Math.round(((part + 1) * minutes) / parts)} min, ${sockets.length} clients: ${processor} % of a core, heap ${heap} MB, resident ${Math.round(rssBytes(daemon.pid) / 1e6)} MB; ${rates.join(", ")}`
  )
}
for (const socket of sockets) socket.removeAllListeners("close").terminate()
const growth = Math.max(...heaps.slice(-3)) - heaps[0]!
console.log(`the heap grew by ${growth} MB`)
process.exitCode = growth > growthMb ? 1 : 0
