import { dirname, join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Effect, Layer } from "effect"
import { Shadow } from "../../src/actors/shadow.ts"
import { limits } from "../../src/domain/limits.ts"
import { HttpServer } from "../../src/http/server.ts"
import { EventReader } from "../../src/infra/log/event-store.ts"
import { authorization, client, home, raw, running } from "../support/http.ts"

/** What no program of ours ever does to a log: another hand, or a rotten disk. */
const damage = Effect.fnUntraced(function* (sql: string, ...values: ReadonlyArray<string | number>) {
  const { socketPath } = yield* HttpServer
  const database = new Sqlite(join(dirname(socketPath), "reprise.db"))
  assert.strictEqual(database.prepare(sql).run(...values).changes, 1, sql)
  database.close()
})

/** A session with checkpoints behind it. */
const lived = Effect.fnUntraced(function* () {
  const session = yield* running(["cat"])
  for (let n = 0; n < 70; n++)
    yield* session.api.sessions.patch({ params: session.params, headers: {}, payload: { name: `name ${n}`, labels: { n: `${n}` } } })
  const head = (yield* (yield* EventReader).row(session.id))!.seq
  return { ...session, head }
})

const fresh = Layer.fresh(Shadow.layer())

describe("the shadow of a session", () => {
  layer(home, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.effect("agrees with its log, from its checkpoint and from its first fact", () =>
      Effect.gen(function* () {
        const { id } = yield* lived()
        const shadow = yield* Shadow
        assert.isNull(yield* shadow.check(id, "checkpoint"))
        assert.isNull(yield* shadow.check(id, "beginning"))
        assert.isNull(yield* shadow.check("s-000000000000", "beginning"))
        assert.deepStrictEqual(yield* shadow.alarms, [])
      }).pipe(Effect.provide(fresh), Effect.scoped)
    )

    it.effect("finds a hash that is another, at its fact, and says so once", () =>
      Effect.gen(function* () {
        const { head, id } = yield* lived()
        yield* damage("update events set state_hash = zeroblob(8) where stream = ? and seq = ?", id, head - 1)
        const shadow = yield* Shadow
        const alarm = yield* shadow.check(id, "checkpoint")
        assert.deepInclude({ ...alarm }, { session: id, seq: head - 1, recorded: "0000000000000000" })
        assert.match(alarm?.folded ?? "", /^[0-9a-f]{16}$/)
        assert.deepStrictEqual(yield* shadow.check(id, "beginning"), alarm)
        assert.deepStrictEqual<ReadonlyArray<unknown>>(yield* shadow.alarms, [alarm])
      }).pipe(Effect.provide(fresh), Effect.scoped)
    )

    it.effect("finds a fact that was changed, far behind the checkpoint, from the first fact alone", () =>
      Effect.gen(function* () {
        const { id } = yield* lived()
        yield* damage("update events set data = replace(data, 'name 3\"', 'name X\"') where stream = ? and data like '%name 3\"%'", id)
        const shadow = yield* Shadow
        assert.isNull(yield* shadow.check(id, "checkpoint"))
        const alarm = yield* shadow.check(id, "beginning")
        const entries = yield* (yield* EventReader).stream(id, { after: 0, limit: 100 })
        assert.strictEqual(alarm?.seq, entries.find(({ data }) => JSON.stringify(data).includes("name X"))?.seq)
      }).pipe(Effect.provide(fresh), Effect.scoped)
    )

    it.effect("finds a checkpoint that was changed or torn, and a row that cannot be read", () =>
      Effect.gen(function* () {
        const [changed, torn, unreadable] = [yield* lived(), yield* lived(), yield* lived()]
        yield* damage("update checkpoints set state = replace(state, 'name ', 'nome ') where stream = ?", changed.id)
        yield* damage("update checkpoints set state = substr(state, 1, 100) where stream = ?", torn.id)
        yield* damage("update events set data = '{' where stream = ? and seq = ?", unreadable.id, 9)
        const shadow = yield* Shadow
        assert.match((yield* shadow.check(changed.id, "checkpoint"))?.reason ?? "", /checkpoint is not/)
        assert.isNull((yield* shadow.check(torn.id, "checkpoint"))?.folded)
        assert.deepInclude({ ...(yield* shadow.check(unreadable.id, "beginning")) }, { seq: 9, folded: null })
        assert.strictEqual((yield* shadow.alarms).length, 3)
      }).pipe(Effect.provide(fresh), Effect.scoped)
    )

    it.effect("is found by itself, and shown in /readyz and in the metrics", () =>
      Effect.gen(function* () {
        const { api, id, params } = yield* lived()
        yield* damage("update events set state_hash = zeroblob(8) where stream = ? and seq = ?", id, 2)
        const busy = yield* Shadow
        // Rounds of its own: one of them folds a whole session, and after as many as there are sessions it has been this one.
        while (!(yield* busy.alarms).some(({ session }) => session === id)) {
          yield* api.sessions.patch({ params, headers: {}, payload: { labels: { again: String(Math.random()) } } })
          yield* Effect.sleep("20 millis")
        }
        const { port } = yield* HttpServer
        const ask = (path: string) => raw({ port, path, headers: authorization })
        assert.match((yield* ask("/metrics")).body, /^reprise_shadow_differences_total [1-9]/m)
        assert.match((yield* ask("/metrics")).body, /^reprise_shadow_facts_total [1-9]/m)
      }).pipe(Effect.provide(Layer.fresh(Shadow.layer(5))), Effect.scoped)
    )

    it.effect("of the daemon itself is what /readyz shows", () =>
      Effect.gen(function* () {
        const { head, id } = yield* lived()
        yield* damage("update events set state_hash = zeroblob(8) where stream = ? and seq = ?", id, head)
        yield* (yield* Shadow).check(id, "checkpoint")
        const { diverged } = yield* (yield* client).service.readyz({})
        assert.deepInclude(diverged.find(({ session }) => session === id) as object, { seq: head, recorded: "0000000000000000" })
      }).pipe(Effect.scoped)
    )

    it.effect("takes no more of the processor than its share", () =>
      Effect.gen(function* () {
        const { head, id } = yield* lived()
        const startedAt = yield* Effect.clockWith(({ currentTimeMillis }) => currentTimeMillis)
        const shadow = yield* Shadow
        yield* shadow.check(id, "beginning")
        const tookMs = (yield* Effect.clockWith(({ currentTimeMillis }) => currentTimeMillis)) - startedAt
        const rests = Math.floor((head - 1) / limits.shadowSliceFacts)
        assert.isAtLeast(tookMs, (rests * (100 - limits.shadowPercent)) / limits.shadowPercent - 2)
      }).pipe(Effect.provide(fresh), Effect.scoped)
    )
  })
})
