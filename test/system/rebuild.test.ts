import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { fold } from "../../src/actors/fold.ts"
import { toRow } from "../../src/actors/recording.ts"
import { canonical } from "../../src/domain/session.ts"
import { view } from "../../src/domain/view.ts"
import { layer } from "../../src/infra/log/event-log.ts"
import { EventReader, EventStore } from "../../src/infra/log/event-store.ts"
import { stateHash } from "../../src/infra/log/state-hash.ts"
import { Upkeep } from "../../src/infra/log/upkeep.ts"
import { TestDaemon } from "../support/daemon.ts"

/** Every session as its whole log has it, and as the list has it. */
const sessions = Effect.gen(function* () {
  const reader = yield* EventReader
  const store = yield* EventStore
  const rows = yield* reader.list({ limit: 1_000 })
  return yield* Effect.forEach(
    rows,
    Effect.fnUntraced(function* (row) {
      const { seq, session } = yield* fold(row.id)
      const last = (yield* reader.stream(row.id, { after: seq - 1, limit: 1 }))[0]
      return {
        row,
        folded: toRow(session, view(session, seq)),
        hash: stateHash(canonical(session)),
        last,
        checkpoint: yield* store.checkpoint(row.id)
      }
    })
  )
})

describe("a home without its checkpoints and its list", () => {
  it("folds to the same states and views", async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(["cat"])
    await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
    for (let n = 0; n < 40; n++) await daemon.done("PATCH", `/v1/sessions/${id}`, { name: `name ${n}`, labels: { n: `${n}` } })
    await daemon.create(["bash", "--norc", "-c", "exit 3"], { keepalive: { mode: "on_crash", baseMs: 600_000, capMs: 600_000 } })
    const stopped = await daemon.create(["cat"])
    await daemon.done("POST", `/v1/sessions/${stopped.id}/terminate`, {})
    await daemon.reaches(stopped.id, "terminated", ({ state }) => state === "terminated")
    await daemon.kill("SIGTERM")

    const before = await Effect.runPromise(
      Effect.gen(function* () {
        const found = yield* sessions
        assert.strictEqual(found.length, 3)
        assert.isNotNull(found[0]?.checkpoint, "forty facts make a checkpoint")
        for (const { folded, hash, last, row } of found) {
          assert.deepStrictEqual(row, JSON.parse(JSON.stringify(folded)))
          assert.strictEqual(hash, last?.stateHash)
        }
        const upkeep = yield* Upkeep
        yield* upkeep.deleteCheckpoints
        yield* upkeep.rebuildViews([])
        const reader = yield* EventReader
        assert.deepStrictEqual(yield* reader.list({ limit: 10 }), [])
        // From the facts alone: there is nothing else left.
        const anew = yield* Effect.forEach(found, ({ row }) =>
          Effect.map(fold(row.id), ({ seq, session }) => toRow(session, view(session, seq)))
        )
        yield* upkeep.rebuildViews(anew)
        return found
      }).pipe(Effect.provide(layer(join(daemon.home, "reprise.db"))))
    )
    const after = await Effect.runPromise(sessions.pipe(Effect.provide(layer(join(daemon.home, "reprise.db")))))
    assert.deepStrictEqual(
      after.map(({ hash, row }) => [row, hash]),
      before.map(({ hash, row }) => [row, hash])
    )
    for (const { checkpoint } of after) assert.isNull(checkpoint)
    await daemon.start()
    assert.strictEqual((await daemon.session(id)).name, "name 39")
  }, 60_000)
})
