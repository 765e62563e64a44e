/** Attacks on the control of an agent: its holder is stopped, or the files by which a daemon reaches it are removed. Named, and ended all the same. */
import { spawn } from "node:child_process"
import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { processesOf, TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"
import { endHoldersIn } from "./refusals.ts"

const executable = join(import.meta.dirname, "../../bin/reprise.js")

const reprise = (home: string, ...words: ReadonlyArray<string>) =>
  new Promise<string>((resolve) => {
    const command = spawn(process.execPath, [executable, "--home", home, ...words], { stdio: ["ignore", "pipe", "pipe"] })
    let said = ""
    for (const stream of [command.stdout, command.stderr]) {
      stream.on("data", (chunk) => {
        said += chunk
      })
    }
    command.on("close", () => resolve(said))
  })

interface Troubled {
  readonly session: string
  readonly says: string
}

const directoryOf = (daemon: TestDaemon, id: string) => join(daemon.home, "sessions", id)
const holderOf = (daemon: TestDaemon, id: string): number =>
  (JSON.parse(readFileSync(join(directoryOf(daemon, id), "g1", "owner"), "utf8")) as { readonly process: { readonly pid: number } }).process
    .pid

const harms: ReadonlyArray<{
  readonly does: string
  readonly harm: (daemon: TestDaemon, id: string) => void
  readonly says: RegExp
  /** Whether the launch can be reached by a daemon that starts later. */
  readonly survives: boolean
}> = [
  {
    does: "stops its holder",
    harm: (daemon, id) => void process.kill(holderOf(daemon, id), "SIGSTOP"),
    says: /its holder \(pid \d+\) is stopped and takes no keys; continue it with: kill -CONT \d+$/,
    survives: true
  },
  {
    does: "removes its holder's socket",
    harm: (daemon, id) => rmSync(join(directoryOf(daemon, id), "g1", "sock")),
    says: /the socket of its holder \(pid \d+\) was removed: .* stop it and resume it$/,
    survives: true
  },
  {
    does: "removes the directory of its launch",
    harm: (daemon, id) => rmSync(join(directoryOf(daemon, id), "g1"), { recursive: true, maxRetries: 5 }),
    says: /g1 was removed while the agent runs: its output is not kept, .* stop it and resume it$/,
    survives: false
  },
  {
    does: "removes the directory of its session",
    harm: (daemon, id) => rmSync(directoryOf(daemon, id), { recursive: true, maxRetries: 5 }),
    says: /g1 was removed while the agent runs/,
    survives: false
  }
]

const withDaemon = async (run: (daemon: TestDaemon) => Promise<string>) => {
  const daemon = await TestDaemon.started()
  try {
    return await run(daemon)
  } finally {
    await daemon[Symbol.asyncDispose]().finally(() => endHoldersIn(daemon.home))
  }
}

const launched = async (daemon: TestDaemon) => {
  const { id } = await daemon.create(["cat"])
  await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
  return id
}

/** What /readyz, the log and doctor say of it. */
const isNamed = async (daemon: TestDaemon, id: string, says: RegExp) => {
  const named = await until("readyz names it", async () => {
    const { troubled } = (await daemon.done("GET", "/readyz")) as { readonly troubled: ReadonlyArray<Troubled> }
    return troubled.find(({ session }) => session === id)?.says
  })
  if (!says.test(named)) throw new Error(`readyz says: ${named}`)
  await until("the daemon's log names it", () => daemon.log.includes(named.slice(0, 40)) && daemon.log.includes(id), 30_000)
  const doctor = await reprise(daemon.home, "doctor")
  if (!doctor.includes(`${id}: ${named}`)) throw new Error(`doctor says: ${doctor}`)
  return named
}

const stops = async (daemon: TestDaemon, id: string) => {
  const said = await reprise(daemon.home, "stop", id)
  if (!said.includes("ended (stopped by cli")) throw new Error(`stop says: ${said}`)
  if (processesOf(id).length > 0) throw new Error(`${processesOf(id)} are left`)
}

export const control: ReadonlyArray<Attack> = [
  ...harms.map(
    ({ does, harm, says }, index): Attack => ({
      id: `control-0${index + 1}`,
      attacker: "agent",
      does,
      promise: "names it in its log, in /readyz and in doctor, and stops the agent",
      isAlone: true,
      run: () =>
        withDaemon(async (daemon) => {
          const id = await launched(daemon)
          harm(daemon, id)
          const named = await isNamed(daemon, id, says)
          await stops(daemon, id)
          return named.replaceAll(daemon.home, "HOME")
        })
    })
  ),
  ...harms.map(
    ({ does, harm, survives }, index): Attack => ({
      id: `control-0${index + 5}`,
      attacker: "agent",
      does: `${does}, and the daemon is killed`,
      promise: survives ? "names it after its next start, and stops the agent" : "ends the agent at its next start",
      isAlone: true,
      // A stop without the holder waits for the ladder and 15 s.
      isLong: survives,
      run: () =>
        withDaemon(async (daemon) => {
          const id = await launched(daemon)
          harm(daemon, id)
          await daemon.kill()
          await daemon.start()
          if (survives) {
            await stops(daemon, id)
            return "stopped"
          }
          await daemon.reaches(id, "ended", ({ state }) => state === "ended", 30_000)
          if (processesOf(id).length > 0) throw new Error(`${processesOf(id)} are left`)
          return "ended"
        })
    })
  ),
  {
    id: "control-09",
    attacker: "agent",
    does: "stops its holder, and is typed to",
    promise: "answers within 30 s that the input may yet arrive, and names the holder",
    isAlone: true,
    run: () =>
      withDaemon(async (daemon) => {
        const id = await launched(daemon)
        const holder = holderOf(daemon, id)
        process.kill(holder, "SIGSTOP")
        const said = await reprise(daemon.home, "input", id, "late", "--key", "enter")
        if (!said.includes(`its holder (pid ${holder}) is stopped`) || said.includes("overloaded")) throw new Error(said)
        process.kill(holder, "SIGCONT")
        await until("what was typed arrives", async () => (await daemon.output(id)).includes("late"))
        return said.trim()
      })
  },
  {
    id: "control-10",
    attacker: "agent",
    does: "stops its holder, and no daemon runs",
    promise: "ends both agents by shutdown --stop-all, and counts each session once",
    isAlone: true,
    run: () =>
      withDaemon(async (daemon) => {
        const ids = [await launched(daemon), await launched(daemon)]
        process.kill(holderOf(daemon, ids[0]!), "SIGSTOP")
        await daemon.kill()
        const said = await reprise(daemon.home, "shutdown", "--stop-all")
        if (!said.includes("the agents of 2 sessions were ended without it")) throw new Error(said)
        const left = ids.flatMap(processesOf)
        if (left.length > 0) throw new Error(`${left} are left`)
        return said.trim().replaceAll(daemon.home, "HOME")
      })
  }
]
