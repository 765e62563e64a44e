/** What sessions cost while nothing happens: time on a processor, wake-ups, and memory, of the daemon and of holders. */
import { type ChildProcess, spawn } from "node:child_process"
import { readlinkSync } from "node:fs"
import { setTimeout as delay } from "node:timers/promises"
import { TestDaemon } from "../test/support/daemon.ts"
import { type Figure, figure } from "./figure.ts"
import { cpuMs, memory, processesWith, wakeUps } from "./process-accounts.ts"
import { median } from "./samples.ts"
import type { Size } from "./size.ts"

const sleeping = ["sleep", "100000"]

export const benchIdle = async ({ small }: Size): Promise<ReadonlyArray<Figure>> => {
  const windowMs = small ? 5_000 : 20_000
  await using daemon = await TestDaemon.started()
  await sleepers(daemon, 20)
  const cpu = await over(windowMs, () => cpuMs(daemon.pid))
  await sleepers(daemon, small ? 5 : 30)
  const holders = processesWith(`${daemon.home}/holders/`).filter(holdsLaunch)
  const total = () => holders.reduce((sum, pid) => sum + wakeUps(pid), 0)
  const [daemonWakes, holderWakes] = await Promise.all([over(windowMs, () => wakeUps(daemon.pid)), over(windowMs, total)])
  const bare = await bareNodes(3)
  const holderMemory = holders.map(memory)
  const bareMemory = bare.map(({ pid }) => memory(pid!))
  for (const node of bare) node.kill("SIGKILL")
  const megabytes = (values: ReadonlyArray<number>) => median(values) / 1_048_576
  return [
    figure({
      ...{ name: "idle CPU, 20 idle sessions", unit: "% of a core", better: "less" },
      ours: (cpu / windowMs) * 100,
      hold: { most: 0.1 }
    }),
    figure({
      ...{ name: `idle wake-ups, ${holders.length} idle sessions`, unit: "/s", better: "less" },
      ours: daemonWakes / (windowMs / 1_000),
      hold: { most: 1 }
    }),
    figure({
      ...{ name: "idle wake-ups of one holder", unit: "/s", better: "less" },
      ours: holderWakes / holders.length / (windowMs / 1_000),
      hold: { most: 1 }
    }),
    figure({
      ...{ name: "memory of a holder, nobody else's pages", unit: "MB", better: "less" },
      ours: megabytes(holderMemory.map(({ own }) => own)),
      peer: { name: "bare node", value: megabytes(bareMemory.map(({ own }) => own)) },
      note: `with its part of shared pages: ${megabytes(holderMemory.map(({ share }) => share)).toFixed(1)} MB`
    })
  ]
}

/** Up, ready and settled: a session that prints nothing is ready after a second. */
export const sleepers = async (daemon: TestDaemon, count: number): Promise<ReadonlyArray<string>> => {
  const ids: Array<string> = []
  for (let n = 0; n < count; n++) ids.push((await daemon.create(sleeping)).id)
  for (const id of ids) await daemon.reaches(id, "runs", ({ phase, state }) => state === "streaming" && phase === "running")
  // Health is confirmed after a minute; until then there is a deadline, but no work.
  await delay(2_000)
  return ids
}

/** By how much a count grows in a while in which no client asks anything. */
const over = async (ms: number, count: () => number) => {
  const before = count()
  await delay(ms)
  return count() - before
}

const bareNodes = async (count: number): Promise<ReadonlyArray<ChildProcess>> => {
  const program = "setInterval(() => {}, 1e9); console.log()"
  const nodes = Array.from({ length: count }, () => spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "ignore"] }))
  await Promise.all(nodes.map((node) => new Promise((resolve) => node.stdout.once("data", resolve))))
  return nodes
}

/** A spare that waits for the next launch stands in no launch's directory. */
const holdsLaunch = (pid: number) => readlinkSync(`/proc/${pid}/cwd`) !== "/"
