/** Attacks of a machine that runs short: descriptors, processes and memory are taken from the living daemon, used, and given back. */
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"
import { endHoldersIn } from "./refusals.ts"

interface Shortage {
  readonly id: string
  readonly does: string
  /** The options of prlimit(1) for the daemon. */
  readonly limit: (pid: number) => ReadonlyArray<string>
  readonly rounds?: number
}

const openFiles = (pid: number) => readdirSync(`/proc/${pid}/fd`).length
const kilobytes = (pid: number, name: string) =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])
/** RLIMIT_NPROC counts tasks of the user; it binds no process of root. */
const prlimit = (pid: number, ...words: ReadonlyArray<string>) => execFileSync("prlimit", ["--pid", String(pid), ...words])

const shortages: ReadonlyArray<Shortage> = [
  { id: "short-01", does: "leaves no descriptor free", limit: (pid) => [`--nofile=${openFiles(pid)}:`] },
  { id: "short-02", does: "leaves one descriptor free", limit: (pid) => [`--nofile=${openFiles(pid) + 1}:`] },
  { id: "short-03", does: "leaves four descriptors free", limit: (pid) => [`--nofile=${openFiles(pid) + 4}:`] },
  { id: "short-04", does: "leaves twelve descriptors free", limit: (pid) => [`--nofile=${openFiles(pid) + 12}:`] },
  { id: "short-05", does: "takes most descriptors that are open", limit: () => ["--nofile=16:"], rounds: 1 },
  { id: "short-06", does: "leaves no room for files", limit: () => ["--fsize=0:"] },
  { id: "short-07", does: "leaves 1 MB of files", limit: () => ["--fsize=1048576:"] }
]

/** What each request comes to: a status, or that the connection was cut. A 500 is a fault of the daemon. */
const attempt = async (daemon: TestDaemon, method: string, path: string, body?: unknown): Promise<string> => {
  try {
    const { body: said, status } = await daemon.ask(method, path, body)
    if (status === 500 || (status >= 400 && typeof (said as { code?: unknown }).code !== "string"))
      throw new Fault(`${method} ${path}: ${status} ${JSON.stringify(said)}`)
    return String(status)
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    return "cut"
  }
}
class Fault extends Error {}

/** Clients that create, type, prompt and read, all at once. */
const bother = async (daemon: TestDaemon, id: string, rounds: number) => {
  const outcomes = new Map<string, number>()
  for (let round = 0; round < rounds; round++) {
    const asked = await Promise.all([
      ...Array.from({ length: 3 }, () => attempt(daemon, "POST", "/v1/sessions", { command: ["sleep", "1000"], cwd: "/tmp" })),
      attempt(daemon, "POST", `/v1/sessions/${id}/input`, { text: "x\r" }),
      attempt(daemon, "POST", `/v1/sessions/${id}/prompts`, { text: `prompt ${round}` }),
      attempt(daemon, "GET", `/v1/sessions/${id}/output?from=0`),
      attempt(daemon, "GET", `/v1/sessions/${id}/screen`),
      attempt(daemon, "GET", "/v1/sessions"),
      attempt(daemon, "GET", `/v1/sessions/${id}/events`),
      attempt(daemon, "GET", "/v1/providers"),
      attempt(daemon, "GET", "/healthz")
    ])
    for (const outcome of asked) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  return [...outcomes].map(([outcome, count]) => `${count} × ${outcome}`).join(", ")
}

/** A launch that the daemon could not finish may leave a holder that it does not know: it is ended with the home. */
const withDaemon = async (run: (daemon: TestDaemon) => Promise<string>): Promise<string> => {
  const daemon = await TestDaemon.started()
  try {
    return await run(daemon)
  } finally {
    await daemon[Symbol.asyncDispose]().finally(() => endHoldersIn(daemon.home))
  }
}

const shortage = ({ does, id, limit, rounds = 6 }: Shortage): Attack => ({
  id,
  attacker: "machine",
  does,
  promise: "refuses with a typed problem what it cannot do, lives, and works again once the limit is lifted",
  isAlone: true,
  run: () =>
    withDaemon(async (daemon) => {
      const { id: session } = await daemon.create(["cat"])
      await daemon.reaches(session, "streaming", ({ state }) => state === "streaming")
      const { pid } = daemon
      const softFiles = /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8"))?.[1]
      prlimit(pid, ...limit(pid))
      const during = await bother(daemon, session, rounds)
      if (!existsSync(`/proc/${pid}/fd/0`) && !existsSync(`/proc/${pid}/exe`))
        throw new Error(`the daemon has ended: ${daemon.log.slice(-3_000)}`)
      prlimit(pid, `--nofile=${softFiles}:`, "--fsize=unlimited:", "--as=unlimited:")
      await until("the daemon answers", async () => (await daemon.ask("GET", "/readyz").catch(() => null))?.status === 200, 30_000)
      if (daemon.pid !== pid) throw new Error("the daemon is another process")
      const { id: after } = await daemon.create(["cat"])
      await daemon.reaches(after, "streaming", ({ state }) => state === "streaming")
      for (const each of [session, after]) {
        await daemon.done("POST", `/v1/sessions/${each}/input`, { text: "again\r" })
        await until(`${each} echoes`, async () => (await daemon.output(each)).includes("again"), 30_000)
      }
      return during
    })
})

/** V8 ends a process that gets no memory, and nothing in the process can keep it from that: the next start must find everything. */
const withoutMemory = (id: string, does: string, spareKilobytes: number): Attack => ({
  id,
  attacker: "machine",
  does,
  promise: "lives, or ends so that its next start adopts every agent and knows every session that it has acknowledged",
  isAlone: true,
  run: () =>
    withDaemon(async (daemon) => {
      const { id: session } = await daemon.create(["cat"])
      const { process: agent } = await daemon.reaches(session, "streaming", ({ state }) => state === "streaming")
      const { pid } = daemon
      prlimit(pid, `--as=${(kilobytes(pid, "VmSize") + spareKilobytes) * 1_024}:`)
      const acknowledged = [session]
      for (let round = 0; round < 30 && existsSync(`/proc/${pid}/exe`); round++) {
        const asked = Array.from({ length: 3 }, () => daemon.create(["sleep", "1000"]).catch(() => null))
        await Promise.all([...asked, daemon.ask("GET", `/v1/sessions/${session}/screen`).catch(() => null)])
        for (const made of await Promise.all(asked)) if (made !== null) acknowledged.push(made.id)
      }
      const lived = existsSync(`/proc/${pid}/exe`)
      if (lived) prlimit(pid, "--as=unlimited:")
      else {
        await daemon.ended()
        if (/TypeError|ERR_UNHANDLED/.test(daemon.log)) throw new Error(`the daemon has ended: ${daemon.log.slice(-3_000)}`)
        await daemon.start()
      }
      for (const each of acknowledged) await daemon.session(each)
      const after = await daemon.session(session)
      if (after.process?.pid !== agent?.pid) throw new Error(`the agent is another process: ${JSON.stringify(after.process)}`)
      return `${lived ? "lives" : "ends"}, ${acknowledged.length} of ${acknowledged.length} sessions known, the agent has its pid`
    })
})

export const short: ReadonlyArray<Attack> = [
  ...shortages.map(shortage),
  withoutMemory("short-08", "leaves 2 MB of address space", 2_048),
  withoutMemory("short-09", "leaves 64 MB of address space", 65_536)
]
