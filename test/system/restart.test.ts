import { spawn } from "node:child_process"
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { processesOf, TestDaemon, until } from "../support/daemon.ts"
import { counter, soak } from "../support/soak.ts"

describe("a daemon that is killed with -9", () => {
  it("finds every agent alive, with the same pid and every byte of output", async () => {
    const report = await soak({ sessions: 5, kills: 6, betweenMs: [20, 300] })
    assert.isAbove(report.lines, 100)
  }, 90_000)

  it("knows how an agent ended that ended while no daemon ran", async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(["bash", "--norc", "-c", "echo up; read _; exit 7"])
    await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    await daemon.done("POST", `/v1/sessions/${id}/input`, { text: "x" })
    const { process: agent } = await daemon.session(id)
    await daemon.kill()
    process.kill(agent!.pid, "SIGKILL")
    await until("the agent is gone", () => processesOf(id).length === 0)
    await daemon.start()
    const ended = await daemon.reaches(id, "ended", ({ state }) => state === "ended")
    assert.deepInclude(ended.exit, { cause: "crashed", signal: "SIGKILL" })
  })

  it("says lost, with the interval, when agent and holder died together", async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(counter)
    await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    const holder = JSON.parse(readFileSync(join(daemon.home, "sessions", id, "g1", "identity.json"), "utf8")) as { holder: { pid: number } }
    const agent = (await daemon.session(id)).process!.pid
    await daemon.kill()
    process.kill(holder.holder.pid, "SIGKILL")
    process.kill(agent, "SIGKILL")
    await until("both are gone", () => processesOf(id).length === 0)
    await daemon.start()
    const ended = await daemon.reaches(id, "ended", ({ state }) => state === "ended")
    assert.strictEqual(ended.exit?.cause, "lost")
    assert.match(ended.exit?.detail ?? "", /last seen alive/)
  })

  it("leaves nothing behind when the holder alone is killed", async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(["bash", "--norc", "-c", "trap '' HUP TERM; (trap '' HUP; sleep 600) & while :; do sleep 1; done"])
    await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    await until("the tree is up", () => processesOf(id).length >= 2)
    const holder = JSON.parse(readFileSync(join(daemon.home, "sessions", id, "g1", "identity.json"), "utf8")) as { holder: { pid: number } }
    process.kill(holder.holder.pid, "SIGKILL")
    const ended = await daemon.reaches(id, "ended", ({ state }) => state === "ended")
    assert.strictEqual(ended.exit?.cause, "lost")
    assert.deepStrictEqual(processesOf(id), [])
  })
})

describe("an old log brought back beside a holder that has seen later daemons", () => {
  it("takes an epoch above theirs, so that the agent can be typed into again", async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(["bash", "--norc"])
    await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    await daemon.kill("SIGTERM")
    const files = ["reprise.db", "reprise.db-wal", "reprise.db-shm"].map((name) => join(daemon.home, name)).filter(existsSync)
    for (const file of files) copyFileSync(file, `${file}.backup`)
    for (let later = 0; later < 3; later++) {
      await daemon.start()
      await daemon.kill("SIGTERM")
    }
    for (const name of ["reprise.db", "reprise.db-wal", "reprise.db-shm"]) rmSync(join(daemon.home, name), { force: true })
    for (const file of files) renameSync(`${file}.backup`, file)
    await daemon.start()
    const { body } = await daemon.ask("GET", "/readyz")
    assert.deepInclude((body as { recovery: object }).recovery, { adopted: 1, failed: 0 })
    await daemon.done("POST", `/v1/sessions/${id}/input`, { text: "echo heard", keys: ["enter"] })
    await until("the shell answers", async () => (await daemon.output(id)).split("heard").length >= 3)
  }, 60_000)
})

describe("a daemon that is asked to stop", () => {
  it("exits with 0 and lets agents live", async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(counter)
    const { process: agent } = await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    assert.strictEqual(await daemon.kill("SIGTERM"), 0)
    assert.isFalse(existsSync(join(daemon.home, "daemon.json")))
    assert.deepStrictEqual(processesOf(id), [agent!.pid])
    await daemon.start()
    assert.strictEqual((await daemon.session(id)).process?.pid, agent!.pid)
  })
})

describe("two daemons on one home", () => {
  it("is one daemon: the second names the first, and is done", async () => {
    await using daemon = await TestDaemon.started()
    const second = spawn(process.execPath, ["src/main.ts", "--home", daemon.home, "serve", "--port", "0"], {
      stdio: ["ignore", "pipe", "pipe"]
    })
    let said = ""
    second.stdout.on("data", (chunk) => {
      said += chunk
    })
    const code = await new Promise((resolve) => second.once("exit", resolve))
    assert.strictEqual(code, 0)
    assert.include(said, `pid ${daemon.pid}`)
    assert.include(said, daemon.url)
    assert.strictEqual((await daemon.ask("GET", "/readyz")).status, 200)
  })
})
