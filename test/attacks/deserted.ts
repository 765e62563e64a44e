/** Attacks by the place that a holder works in: deleted, moved, and deleted while a daemon is attached. */
import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { limits } from "../../src/domain/limits.ts"
import { type identityOf, isAlive } from "../../src/infra/holder/process-table.ts"
import { processesOf, TestDaemon, until } from "../support/daemon.ts"
import type { Attack } from "./attack.ts"
import { endHoldersIn } from "./refusals.ts"

type Identity = NonNullable<ReturnType<typeof identityOf>>

const deaf =
  "trap '' HUP TERM INT; setsid bash --norc -c 'trap \"\" HUP TERM; while :; do read -rt 60 _; done' & while :; do read -rt 60 _; done"
const options = { keepalive: { mode: "never" }, stop: { ladder: [{ step: "hangup", signals: ["SIGHUP"], waitMs: 300 }, { step: "kill" }] } }
const pastDeserted = limits.desertedMs + 10_000

const begun = async (daemon: TestDaemon) => {
  const { id } = await daemon.create(["bash", "--norc", "-c", deaf], options)
  await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
  await until("its child runs", () => processesOf(id).length >= 2)
  const identity = join(daemon.home, "sessions", id, "g1", "identity.json")
  return { id, holder: (JSON.parse(readFileSync(identity, "utf8")) as { readonly holder: Identity }).holder }
}

export const deserted: ReadonlyArray<Attack> = [
  {
    id: "deserted-01",
    attacker: "local user",
    does: "deletes the whole home while no daemon runs, and starts a daemon in a home of the same name",
    promise: "lets the holder end its agent by the ladder after 30 s, and leaves the new daemon's agents alone",
    isAlone: true,
    run: async () => {
      await using daemon = await TestDaemon.started()
      const { holder, id } = await begun(daemon)
      try {
        await daemon.kill()
        rmSync(daemon.home, { recursive: true, force: true })
        const deletedAt = performance.now()
        await using next = new TestDaemon(daemon.home)
        await next.start()
        const other = await begun(next)
        await until("the agent is ended", () => processesOf(id).length === 0, pastDeserted + 20_000)
        const endedMs = performance.now() - deletedAt
        if (endedMs < limits.desertedMs - 3_000) throw new Error(`the agent was ended after ${Math.round(endedMs)} ms`)
        await until("the holder is gone", () => !isAlive(holder), 20_000)
        if (processesOf(other.id).length < 2) throw new Error("an agent of the new home was ended")
        await next.done("POST", `/v1/sessions/${other.id}/kill`, {})
        await next.reaches(other.id, "ended", ({ state }) => state === "ended")
        return `the agent is ended after ${Math.round(endedMs / 1_000)} s, and so is its holder`
      } finally {
        for (const pid of processesOf(id)) process.kill(pid, "SIGKILL")
      }
    }
  },
  {
    id: "deserted-02",
    attacker: "local user",
    does: "moves the whole home while no daemon runs, for longer than a holder without a directory waits",
    promise: "lets the agent live, and takes it up where the home is now",
    isAlone: true,
    isLong: true,
    run: async () => {
      const place = mkdtempSync(join(tmpdir(), "reprise-moved-"))
      await using daemon = await TestDaemon.started()
      const { holder, id } = await begun(daemon)
      try {
        await daemon.kill()
        renameSync(daemon.home, join(place, "home"))
        await new Promise((resolve) => setTimeout(resolve, pastDeserted))
        if (!isAlive(holder) || processesOf(id).length < 2) throw new Error("the agent was ended")
        await using next = new TestDaemon(join(place, "home"))
        await next.start()
        await next.reaches(id, "is taken up", ({ state }) => state === "streaming")
        await next.done("POST", `/v1/sessions/${id}/kill`, {})
        await next.reaches(id, "ended", ({ state }) => state === "ended")
        return "adopted in the new place"
      } finally {
        endHoldersIn(join(place, "home"))
        rmSync(place, { recursive: true, force: true })
      }
    }
  },
  {
    id: "deserted-03",
    attacker: "agent",
    does: "deletes its own launch directory while a daemon is attached to its holder",
    promise: "lets the agent live for as long as the daemon is attached, and ends it by `kill`",
    isLong: true,
    run: async ({ daemon }) => {
      const { holder, id } = await begun(daemon)
      rmSync(join(daemon.home, "sessions", id, "g1"), { recursive: true, force: true })
      await new Promise((resolve) => setTimeout(resolve, pastDeserted))
      if (!isAlive(holder) || processesOf(id).length < 2) throw new Error("the agent was ended")
      await daemon.done("POST", `/v1/sessions/${id}/kill`, {})
      await daemon.reaches(id, "ended", ({ state }) => state === "ended", 60_000)
      await until("nothing of it is left", () => processesOf(id).length === 0 && !isAlive(holder), 30_000)
      return "lives, and is ended by kill"
    }
  }
]
