import { join } from "node:path"
import Sqlite from "better-sqlite3"
import { assert, describe, it } from "vitest"
import { TestDaemon } from "../support/daemon.ts"

const damages = {
  "is torn": "substr(state, 1, 100)",
  "is of another shape": `'{"value":{"life":{"streaming":"idle"},"stopping":"none"}}'`,
  "is another state than its fact says": "replace(state, 'name ', 'nome ')",
  "is not JSON": "'checkpoint'"
}

describe("a session whose checkpoint", () => {
  for (const [how, state] of Object.entries(damages))
    it(`${how} is folded from its facts`, async () => {
      await using daemon = await TestDaemon.started()
      const { id } = await daemon.create(["cat"])
      await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
      for (let n = 0; n < 40; n++) await daemon.done("PATCH", `/v1/sessions/${id}`, { name: `name ${n}` })
      await daemon.kill("SIGTERM")
      const database = new Sqlite(join(daemon.home, "reprise.db"))
      assert.isAbove(database.prepare(`update checkpoints set state = ${state}`).run().changes, 0)
      database.prepare(`update milestones set state = ${state}`).run()
      database.close()
      await daemon.start()
      assert.strictEqual((await daemon.session(id)).name, "name 39")
      await daemon.done("PATCH", `/v1/sessions/${id}`, { name: "after" })
      const then = (await daemon.done("GET", `/v1/sessions/${id}/state?at=20`)) as { readonly session: { readonly name: string } }
      assert.match(JSON.stringify(then), /name \d+/)
      assert.notMatch(JSON.stringify(then), /nome/)
    }, 60_000)
})
