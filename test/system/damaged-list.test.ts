/** Rows of the list view that something else has written, between two daemons. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import type { SessionView } from "../../src/domain/view.ts"
import { TestDaemon } from "../support/daemon.ts"

const between = async (daemon: TestDaemon, change: (log: Sqlite.Database) => void) => {
  await daemon.kill("SIGKILL")
  const log = new Sqlite(join(daemon.home, "reprise.db"))
  change(log)
  log.close()
  await daemon.start()
}
const listed = async (daemon: TestDaemon) =>
  ((await daemon.done("GET", "/v1/sessions")) as { readonly data: ReadonlyArray<SessionView> }).data.map(({ id }) => id).toSorted()

describe("a damaged row of the list", () => {
  it.each(["view", "labels"])(
    "is written again from its session's facts, and keeps no other session from being found (%s)",
    async (column) => {
      await using daemon = await TestDaemon.started()
      const live = await daemon.create(["cat"])
      const ended = await daemon.create(["true"])
      await daemon.reaches(live.id, "streaming", ({ state }) => state === "streaming")
      await daemon.reaches(ended.id, "ended", ({ state }) => state === "ended")
      for (const id of [live.id, ended.id]) {
        await between(daemon, (log) => log.prepare(`update sessions set ${column} = 'garbage' where id = ?`).run(id))
        assert.deepStrictEqual(await listed(daemon), [live.id, ended.id].toSorted())
        assert.strictEqual((await daemon.session(live.id)).state, "streaming")
      }
    }
  )

  it("of a session that has no facts is removed, and nothing outside the home with it", async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(["cat"])
    await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    const canary = join(dirname(daemon.home), `canary-${id}`)
    mkdirSync(canary)
    writeFileSync(join(canary, "file"), "precious")
    await between(daemon, (log) => {
      for (const other of [`../../canary-${id}`, "x/../.."])
        log
          .prepare(
            `insert into sessions select ?, seq, 'streaming', 1, name, labels, created_at, updated_at, view, due_boot_id, due_boot_ms
             from sessions where id = ?`
          )
          .run(other, id)
    })
    assert.deepStrictEqual([await listed(daemon), existsSync(join(canary, "file"))], [[id], true])
    assert.strictEqual((await daemon.session(id)).state, "streaming")
    rmSync(canary, { recursive: true })
  })
})
