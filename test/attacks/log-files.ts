/** Attacks of an agent on the log's files beneath the running daemon: cut, overwritten, again and again. */
import { randomBytes } from "node:crypto"
import { existsSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { SessionView } from "../../src/domain/view.ts"
import { TestDaemon } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"

interface Harm {
  readonly id: string
  readonly does: string
  readonly harm: (log: string) => void
  /** Whether creates go on; else each is refused with 503. */
  readonly goesOn: boolean
}

const harms: ReadonlyArray<Harm> = [
  { id: "log-01", does: "cuts the index of the write-ahead log to nothing", harm: (log) => truncateSync(`${log}-shm`, 0), goesOn: true },
  {
    id: "log-02",
    does: "cuts the index of the write-ahead log in its header",
    harm: (log) => truncateSync(`${log}-shm`, 100),
    goesOn: true
  },
  {
    id: "log-03",
    does: "cuts the index of the write-ahead log behind its first page",
    harm: (log) => truncateSync(`${log}-shm`, 4_096),
    goesOn: true
  },
  {
    id: "log-05",
    does: "writes noise over the index of the write-ahead log",
    harm: (log) => writeFileSync(`${log}-shm`, randomBytes(statSync(`${log}-shm`).size), { flag: "r+" }),
    goesOn: true
  },
  { id: "log-06", does: "cuts the write-ahead log to nothing", harm: (log) => truncateSync(`${log}-wal`, 0), goesOn: false },
  {
    id: "log-07",
    does: "cuts the write-ahead log in its last frame",
    harm: (log) => truncateSync(`${log}-wal`, statSync(`${log}-wal`).size - 100),
    goesOn: false
  }
]

const attack = ({ does, goesOn, harm, id }: Harm): Attack => ({
  id,
  attacker: "agent",
  does,
  promise: goesOn ? "goes on, and has every session that it acknowledged after its next start" : "acknowledges nothing more, and lives",
  isAlone: true,
  run: async () => {
    await using daemon = await TestDaemon.started()
    const log = join(daemon.home, "reprise.db")
    const { pid } = daemon
    const acknowledged = [(await daemon.create(["true"])).id, (await daemon.create(["true"])).id]
    for (const each of acknowledged) await daemon.reaches(each, "is over", ({ state }) => state === "ended")
    // What changes in the tick of a commit is found at the next start.
    await new Promise((resolve) => setTimeout(resolve, 200))
    harm(log)
    await daemon.ask("GET", "/v1/sessions")
    const { body, status } = await daemon.ask("POST", "/v1/sessions", { command: ["true"], cwd: "/tmp" })
    if (status === 201) acknowledged.push((body as SessionView).id)
    if (daemon.pid !== pid || !existsSync(`/proc/${pid}/exe`)) throw new Error("the daemon has ended")
    if (status !== (goesOn ? 201 : 503)) throw new Error(`a create was answered ${status} ${JSON.stringify(body)}`)
    if (!goesOn) return "503"
    await daemon.kill()
    await daemon.start()
    for (const each of acknowledged) await daemon.session(each)
    return `${acknowledged.length} of ${acknowledged.length} sessions known`
  }
})

/** An agent that can write there can also end the daemon by a signal: what it has acknowledged must outlive both. */
const cutWithoutEnd: Attack = {
  id: "log-04",
  attacker: "agent",
  does: "cuts the index of the write-ahead log before each of 40 creates, in the middle of commits too",
  promise: "lives, or ends so that its next start knows every session that it has acknowledged",
  isAlone: true,
  run: async () => {
    await using daemon = await TestDaemon.started()
    const acknowledged = [(await daemon.create(["true"])).id]
    let ends = 0
    for (let time = 0; time < 40; time++) {
      truncateSync(join(daemon.home, "reprise.db-shm"), 0)
      const made = await daemon.create(["true"]).catch(() => null)
      if (made !== null) acknowledged.push(made.id)
      else {
        if ((await daemon.ended()) !== "SIGBUS") throw new Error(`the daemon has ended otherwise: ${daemon.log.slice(-1_000)}`)
        ends += 1
        await daemon.start()
      }
    }
    await daemon.kill()
    await daemon.start()
    for (const each of acknowledged) await daemon.session(each)
    return `ended ${ends} times; ${acknowledged.length} of ${acknowledged.length} sessions known`
  }
}

export const logFiles: ReadonlyArray<Attack> = [...harms.map(attack), cutWithoutEnd]
