/** Attacks on the end of a launch: an agent that has its end written down and lives on, or that no look at the processes finds. */
import { spawn } from "node:child_process"
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ProcessIdentity } from "../../src/domain/facts.ts"
import { identityOf, isAlive, readProcess } from "../../src/infra/holder/process-table.ts"
import { processesOf, TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"

const options = { keepalive: { mode: "never" }, stop: { ladder: [{ step: "hangup", signals: ["SIGHUP"], waitMs: 300 }, { step: "kill" }] } }
const deaf = "trap '' HUP TERM INT QUIT CONT"
const waiting = "while :; do read -rt 60 _; done"

const ended = { type: "exited", code: 0, signal: null }
const cleared = { type: "cleared", swept: 0 }
const failed = { type: "launch_failed", code: "exec_failed", message: "forged" }

/** As the agent would: its end behind the last line of its own journal, then the holder's death, so that no one contradicts. */
const forge = (daemon: TestDaemon, session: string, events: ReadonlyArray<object>) => {
  const directory = join(daemon.home, "sessions", session, "g1")
  const { holder } = JSON.parse(readFileSync(join(directory, "identity.json"), "utf8")) as { readonly holder: { readonly pid: number } }
  const journal = join(directory, "journal.ndjson")
  const next = readFileSync(journal, "utf8").split("\n").length
  for (const [index, event] of events.entries())
    appendFileSync(journal, `${JSON.stringify({ n: next + index, wallMs: Date.now(), offset: 0, event })}\n`)
  process.kill(holder.pid, "SIGKILL")
}

interface Forgery {
  readonly events: ReadonlyArray<object>
  /** The daemon is down meanwhile. */
  readonly isDown?: boolean
  readonly script?: string
}

const forging = (id: string, does: string, { events, isDown = false, script = `${deaf}\n${waiting}` }: Forgery): Attack => ({
  id,
  attacker: "agent",
  does,
  promise: "looks for what lives, and ends it",
  isAlone: true,
  run: async () => {
    await using daemon = await TestDaemon.started()
    const { id: session } = await daemon.create(["bash", "--norc", "-c", script], options)
    const { process: leader } = await daemon.reaches(session, "streaming", ({ state }) => state === "streaming")
    const agent = identityOf((leader as { readonly pid: number }).pid)!
    try {
      if (isDown) await daemon.kill()
      forge(daemon, session, events)
      const forgedAt = performance.now()
      if (isDown) await daemon.start()
      await until("the agent is ended", () => !isAlive(agent) && processesOf(session).length === 0, 20_000)
      const { exit } = await daemon.reaches(session, "ended", ({ state }) => state === "ended")
      if (exit?.cause !== "lost") throw new Error(`the forged end is believed: ${JSON.stringify(exit)}`)
      return `ended after ${Math.round(performance.now() - forgedAt)} ms, as ${exit.cause}`
    } finally {
      if (isAlive(agent)) process.kill(agent.pid, "SIGKILL")
    }
  }
})

/** Each process lives for so long, leaves its session, and writes its number down; a minute at most, so that nothing is left of a failure. */
const chain = (beat: string, seconds: number) => `
import os, time
end = time.time() + 60
while time.time() < end and not os.path.exists(${JSON.stringify(`${beat}.end`)}):
    if os.fork(): os._exit(0)
    os.setsid()
    with open(${JSON.stringify(beat)}, "w") as file: file.write(str(os.getpid()))
    time.sleep(${seconds})
`

const chaining = (id: string, ms: number): Attack => ({
  id,
  attacker: "agent",
  does: `forks and exits in a chain, each process for ${ms} ms and in a session of its own`,
  promise: "ends the chain before it says so",
  run: async ({ daemon }) => {
    const directory = mkdtempSync(join(tmpdir(), "reprise-chain-"))
    const beat = join(directory, "beat")
    const beats = () => readFileSync(beat, "utf8")
    try {
      writeFileSync(join(directory, "chain.py"), chain(beat, ms / 1_000))
      const script = `${deaf}; python3 ${directory}/chain.py & ${waiting}`
      const { id: session } = await daemon.create(["bash", "--norc", "-c", script], options)
      await daemon.reaches(session, "streaming", ({ state }) => state === "streaming")
      await until("the chain runs", () => {
        try {
          return beats() !== ""
        } catch {
          return false
        }
      })
      const askedAt = performance.now()
      await daemon.done("POST", `/v1/sessions/${session}/kill`, {})
      await daemon.reaches(session, "ended", ({ state }) => state === "ended")
      const endedMs = performance.now() - askedAt
      const last = beats()
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      if (beats() !== last) throw new Error(`the session has ended after ${Math.round(endedMs)} ms, and the chain goes on`)
      return `ended after ${Math.round(endedMs)} ms, and so has the chain`
    } finally {
      writeFileSync(`${beat}.end`, "")
      await until("the chain is over", () => readProcess(Number(beats()))?.zombie ?? true, 10_000).catch(() => {})
      rmSync(directory, { recursive: true, force: true })
    }
  }
})

/** A process that bears the marks of a launch of that session, as a child of it would that no look has found. */
const marked = async (daemon: TestDaemon, session: string, generation: number, hasNonce = true) => {
  const intended = (await daemon.events(session)).find(({ data, type }) => type === "LaunchIntended" && data.generation === generation)
  const marks = { REPRISE_SESSION: session, ...(hasNonce ? { REPRISE_NONCE: String(intended!.data.nonce) } : {}) }
  const child = spawn("sleep", ["60"], { detached: true, stdio: "ignore", env: { PATH: process.env.PATH, ...marks } })
  await until("it runs", () => readProcess(child.pid ?? 0)?.command === "sleep")
  return child
}

const late = (id: string, does: string, generation: number, route: "kill" | "terminate"): Attack => ({
  id,
  attacker: "agent",
  does: `leaves a process that comes up after its sweep, ${does}`,
  promise: `ends it by \`${route}\` of the session at rest, and no process without the launch's secret`,
  run: async ({ daemon }) => {
    const { id: session } = await daemon.create(["bash", "--norc", "-c", waiting], options)
    for (let launch = 1; launch <= 2; launch++) {
      await daemon.reaches(session, "streaming", ({ state }) => state === "streaming")
      await daemon.done("POST", `/v1/sessions/${session}/kill`, {})
      await daemon.reaches(session, "ended", ({ state }) => state === "ended")
      if (launch < generation) await daemon.done("POST", `/v1/sessions/${session}/resume`, {})
      else break
    }
    const left = await marked(daemon, session, 1)
    const stranger = await marked(daemon, session, 1, false)
    try {
      await daemon.done("POST", `/v1/sessions/${session}/${route}`, {})
      await until("it is ended", () => left.exitCode !== null || left.signalCode !== null, 10_000)
      if (stranger.exitCode !== null || stranger.signalCode !== null) throw new Error("a process without the secret was ended")
      if (!(await daemon.types(session)).includes("LeftoversEnded")) throw new Error("no fact tells of it")
      const again = await daemon.ask("POST", `/v1/sessions/${session}/kill`, {})
      if (again.status !== 409) throw new Error(`a kill that finds nothing is answered ${again.status}`)
      return `ended by ${left.signalCode}; a kill that finds nothing is answered 409`
    } finally {
      left.kill("SIGKILL")
      stranger.kill("SIGKILL")
    }
  }
})

/** Its first thread ends, and another one goes on; it left its parent, its group and its session before. A minute at most. */
const threaded = (note: string) => `
import ctypes, os, threading, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
threading.Thread(target=time.sleep, args=(60,)).start()
with open(${JSON.stringify(note)}, "w") as file: file.write(str(os.getpid()))
ctypes.CDLL(None).pthread_exit(None)
`

const firstThreadEnds: Attack = {
  id: "outliving-12",
  attacker: "agent",
  does: "forks twice, leaves its session, and ends its first thread alone",
  promise: "ends the threads that go on",
  run: async ({ daemon }) => {
    const directory = mkdtempSync(join(tmpdir(), "reprise-threads-"))
    const note = join(directory, "note")
    writeFileSync(join(directory, "threads.py"), threaded(note))
    let left: ProcessIdentity | null = null
    try {
      const script = `${deaf}; python3 ${directory}/threads.py & ${waiting}`
      const { id: session } = await daemon.create(["bash", "--norc", "-c", script], options)
      await until("its first thread has ended", () => {
        left = existsSync(note) ? identityOf(Number(readFileSync(note, "utf8"))) : null
        return left !== null && readProcess(left.pid)?.state === "Z"
      })
      const askedAt = performance.now()
      await daemon.done("POST", `/v1/sessions/${session}/kill`, {})
      await daemon.reaches(session, "ended", ({ state }) => state === "ended")
      const endedMs = Math.round(performance.now() - askedAt)
      if (isAlive(left!)) throw new Error(`the session has ended after ${endedMs} ms, and the threads go on`)
      return `ended after ${endedMs} ms, and so have the threads`
    } finally {
      if (left !== null && isAlive(left)) process.kill((left as ProcessIdentity).pid, "SIGKILL")
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

export const outliving: ReadonlyArray<Attack> = [
  forging("outliving-01", "writes its exit and its end into its journal, and kills its holder", { events: [ended, cleared] }),
  forging("outliving-02", "writes its exit and its end into its journal while no daemon runs, and kills its holder", {
    events: [ended, cleared],
    isDown: true
  }),
  forging("outliving-03", "writes into its journal that it never began, and kills its holder", { events: [failed] }),
  forging("outliving-04", "empties its environment, writes its end into its journal, and kills its holder", {
    events: [ended, cleared],
    script: `exec env -i bash --norc -c "${deaf}; ${waiting}"`
  }),
  chaining("outliving-05", 0),
  chaining("outliving-06", 5),
  chaining("outliving-07", 15),
  chaining("outliving-08", 30),
  late("outliving-09", "with the secret of the last launch", 1, "kill"),
  late("outliving-10", "with the secret of the launch before the last", 2, "kill"),
  late("outliving-11", "with the secret of the last launch", 1, "terminate"),
  firstThreadEnds
]
