/** The engine of the daemon: its flags, in the process that was started. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { TestDaemon } from "../support/daemon.ts"

describe("the daemon", () => {
  it("runs with a small young generation in the process that was started, and without a word about it", async () => {
    await using daemon = await TestDaemon.started()
    const words = readFileSync(`/proc/${daemon.pid}/cmdline`, "utf8").split("\0")
    expect(words).toContain("--max-semi-space-size=8")
    expect(daemon.log).not.toMatch(/Warning|execve/)
  })
})
