/** `npm run bench [-- name …] [--small]`: measures, prints one table, and keeps the figures as JSON in `bench/results`. */
import { mkdirSync, writeFileSync } from "node:fs"
import { cpus, loadavg } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import type { Figure } from "./figure.ts"
import type { Size } from "./size.ts"
import { outcomeOf, table } from "./table.ts"

type Bench = (size: Size) => Promise<ReadonlyArray<Figure>>

/** Each loads when it runs: what one needs is not another's heap. */
const benches: Readonly<Record<string, Bench>> = {
  startup: async (size) => (await import("./startup.ts")).benchStartup(size),
  append: async () => (await import("./append.ts")).benchAppend(),
  api: async () => (await import("./api.ts")).benchApi(),
  prompts: async (size) => (await import("./prompts.ts")).benchPrompts(size),
  transcripts: async (size) => (await import("./transcripts.ts")).benchTranscripts(size),
  launch: async (size) => (await import("./launch.ts")).benchLaunch(size),
  echo: async (size) => (await import("./echo.ts")).benchEcho(size),
  flood: async (size) => (await import("./flood.ts")).benchFlood(size),
  stall: async (size) => (await import("./flood.ts")).benchStall(size),
  recovery: async (size) => (await import("./recovery.ts")).benchRecovery(size),
  trace: async (size) => (await import("./trace.ts")).benchTrace(size),
  memory: async (size) => (await import("./memory.ts")).benchMemory(size),
  travel: async (size) => (await import("./travel.ts")).benchTravel(size),
  idle: async (size) => (await import("./idle.ts")).benchIdle(size)
}

const results = join(dirname(fileURLToPath(import.meta.url)), "results")

const main = async () => {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { small: { type: "boolean", default: false } } })
  const unknown = positionals.filter((name) => !(name in benches))
  if (unknown.length > 0) {
    console.error(`no benchmark is called ${unknown.join(", ")}; there are: ${Object.keys(benches).join(", ")}`)
    process.exitCode = 2
    return
  }
  const names = positionals.length > 0 ? positionals : Object.keys(benches)
  const begun = { at: new Date().toISOString(), load: loadavg() }
  const figures: Array<Figure> = []
  const failures: Array<{ readonly bench: string; readonly reason: string }> = []
  for (const name of names) {
    const startedAt = performance.now()
    process.stderr.write(`${name} … `)
    try {
      figures.push(...(await benches[name]!(values)))
      process.stderr.write(`${seconds(performance.now() - startedAt)} s\n`)
    } catch (error) {
      // One that cannot run takes none of the others with it, and is not passed over either.
      failures.push({ bench: name, reason: error instanceof Error ? (error.stack ?? error.message) : String(error) })
      process.stderr.write("FAILED\n")
    }
  }
  console.log(`\n${table(figures)}\n`)
  const ended = { at: new Date().toISOString(), load: loadavg() }
  console.log(
    `${cpus().length} cores; load ${inWords(begun.load)} before, ${inWords(ended.load)} after (1, 5, 15 min); Node ${process.version}`
  )
  if (values.small) console.log("--small: shows that everything runs; these figures are not worth quoting")
  const missed = figures.filter((figure) => outcomeOf(figure) === "MISSED")
  if (missed.length > 0) console.log(`missed: ${missed.map(({ name }) => name).join("; ")}`)
  for (const { bench, reason } of failures) console.log(`failed: ${bench}: ${reason}`)
  mkdirSync(results, { recursive: true })
  const path = join(results, `${begun.at.replaceAll(":", "-")}.json`)
  const record = {
    begun,
    ended,
    node: process.version,
    cpu: cpus()[0]?.model ?? "",
    cores: cpus().length,
    small: values.small,
    figures,
    failures
  }
  writeFileSync(path, `${JSON.stringify(record, null, 2)}\n`)
  console.log(`kept in ${path}`)
  // A figure that misses its mark is news, not a failure: machines differ. One that could not be measured is a failure.
  if (failures.length > 0) process.exitCode = 1
}

const seconds = (ms: number) => (ms / 1_000).toFixed(1)
const inWords = (load: ReadonlyArray<number>) => load.map((value) => value.toFixed(1)).join(", ")

await main()
