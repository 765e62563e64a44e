/** The engine of the daemon: its flags, in the process that was started. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { TestDaemon } from "../support/daemon.ts"

describe("the daemon", () => {
  it("runs with little memory for its engine in the process that was started, without a warning, and passes nothing of it to agents", async () => {
    await using daemon = await TestDaemon.started()
    const words = readFileSync(`/proc/${daemon.pid}/cmdline`, "utf8").split("\0")
    expect(words).toContain("--max-semi-space-size=8")
    expect(readFileSync(`/proc/${daemon.pid}/environ`, "utf8").split("\0")).toContain("MALLOC_ARENA_MAX=1")
    const { id } = await daemon.create(["sleep", "1000"])
    const { process: agent } = await daemon.reaches(id, "a process", ({ process }) => process !== null)
    expect(readFileSync(`/proc/${agent?.pid}/environ`, "utf8")).not.toContain("MALLOC_")
    expect(daemon.log).not.toMatch(/Warning|execve/)
  })
})
