/** The command line before a daemon that takes connections and does not answer. */
import { spawn } from "node:child_process"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { limits } from "../../src/domain/limits.ts"
import { readProcess } from "../../src/infra/holder/process-table.ts"
import { processesOf, TestDaemon } from "../support/daemon.ts"

const reprise = (home: string, ...words: ReadonlyArray<string>) =>
  new Promise<{ readonly code: number | null; readonly said: string }>((resolve) => {
    const command = spawn(process.execPath, [join(import.meta.dirname, "../../bin/reprise.js"), "--home", home, ...words], {
      stdio: ["ignore", "pipe", "pipe"]
    })
    let said = ""
    for (const stream of [command.stdout, command.stderr]) {
      stream.on("data", (chunk) => {
        said += chunk
      })
    }
    command.on("close", (code) => resolve({ code, said }))
  })

describe("the command line", () => {
  it("gives up on a stopped daemon and names its pid", { timeout: 180_000 }, async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(["cat"])
    process.kill(daemon.pid, "SIGSTOP")
    try {
      const outcomes = await Promise.all([
        reprise(daemon.home, "ls"),
        reprise(daemon.home, "stop", id),
        reprise(daemon.home, "wait", id, "--for", "ended", "--timeout", "5s"),
        reprise(daemon.home, "shutdown"),
        reprise(daemon.home, "doctor")
      ])
      for (const { said } of outcomes) {
        expect(said).toContain(`pid ${daemon.pid}`)
        expect(said).toMatch(/is stopped and has not answered within \d+ s/)
        expect(said).toContain(`kill -CONT ${daemon.pid}`)
        expect(said).not.toContain("start one: reprise serve")
      }
      const seconds = (ms: number) => `within ${ms / 1_000} s`
      expect(outcomes[0]?.said).toContain(seconds(limits.answerMs))
      expect(outcomes[3]?.said).toContain(seconds(limits.healthMs))
      expect(outcomes.map(({ code }) => code)).toEqual([124, 124, 124, 124, 1])
    } finally {
      process.kill(daemon.pid, "SIGCONT")
    }
    expect((await daemon.session(id)).id).toBe(id)
  })

  it("ends a stopped daemon and its agents at a shutdown of all", { timeout: 180_000 }, async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(["cat"])
    await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    const { pid } = daemon
    process.kill(pid, "SIGSTOP")
    const { code, said } = await reprise(daemon.home, "shutdown", "--stop-all")
    expect(said).toContain(`the daemon (pid ${pid}) was stopped, and runs on`)
    expect(code).toBe(0)
    expect(processesOf(id)).toEqual([])
  })

  it("ends the agents without a daemon that is stopped again and again", { timeout: 180_000 }, async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(["cat"])
    await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    const { pid } = daemon
    const stopping = setInterval(() => {
      if (readProcess(pid) === null) clearInterval(stopping)
      else process.kill(pid, "SIGSTOP")
    }, 5)
    try {
      const { code, said } = await reprise(daemon.home, "shutdown", "--stop-all")
      clearInterval(stopping)
      expect(said).toContain(`the daemon (pid ${pid}) stays stopped, and was killed`)
      expect(code).toBe(0)
      expect(processesOf(id)).toEqual([])
    } finally {
      clearInterval(stopping)
    }
  })

  it("ends the agents of a home that has lost its token and its daemon", { timeout: 60_000 }, async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(["cat"])
    await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    await daemon.kill()
    rmSync(join(daemon.home, "token"))
    const { code, said } = await reprise(daemon.home, "shutdown", "--stop-all")
    expect(said).toContain("the agents of 1 session were ended")
    expect(code).toBe(0)
    expect(processesOf(id)).toEqual([])
  })
})
