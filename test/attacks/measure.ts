/** How fast a session beside an attack answers, and the daemon itself. */
import { readFileSync } from "node:fs"
import { WebSocket } from "@effect/platform-node/NodeWS"
import { attachProtocol } from "../../src/http/contract/terminal.ts"
import type { TestDaemon } from "../support/daemon.ts"
import type { Ground } from "./attack.ts"

/** Resident memory of the daemon's process, in MB. */
export const rssMb = ({ pid }: TestDaemon): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024)

/** An echo that takes longer counts as this long. */
const longestMs = 11_000

/** The 99th percentile of both, for so long, or as long as the ground says. */
export const measured = async (ground: Ground, forMs: number) => {
  const until = performance.now() + Math.max(forMs, ground.measuredMs)
  const [echo, health] = await Promise.all([echoes(ground, until), healths(ground, until)])
  return { echo: p99(echo), health: p99(health) }
}

const p99 = (all: ReadonlyArray<number>) => all.toSorted((a, b) => a - b)[Math.floor(all.length * 0.99)] ?? longestMs

const healths = async ({ daemon }: Ground, until: number) => {
  const took: Array<number> = []
  while (performance.now() < until) {
    const startedAt = performance.now()
    await fetch(`${daemon.url}/healthz`).then((answer) => answer.text())
    took.push(performance.now() - startedAt)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return took
}

/** From a keystroke to its echo, in the session beside. */
const echoes = async ({ bystander, daemon }: Ground, until: number) => {
  const took: Array<number> = []
  const socket = new WebSocket(`${daemon.url.replace("http", "ws")}/v1/sessions/${bystander.id}/attach`, [attachProtocol], {
    headers: { authorization: `Bearer ${daemon.token}` }
  })
  let seen = ""
  let wake = () => {}
  socket.on("message", (bytes: Buffer, binary: boolean) => {
    if (binary) seen = (seen + bytes.toString("latin1")).slice(-65_536)
    wake()
  })
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject))
  for (let turn = 0; performance.now() < until; turn++) {
    const mark = `echo-${turn}-${Math.random().toString(36).slice(2)}`
    const startedAt = performance.now()
    socket.send(Buffer.from(`${mark}\r`))
    while (!seen.includes(mark) && performance.now() - startedAt < longestMs)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    took.push(performance.now() - startedAt)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  socket.terminate()
  return took
}
