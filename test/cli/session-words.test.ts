/** Which session a word selects: none by an empty word, nor by what every id begins with. */
import { describe, expect, it } from "vitest"
import { TestDaemon } from "../support/daemon.ts"
import { start } from "./support.ts"

const ask = (daemon: TestDaemon, ...words: ReadonlyArray<string>) => start(daemon.home, words).ended

describe("a word for a session", () => {
  it("selects nothing where it is empty or too short, and a name always", { timeout: 120_000 }, async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(["cat"])
    await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    const empty = await ask(daemon, "stop", "")
    expect(empty).toMatchObject({ code: 2, stdout: "" })
    expect(empty.stderr).toContain("session: it is empty")
    for (const word of ["s", "s-", id.slice(0, 3), id.slice(2, 3)]) {
      expect(await ask(daemon, "terminate", word), word).toMatchObject({ code: 3, stdout: "" })
    }
    expect((await daemon.session(id)).state).toBe("streaming")
    for (const word of [id.slice(0, 4), id.slice(2, 4), id]) expect((await ask(daemon, "show", word)).code, word).toBe(0)
    const named = await daemon.create(["cat"], { name: "s" })
    await daemon.reaches(named.id, "streaming", ({ state }) => state === "streaming")
    expect((await ask(daemon, "terminate", "s")).code).toBe(0)
    expect((await daemon.session(id)).state).toBe("streaming")
    await daemon.reaches(named.id, "terminated", ({ state }) => state === "terminated")
  })

  it("shows the state after `continue`, not the one before", { timeout: 60_000 }, async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(["cat"])
    const { process: agent } = await daemon.reaches(id, "streaming", ({ process, state }) => process !== null && state === "streaming")
    process.kill(agent!.pid, "SIGSTOP")
    await daemon.reaches(id, "suspended", ({ phase }) => phase === "suspended", 20_000)
    const { code, stdout } = await ask(daemon, "continue", id)
    expect(code).toBe(0)
    expect(stdout).toContain(id)
    expect(stdout).not.toContain("is stopped")
  })
})
