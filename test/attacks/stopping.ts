/** Attacks on stopping: an agent that does all to stay, or to take from its holder and its log what a stop needs. */
import { readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import Sqlite from "better-sqlite3"
import { readProcess } from "../../src/infra/holder/process-table.ts"
import { processesOf, TestDaemon, until } from "../support/daemon.ts"
import type { Attack, Ground } from "./attack.ts"

const ladder = [{ step: "hangup", signals: ["SIGHUP"], waitMs: 300 }, { step: "kill" }]
const kept = { keepalive: { mode: "always", baseMs: 100 }, stop: { ladder } }
const deaf = "trap '' HUP TERM INT QUIT CONT"
const waiting = "while :; do read -rt 60 _; done"

const agentOf = async (daemon: TestDaemon, script: string, processes = 1) => {
  const { id } = await daemon.create(["bash", "--norc", "-c", `${script}\n${waiting}`], kept)
  await until("the agent is up", () => processesOf(id).length >= processes)
  return id
}

const directoryOf = (daemon: TestDaemon, id: string) => join(daemon.home, "sessions", id, "g1")
const holderOf = (daemon: TestDaemon, id: string): number =>
  (JSON.parse(readFileSync(join(directoryOf(daemon, id), "owner"), "utf8")) as { readonly process: { readonly pid: number } }).process.pid

/** Answered in time, and nothing of the tree left; with the time that it took. */
const stops = async (daemon: TestDaemon, id: string, verb: "stop" | "kill" = "stop") => {
  const askedAt = performance.now()
  const { body, status } = await daemon.ask("POST", `/v1/sessions/${id}/${verb}`, {})
  const answeredMs = performance.now() - askedAt
  if (status !== 202) throw new Error(`${verb} was answered with ${status} ${JSON.stringify(body)}`)
  await until("nothing of the tree is left", () => processesOf(id).length === 0, 60_000)
  return `answered in ${Math.round(answeredMs)} ms, nothing left after ${Math.round(performance.now() - askedAt)} ms`
}

interface Scene {
  readonly script?: string
  readonly processes?: number
  readonly verb?: "stop" | "kill"
  readonly meanwhile?: (daemon: TestDaemon, id: string) => Promise<void> | void
}

const attempt = (id: string, does: string, scene: Scene): Attack => ({
  id,
  attacker: "agent",
  does,
  promise: "ends the whole tree all the same",
  run: async ({ daemon }: Ground) => {
    const session = await agentOf(daemon, scene.script ?? deaf, scene.processes)
    // A holder that still begins has not all of its files yet.
    await daemon.reaches(session, "streaming", ({ state }) => state === "streaming")
    await scene.meanwhile?.(daemon, session)
    return stops(daemon, session, scene.verb)
  }
})

/** A kill after which neither the agent nor its holder may be there. `restart`: the daemon connects once more, to what lies there now. */
const withHarmedHolder = (
  id: string,
  does: string,
  harm: (daemon: TestDaemon, session: string, other: string) => void,
  restart = false
): Attack => ({
  id,
  attacker: "agent",
  does,
  promise: "ends the agent and its holder, and leaves the other session alone",
  isAlone: true,
  run: async () => {
    await using daemon = await TestDaemon.started()
    const [session, other] = [await agentOf(daemon, deaf), await agentOf(daemon, deaf)]
    for (const one of [session, other]) await daemon.reaches(one, "streaming", ({ state }) => state === "streaming")
    const [holder, bystander] = [holderOf(daemon, session), holderOf(daemon, other)]
    const startedAt = readProcess(holder)?.startTime
    const isThere = () => readProcess(holder)?.startTime === startedAt && readProcess(holder)?.zombie === false
    try {
      if (restart) await daemon.kill()
      harm(daemon, session, other)
      if (restart) await daemon.start()
      await daemon.ask("POST", `/v1/sessions/${session}/kill`, {})
      await daemon.reaches(session, "ended", ({ state }) => state === "ended", 60_000)
      await until("its holder is gone", () => !isThere(), 20_000)
      if (processesOf(session).length > 0) throw new Error("the agent is left")
      if (readProcess(bystander)?.zombie !== false || processesOf(other).length === 0) throw new Error("the other session has ended too")
      return "agent and holder ended"
    } finally {
      if (isThere()) process.kill(holder, "SIGKILL")
    }
  }
})

const replaceByLink = (path: string, target: string) => {
  renameSync(path, `${path}.old`)
  symlinkSync(target, path)
}

/** The stop of a session whose facts cannot be folded, or of a log that takes nothing. */
const withHarmedLog = (id: string, does: string, harm: (daemon: TestDaemon, session: string) => Promise<() => void>): Attack => ({
  id,
  attacker: "machine",
  does,
  promise: "ends the agent by its holder, and records it later where it can",
  isAlone: true,
  run: async () => {
    await using daemon = await TestDaemon.started()
    const session = await agentOf(daemon, deaf)
    await daemon.reaches(session, "streaming", ({ state }) => state === "streaming")
    const undo = await harm(daemon, session)
    try {
      return await stops(daemon, session)
    } finally {
      undo()
    }
  }
})

const restartedWith = async (daemon: TestDaemon, sql: string, session: string) => {
  await daemon.kill()
  const db = new Sqlite(join(daemon.home, "reprise.db"))
  db.prepare(sql).run(session)
  db.prepare("delete from checkpoints").run()
  db.close()
  await daemon.start()
  return () => {}
}

export const stopping: ReadonlyArray<Attack> = [
  attempt("stopping-01", "ignores every signal that can be ignored", {}),
  attempt("stopping-02", "leaves its session, its group and its parent", {
    script: `${deaf}; setsid sleep 1001 & (setsid bash -c 'sleep 1002 & exec sleep 1003' &) ; nohup sleep 1004 >/dev/null 2>&1 &`,
    processes: 5
  }),
  attempt("stopping-03", "stops itself by SIGSTOP", {
    script: `${deaf}; sleep 1001 & kill -STOP $!; (sleep 0.3; kill -STOP $$) &`,
    processes: 2
  }),
  attempt("stopping-04", "forks again and again while it is ended", {
    script: `${deaf}; spawn() { (trap '' HUP TERM; sleep 0.05; spawn) & sleep 0.2; }; for ((n = 0; n < 20; n++)); do spawn & done`,
    processes: 10,
    verb: "kill"
  }),
  attempt("stopping-05", "stops its holder by SIGSTOP", { meanwhile: (daemon, id) => void process.kill(holderOf(daemon, id), "SIGSTOP") }),
  attempt("stopping-06", "stops its holder by SIGSTOP before a kill", {
    verb: "kill",
    meanwhile: (daemon, id) => void process.kill(holderOf(daemon, id), "SIGSTOP")
  }),
  attempt("stopping-07", "kills its holder", { meanwhile: (daemon, id) => void process.kill(holderOf(daemon, id), "SIGKILL") }),
  attempt("stopping-08", "removes its holder's socket", { meanwhile: (daemon, id) => rmSync(join(directoryOf(daemon, id), "sock")) }),
  attempt("stopping-09", "removes its holder's whole directory", {
    meanwhile: (daemon, id) => rmSync(directoryOf(daemon, id), { recursive: true, maxRetries: 5 })
  }),
  attempt("stopping-10", "writes into its holder's journal that it has ended", {
    meanwhile: (daemon, id) =>
      writeFileSync(
        join(directoryOf(daemon, id), "journal.ndjson"),
        `${JSON.stringify({ n: 99, wallMs: 1, offset: 0, event: { type: "cleared", swept: 0 } })}\n`
      )
  }),
  attempt("stopping-11", "takes its holder's socket for a program of its own", {
    meanwhile: async (daemon, id) => {
      const directory = directoryOf(daemon, id)
      renameSync(join(directory, "sock"), join(directory, "sock.old"))
      await daemon.done("POST", `/v1/sessions/${id}/input`, {
        text: `python3 -c 'import socket,time; s=socket.socket(socket.AF_UNIX); s.bind("${directory}/sock"); s.listen(); time.sleep(1000)' &\r`
      })
    }
  }),
  attempt("stopping-12", "asks 20,000 questions and changes its title without end", {
    script: `${deaf}; while :; do printf '\\033[6n\\033]0;%s\\007\\033]7501;state=working:app=x\\007' $RANDOM; done &`,
    processes: 2
  }),
  attempt("stopping-13", "starts a daemon of its own below itself, unmarked", {
    script: `${deaf}; REPRISE_ROLE=daemon REPRISE_NONCE= sleep 1001 & env REPRISE_ROLE=daemon sleep 1002 &`,
    processes: 2
  }),
  withHarmedLog("stopping-14", "has a fact in the session's log that this version does not know", (daemon, session) =>
    restartedWith(daemon, "update events set type = 'FromTheFuture' where stream = ? and seq = 2", session)
  ),
  withHarmedLog("stopping-15", "has a fact in the session's log that is torn", (daemon, session) =>
    restartedWith(daemon, "update events set data = substr(data, 1, 10) where stream = ? and seq = 2", session)
  ),
  withHarmedLog("stopping-16", "locks the log", async (daemon) => {
    const db = new Sqlite(join(daemon.home, "reprise.db"))
    db.exec("begin immediate")
    return () => {
      db.exec("rollback")
      db.close()
    }
  }),
  withHarmedLog("stopping-17", "removes the log's files", async (daemon) => {
    for (const name of readdirSync(daemon.home)) if (name.startsWith("reprise.db")) rmSync(join(daemon.home, name), { recursive: true })
    await new Promise((resolve) => setTimeout(resolve, 300))
    return () => {}
  }),
  withHarmedHolder("stopping-18", "stops its holder and forges the files that name it", (daemon, session) => {
    process.kill(holderOf(daemon, session), "SIGSTOP")
    for (const name of ["owner", "identity.json"]) {
      const path = join(directoryOf(daemon, session), name)
      const text = readFileSync(path, "utf8").replaceAll(/"pid":\d+/g, '"pid":4194303')
      rmSync(path)
      writeFileSync(path, text)
    }
  }),
  withHarmedHolder(
    "stopping-19",
    "stops its holder and puts a link to another session's socket in the place of its own",
    (daemon, session, other) => {
      process.kill(holderOf(daemon, session), "SIGSTOP")
      replaceByLink(join(directoryOf(daemon, session), "sock"), join(directoryOf(daemon, other), "sock"))
    }
  ),
  withHarmedHolder(
    "stopping-20",
    "puts a link to another session's launch in the place of its own while no daemon runs",
    (daemon, session, other) => replaceByLink(directoryOf(daemon, session), directoryOf(daemon, other)),
    true
  ),
  withHarmedHolder(
    "stopping-21",
    "puts a link to another session's socket in the place of its own while no daemon runs",
    (daemon, session, other) => replaceByLink(join(directoryOf(daemon, session), "sock"), join(directoryOf(daemon, other), "sock")),
    true
  ),
  {
    id: "stopping-22",
    attacker: "agent",
    does: "traces the agent of another session, and holds it in its exit (PTRACE_O_TRACEEXIT)",
    promise: "names the process that does not die while the tracer holds it, and ends the session as soon as it is let go",
    needsRoot: true,
    run: async ({ daemon }) => {
      const victim = await daemon.create(["sleep", "1000"], { keepalive: { mode: "never" } })
      const { process: held } = await daemon.reaches(victim.id, "streaming", ({ state }) => state === "streaming")
      // PTRACE_SEIZE is 0x4206, PTRACE_O_TRACEEXIT 0x40: ptrace(2).
      const seize = `import ctypes,time
trace=ctypes.CDLL(None).ptrace
trace.argtypes=[ctypes.c_long]*4
print('seized', trace(0x4206,${held?.pid},0,0x40), flush=True)
time.sleep(1000)`
      const tracer = await daemon.create(["python3", "-c", seize], { keepalive: { mode: "never" } })
      await until("it is traced", async () => (await daemon.output(tracer.id)).includes("seized 0"))
      await daemon.done("POST", `/v1/sessions/${victim.id}/kill`, {})
      const askedAt = performance.now()
      const { leftovers } = await daemon.reaches(victim.id, "leftovers", (view) => view.leftovers.length > 0, 90_000)
      const namedMs = performance.now() - askedAt
      if (leftovers[0]?.pid !== held?.pid) throw new Error(`it names ${JSON.stringify(leftovers)}`)
      await daemon.done("POST", `/v1/sessions/${tracer.id}/kill`, {})
      await daemon.reaches(victim.id, "ended", ({ state }) => state === "ended", 60_000)
      return `pid and name after ${Math.round(namedMs / 1_000)} s; ended once the tracer was`
    }
  }
]
