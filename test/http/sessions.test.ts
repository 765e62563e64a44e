import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { ask, bodyOf, client, home, toCreate } from "../support/http.ts"

describe("the interface to sessions", () => {
  layer(home, { excludeTestServices: true, timeout: "30 seconds" })((it) => {
    it.effect("creates one, finds it again and types into it", () =>
      Effect.gen(function* () {
        const api = yield* client
        const made = yield* api.sessions.create({ headers: {}, payload: toCreate({ command: ["cat"], cwd: "/tmp", name: "first" }) })
        const up = yield* api.sessions.wait({ params: { id: made.id }, query: { for: "ready" } })
        assert.deepStrictEqual([up.satisfied, up.met], [true, "ready"])
        yield* api.sessions.input({ params: { id: made.id }, headers: {}, payload: { text: "hello", keys: ["enter"] } })
        const page = yield* api.sessions.list({ query: {} })
        assert.strictEqual(page.data.length, 1)
        const screen = yield* ask(`/v1/sessions/${made.id}/screen?format=json`)
        assert.strictEqual(screen.status, 200)
        yield* bodyOf(screen)
      }).pipe(Effect.scoped)
    )
  })
})
