import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import type { SessionView } from "../../src/domain/view.ts"
import type { DaemonNote } from "../../src/infra/home.ts"
import { processesOf, TestDaemon, until } from "../support/daemon.ts"

const program = join(import.meta.dirname, "../../bin/reprise.js")

/** How a person or an agent in a session starts a daemon. */
const starts = {
  "in the background": "$SERVE &",
  "under nohup": "nohup $SERVE >/dev/null 2>&1 &",
  "in a session of its own": "setsid $SERVE >/dev/null 2>&1 &",
  "without the marks of its launch": "env -u REPRISE_NONCE -u REPRISE_SESSION -u REPRISE_GENERATION $SERVE &",
  "through a command that asks for one": "$RUN --start --detach --name first sleep 1000"
}

const noteIn = (home: string): DaemonNote | null => {
  try {
    return JSON.parse(readFileSync(join(home, "daemon.json"), "utf8")) as DaemonNote
  } catch {
    return null
  }
}
const isAlive = (pid: number) => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))
  } catch {
    return false
  }
}

describe("a daemon that is started from inside a session", () => {
  for (const [how, start] of Object.entries(starts))
    it(`${how} outlives that session, with its agents`, { timeout: 90_000 }, async () => {
      await using outer = await TestDaemon.started()
      const home = mkdtempSync(join(tmpdir(), "reprise-inner-"))
      const reprise = `${process.execPath} ${program} --home ${home}`
      const script = `SERVE="${reprise} serve --port 0"; RUN="${reprise} run"; export REPRISE_PORT=0; ${start}\nsleep 1001 & wait`
      const { id } = await outer.create(["bash", "--norc", "-c", script], { keepalive: { mode: "never" } })
      const inner = (await until("the inner daemon is up", () => noteIn(home), 30_000)).pid
      try {
        assert.notInclude(readFileSync(`/proc/${inner}/environ`, "latin1"), "REPRISE_NONCE")
        const { url } = noteIn(home)!
        const headers = { authorization: `Bearer ${readFileSync(join(home, "token"), "utf8").trim()}`, "content-type": "application/json" }
        const body = JSON.stringify({ command: ["sleep", "1002"], cwd: "/tmp" })
        const { id: kept } = (await (await fetch(`${url}/v1/sessions`, { method: "POST", headers, body })).json()) as SessionView
        await until("the inner agent is up", () => processesOf(kept).length > 0)
        await outer.done("POST", `/v1/sessions/${id}/stop`, { reason: "over" })
        await outer.reaches(id, "ended", ({ state }) => state === "ended", 30_000)
        assert.deepStrictEqual(processesOf(id), [], "nothing of the session itself is left")
        assert.isTrue(isAlive(inner), "the inner daemon lives")
        assert.lengthOf(processesOf(kept), 1, "its agent lives")
        await fetch(`${url}/v1/sessions/${kept}/kill`, { method: "POST", headers, body: "{}" })
        await until("the inner agent is gone", () => processesOf(kept).length === 0)
        const { data } = (await (await fetch(`${url}/v1/sessions`, { headers })).json()) as { readonly data: ReadonlyArray<SessionView> }
        for (const other of data) await fetch(`${url}/v1/sessions/${other.id}/kill`, { method: "POST", headers, body: "{}" })
        await until("nothing of the inner daemon is left", () => data.every((other) => processesOf(other.id).length === 0))
      } finally {
        process.kill(inner, "SIGTERM")
        await until("the inner daemon is gone", () => !isAlive(inner))
        rmSync(home, { recursive: true, force: true })
      }
    })
})
