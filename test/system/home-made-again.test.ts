/** Two daemons at one path: the home was deleted under the first, and made again for the second. */
import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { limits } from "../../src/domain/limits.ts"
import { TestDaemon, until } from "../support/daemon.ts"

describe("a daemon whose home was deleted", () => {
  it("leaves the note and the socket to the daemon of the new home, and says so once", { timeout: 120_000 }, async () => {
    await using first = await TestDaemon.started()
    rmSync(first.home, { recursive: true, force: true })
    await using second = new TestDaemon(first.home)
    await second.start()
    const said = () => first.log.split("deleted or replaced").length - 1
    await until("the first daemon says that its home is gone", () => said() > 0, 30_000)
    const pidOfNote = () => JSON.parse(readFileSync(join(second.home, "daemon.json"), "utf8")).pid
    await new Promise((resolve) => setTimeout(resolve, 3 * limits.noteWatchMs))
    expect(pidOfNote()).toBe(second.pid)
    expect(second.log).not.toContain("put it back")
    expect(said()).toBe(1)
    expect(first.log.match(/lost or changed/g) ?? []).toEqual([])
  })
})
