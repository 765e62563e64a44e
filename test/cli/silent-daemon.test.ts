/** The command line before a daemon that takes connections and does not answer. */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { limits } from "../../src/domain/limits.ts"
import { TestDaemon } from "../support/daemon.ts"

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
        expect(said).toMatch(/has not answered within \d+ s/)
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
})
