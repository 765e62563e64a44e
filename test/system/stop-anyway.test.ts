/** A stop reaches the agent whatever state the session's log, facts and holder are in. */
import { spawn } from "node:child_process"
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import Sqlite from "better-sqlite3"
import { assert, describe, it } from "vitest"
import type { SessionView } from "../../src/domain/view.ts"
import { processesOf, TestDaemon, until } from "../support/daemon.ts"

const ladder = [{ step: "hangup", signals: ["SIGHUP"], waitMs: 500 }, { step: "kill" }]
/** It ignores the polite signal and is launched again whenever it ends by itself. */
const stubborn = ["bash", "--norc", "-c", "trap '' HUP TERM; sleep 1001 & while :; do read -rt 60 _; done"]
const always = { keepalive: { mode: "always", baseMs: 100 }, stop: { ladder } }

const stubbornSession = async (daemon: TestDaemon) => {
  const { id } = await daemon.create(stubborn, always)
  await until("the agent and its child are up", () => processesOf(id).length >= 2)
  await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
  return id
}

const database = (daemon: TestDaemon) => new Sqlite(join(daemon.home, "reprise.db"))
const holderOf = (daemon: TestDaemon, id: string): number =>
  (JSON.parse(readFileSync(join(daemon.home, "sessions", id, "g1", "owner"), "utf8")) as { readonly process: { readonly pid: number } })
    .process.pid

describe("a session that is quarantined", () => {
  for (const verb of ["stop", "kill", "terminate"])
    it(`is ended by ${verb}`, { timeout: 60_000 }, async () => {
      await using daemon = await TestDaemon.started()
      const id = await stubbornSession(daemon)
      await daemon.kill()
      const db = database(daemon)
      db.prepare("update events set type = 'FromTheFuture' where stream = ? and seq = 2").run(id)
      db.prepare("delete from checkpoints").run()
      db.close()
      await daemon.start()
      assert.strictEqual((await daemon.ask("GET", `/v1/sessions/${id}`)).status, 503)
      const { body, status } = await daemon.ask("POST", `/v1/sessions/${id}/${verb}`, { reason: "enough" })
      assert.strictEqual(status, 202, JSON.stringify(body))
      assert.deepStrictEqual(processesOf(id), [])
      assert.deepInclude((body as SessionView).stop, { reason: "enough" })
    })
})

describe("a log that takes nothing", () => {
  it("does not keep a stop from its agent, and learns of it later", { timeout: 60_000 }, async () => {
    await using daemon = await TestDaemon.started()
    const id = await stubbornSession(daemon)
    const db = database(daemon)
    db.exec("begin immediate")
    try {
      const { body, status } = await daemon.ask("POST", `/v1/sessions/${id}/stop`, { reason: "enough" })
      assert.strictEqual(status, 202, JSON.stringify(body))
      await until("nothing is left", () => processesOf(id).length === 0)
    } finally {
      db.exec("rollback")
      db.close()
    }
    const ended = await daemon.reaches(id, "ended", ({ state }) => state === "ended")
    assert.strictEqual(ended.exit?.cause, "stopped")
    const facts = await daemon.events(id)
    assert.deepInclude(facts.find(({ type }) => type === "StopRequested")?.data, { reason: "enough", mode: "stop" })
    assert.lengthOf(
      facts.filter(({ type }) => type === "LaunchIntended"),
      1
    )
  })
})

describe("a holder that is stopped", () => {
  for (const verb of ["stop", "kill"])
    it(`does not keep a ${verb} from its agent, and is ended too`, { timeout: 90_000 }, async () => {
      await using daemon = await TestDaemon.started()
      const id = await stubbornSession(daemon)
      const holder = holderOf(daemon, id)
      process.kill(holder, "SIGSTOP")
      await daemon.done("POST", `/v1/sessions/${id}/${verb}`, {})
      const ended = await daemon.reaches(id, "ended", ({ state }) => state === "ended", 60_000)
      assert.strictEqual(ended.exit?.cause, "stopped")
      assert.deepStrictEqual(processesOf(id), [])
      await until("the holder is gone", () => /^State:\s+Z/m.test(statusOf(holder)) || statusOf(holder) === "")
    })
})

const statusOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8")
  } catch {
    return ""
  }
}

describe("the command line", () => {
  const program = join(import.meta.dirname, "../../bin/reprise.js")
  const reprise = (home: string, ...words: ReadonlyArray<string>) =>
    new Promise<{ readonly code: number | null; readonly text: string }>((resolve) => {
      const child = spawn(process.execPath, [program, "--home", home, ...words], { stdio: ["ignore", "pipe", "pipe"] })
      let text = ""
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk) => {
          text += chunk
        })
      child.once("close", (code) => resolve({ code, text }))
    })
  const quarantine = async (daemon: TestDaemon, id: string) => {
    await daemon.kill()
    const db = database(daemon)
    db.prepare("update events set type = 'FromTheFuture' where stream = ? and seq = 2").run(id)
    db.prepare("delete from checkpoints").run()
    db.close()
    await daemon.start()
  }

  it("stops a quarantined session, and says that its facts cannot be read", { timeout: 60_000 }, async () => {
    await using daemon = await TestDaemon.started()
    const id = await stubbornSession(daemon)
    await quarantine(daemon, id)
    const { code, text } = await reprise(daemon.home, "stop", id)
    assert.strictEqual(code, 0, text)
    assert.include(text, "ended by its holder")
    assert.deepStrictEqual(processesOf(id), [])
  })

  it("says that a stop is done where the log cannot record it, and ends with 0", { timeout: 60_000 }, async () => {
    await using daemon = await TestDaemon.started()
    const id = await stubbornSession(daemon)
    const db = database(daemon)
    db.exec("begin immediate")
    try {
      const { code, text } = await reprise(daemon.home, "stop", id)
      assert.strictEqual(code, 0, text)
      assert.include(text, "cannot record it now")
      assert.deepStrictEqual(processesOf(id), [])
    } finally {
      db.exec("rollback")
      db.close()
    }
  })

  it("stops every session at a shutdown, quarantined ones too", { timeout: 60_000 }, async () => {
    await using daemon = await TestDaemon.started()
    const id = await stubbornSession(daemon)
    const other = await stubbornSession(daemon)
    await quarantine(daemon, id)
    const { code, text } = await reprise(daemon.home, "shutdown", "--stop-all")
    assert.strictEqual(code, 0, text)
    assert.deepStrictEqual([...processesOf(id), ...processesOf(other)], [])
  })

  it("stops every agent of a home whose daemon cannot start", { timeout: 60_000 }, async () => {
    await using daemon = await TestDaemon.started()
    const id = await stubbornSession(daemon)
    await daemon.kill()
    renameSync(join(daemon.home, "reprise.db"), join(daemon.home, "kept.db"))
    writeFileSync(join(daemon.home, "reprise.db"), "no database")
    const { code, text } = await reprise(daemon.home, "shutdown", "--stop-all")
    assert.strictEqual(code, 0, text)
    assert.include(text, "the agents of 1 session were ended")
    assert.deepStrictEqual(processesOf(id), [])
    rmSync(join(daemon.home, "reprise.db"))
    renameSync(join(daemon.home, "kept.db"), join(daemon.home, "reprise.db"))
    await daemon.start()
    const ended = await daemon.reaches(id, "ended", ({ state }) => state === "ended")
    assert.strictEqual(ended.exit?.cause, "stopped")
    assert.strictEqual(ended.generation, 1)
  })
})
