/** From `reprise serve` on an empty home to a green `/readyz`, as its users start it, beside a Node program that only listens; and a command that says little. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { DaemonNote } from "../src/infra/home.ts"
import { until } from "../test/support/daemon.ts"
import { type Figure, figure } from "./figure.ts"
import { cpuMs } from "./process-accounts.ts"
import { interleaved, median, worst } from "./samples.ts"
import type { Size } from "./size.ts"

const executable = join(dirname(dirname(fileURLToPath(import.meta.url))), "bin/reprise.js")

export const benchStartup = async ({ small }: Size): Promise<ReadonlyArray<Figure>> => {
  const cache = mkdtempSync(join(tmpdir(), "reprise-bench-"))
  try {
    const first = await started(cache)
    // The first one has compiled, the second has kept what the first compiled at its end.
    await started(cache)
    const taken = await interleaved(
      small ? 2 : 7,
      () => started(cache),
      () => bare()
    )
    const versions = await interleaved(
      small ? 5 : 31,
      async () => ran([executable, "--version"]),
      async () => ran(["-e", "0"])
    )
    const readyMs = taken.ours.map((start) => start.readyMs)
    const cpu = median(taken.ours.map((start) => start.cpuMs))
    return [
      figure({
        ...{ name: "start to ready, empty home, p50", unit: "ms", better: "less" },
        ours: median(readyMs),
        peer: { name: "node:http listening", value: median(taken.peer) },
        hold: { most: 1_000 },
        note: `worst ${worst(readyMs).toFixed(0)} ms; ${cpu.toFixed(0)} ms on a processor`
      }),
      figure({
        ...{ name: "the very first start, nothing compiled", unit: "ms", better: "less", ours: first.readyMs },
        note: `${first.cpuMs.toFixed(0)} ms on a processor`
      }),
      figure({
        ...{ name: "reprise --version, p50", unit: "ms", better: "less", ours: median(versions.ours) },
        peer: { name: "node -e 0", value: median(versions.peer) },
        hold: { ratio: 1 / 1.5 }
      })
    ]
  } finally {
    rmSync(cache, { recursive: true, force: true })
  }
}

const ran = (words: ReadonlyArray<string>): number => {
  const begun = performance.now()
  execFileSync(process.execPath, words, { stdio: "ignore" })
  return performance.now() - begun
}

const started = async (cache: string) => {
  const home = mkdtempSync(join(tmpdir(), "reprise-bench-"))
  const env = { ...process.env, XDG_CACHE_HOME: cache, NODE_COMPILE_CACHE: "" }
  const begun = performance.now()
  const daemon = spawn(process.execPath, [executable, "--home", home, "serve", "--port", "0"], { env, stdio: "ignore" })
  try {
    const note = await until("the daemon has left its note", () => noteIn(home))
    const authorization = `Bearer ${readFileSync(join(home, "token"), "utf8").trim()}`
    await until("readyz", async () => (await fetch(`${note.url}/readyz`, { headers: { authorization } })).status === 200)
    return { readyMs: performance.now() - begun, cpuMs: cpuMs(daemon.pid!) }
  } finally {
    await ended(daemon, "SIGTERM")
    rmSync(home, { recursive: true, force: true })
  }
}

const bare = async () => {
  const begun = performance.now()
  const program = `require("node:http").createServer().listen(0, "127.0.0.1", () => console.log("up"))`
  const server = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "ignore"] })
  await new Promise((resolve) => server.stdout!.once("data", resolve))
  const took = performance.now() - begun
  await ended(server, "SIGKILL")
  return took
}

const ended = (process: ChildProcess, signal: NodeJS.Signals) =>
  new Promise<void>((resolve) => {
    if (process.exitCode !== null || process.signalCode !== null) return resolve()
    process.once("exit", () => resolve())
    process.kill(signal)
  })

const noteIn = (home: string): DaemonNote | null => {
  try {
    return JSON.parse(readFileSync(join(home, "daemon.json"), "utf8")) as DaemonNote
  } catch {
    return null
  }
}
