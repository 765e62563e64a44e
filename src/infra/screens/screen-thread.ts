/** The thread in which every screen is drawn: nothing that an agent prints can hold up the daemon beside it. */
import { parentPort, workerData } from "node:worker_threads"
import { DrawingLoop } from "./drawing-loop.ts"
import { type Call, screenPlace, turnsPlace } from "./drawing-protocol.ts"

const port = parentPort
if (port === null) throw new Error("this module is the program of a thread")
const shared = new Int32Array(workerData as SharedArrayBuffer)

const loop = new DrawingLoop((answered) => port.postMessage(answered), {
  cpuMs: () => {
    const { system, user } = process.threadCpuUsage()
    return (system + user) / 1_000
  },
  wallMs: () => performance.now()
})

const begins = (screen: number) => {
  Atomics.store(shared, screenPlace, screen)
  Atomics.add(shared, turnsPlace, 1)
}

let isTurning = false
const turn = () => {
  isTurning = loop.turn(begins)
  // Between two pieces new calls are read: the next session need not wait for all of this one's work.
  if (isTurning) setImmediate(turn)
}
port.on("message", (call: Call) => {
  loop.take(call)
  if (isTurning) return
  isTurning = true
  setImmediate(turn)
})
