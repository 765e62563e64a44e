import { assert, describe, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { HttpServer } from "../../src/http/server.ts"
import { authorization, client, home, problemOf, raw, running, socketClient, toCreate } from "../support/http.ts"

describe("the interface to sessions", () => {
  layer(home, { excludeTestServices: true, timeout: "30 seconds" })((it) => {
    const asked = Effect.fnUntraced(function* (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const { port } = yield* HttpServer
      const type = body === undefined ? {} : { "content-type": "application/json" }
      const text = body === undefined ? undefined : JSON.stringify(body)
      return yield* raw({ port, method, path, headers: { ...authorization, ...type, ...headers } }, text)
    })
    const viewOf = ({ body }: { readonly body: string }) =>
      JSON.parse(body) as { id: string; seq: number; state: string; name: string | null }

    it.effect("creates one where it says it is", () =>
      Effect.gen(function* () {
        const made = yield* asked("POST", "/v1/sessions", { command: ["cat"], cwd: "/tmp" })
        assert.strictEqual(made.status, 201)
        const { id, seq } = viewOf(made)
        assert.strictEqual(made.headers.location, `/v1/sessions/${id}`)
        assert.strictEqual(made.headers.etag, `"${seq}"`)
        assert.strictEqual(viewOf(yield* asked("GET", made.headers.location ?? "")).id, id)
      })
    )

    it.effect("gives the same answer by the short way and the long", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["cat"], { name: "naïve 名前" })
        const short = yield* asked("GET", `/v1/sessions/${id}`)
        const long = yield* asked("GET", `/v1/sessions/${id}`, undefined, { "if-none-match": '"0"' })
        const told = ({ body, headers, status }: typeof short) => [
          status,
          headers["content-type"],
          headers["content-length"],
          headers.etag,
          body
        ]
        assert.deepStrictEqual(told(short), told(long))
        assert.strictEqual(viewOf(short).name, "naïve 名前")
      }).pipe(Effect.scoped)
    )

    it.effect("answers 304 while nothing has changed", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["cat"])
        const { etag = "" } = (yield* asked("GET", `/v1/sessions/${id}`)).headers
        for (const tag of [etag, `"0", W/${etag}`, "*"]) {
          const again = yield* asked("GET", `/v1/sessions/${id}`, undefined, { "if-none-match": tag })
          assert.deepStrictEqual([again.status, again.headers.etag, again.body], [304, etag, ""])
        }
        assert.strictEqual((yield* asked("GET", `/v1/sessions/${id}`, undefined, { "if-none-match": '"0"' })).status, 200)
      }).pipe(Effect.scoped)
    )

    it.effect("changes one only as the client knew it", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["cat"])
        const seen = viewOf(yield* asked("GET", `/v1/sessions/${id}`))
        const match = { "if-match": `"${seen.seq}"` }
        const renamed = yield* asked("PATCH", `/v1/sessions/${id}`, { name: "new" }, match)
        assert.deepStrictEqual([renamed.status, viewOf(renamed).name], [200, "new"])
        const late = problemOf(yield* asked("PATCH", `/v1/sessions/${id}`, { name: "newer" }, match), 412)
        assert.strictEqual(late.code, "precondition_failed")
        assert.strictEqual(problemOf(yield* asked("POST", `/v1/sessions/${id}/stop`, {}, match), 412).code, "precondition_failed")
        assert.strictEqual(viewOf(yield* asked("GET", `/v1/sessions/${id}`)).name, "new")
      }).pipe(Effect.scoped)
    )

    it.effect("does once what is asked twice under one key", () =>
      Effect.gen(function* () {
        const key = { "idempotency-key": "create-1" }
        const body = { command: ["cat"], cwd: "/tmp", labels: { a: "1", b: "2" } }
        const same = { labels: { b: "2", a: "1" }, cwd: "/tmp", command: ["cat"] }
        const answers = yield* Effect.all(
          [body, same, body, same].map((spelling) => asked("POST", "/v1/sessions", spelling, key)),
          { concurrency: 4 }
        )
        assert.deepStrictEqual(
          answers.map(({ status }) => status),
          [201, 201, 201, 201]
        )
        assert.strictEqual(new Set(answers.map((answer) => viewOf(answer).id)).size, 1)
        assert.strictEqual(answers.filter(({ headers }) => headers["idempotency-replayed"] === "true").length, 3)
        const other = yield* asked("POST", "/v1/sessions", { ...body, cwd: "/" }, key)
        assert.strictEqual(problemOf(other, 422).code, "idempotency_mismatch")
      })
    )

    it.effect("accepts a command, and its consequences follow", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["cat"])
        const stopped = yield* asked("POST", `/v1/sessions/${id}/stop`, { reason: "enough" }, { "x-reprise-client": "tester" })
        assert.strictEqual(stopped.status, 202)
        const ended = JSON.parse((yield* asked("GET", `/v1/sessions/${id}/wait?for=ended&timeout=10s`)).body)
        assert.deepStrictEqual(
          [ended.satisfied, ended.met, ended.session.state, ended.session.exit.cause],
          [true, "ended", "ended", "stopped"]
        )
        const events = JSON.parse((yield* asked("GET", `/v1/sessions/${id}/events`)).body) as {
          data: Array<{ type: string; data: { by?: string } }>
        }
        assert.strictEqual(events.data.find(({ type }) => type === "StopRequested")?.data.by, "tester")
        assert.strictEqual((yield* asked("POST", `/v1/sessions/${id}/resume`)).status, 202)
        const back = JSON.parse((yield* asked("GET", `/v1/sessions/${id}/wait?for=ready&timeout=10s`)).body)
        assert.deepStrictEqual([back.satisfied, back.session.generation], [true, 2])
      }).pipe(Effect.scoped)
    )

    it.effect("resizes, interrupts and types", () =>
      Effect.gen(function* () {
        const { api, id, params } = yield* running([
          "bash",
          "-c",
          'trap "echo INTERRUPTED" INT; while :; do read -r line && echo "got $line"; done'
        ])
        const sized = yield* api.sessions.resize({ params, headers: {}, payload: { cols: 132, rows: 50 } })
        assert.deepStrictEqual(sized.size, { cols: 132, rows: 50 })
        yield* api.sessions.input({ params, headers: {}, payload: { text: "one", keys: ["enter"] } })
        yield* shows(id, "got one")
        yield* api.sessions.interrupt({ params, headers: {}, payload: {} })
        yield* shows(id, "INTERRUPTED")
      }).pipe(Effect.scoped)
    )

    const shows = Effect.fnUntraced(function* (id: string, text: string) {
      for (let tries = 0; tries < 200; tries++) {
        if ((yield* asked("GET", `/v1/sessions/${id}/screen`)).body.includes(text)) return
        yield* Effect.sleep("25 millis")
      }
      assert.fail(`the screen never showed ${text}`)
    })

    it.effect("lists by state and label, page by page, none twice", () =>
      Effect.gen(function* () {
        const api = yield* client
        const made = []
        for (let n = 0; n < 7; n++) {
          const labels = { batch: "x=y", "n.th/of-batch": String(n % 2) }
          made.push((yield* api.sessions.create({ headers: {}, payload: toCreate({ command: ["cat"], cwd: "/tmp", labels }) })).id)
        }
        const seen: Array<string> = []
        let cursor: string | null = null
        do {
          const page: { data: ReadonlyArray<{ id: string }>; nextCursor: string | null; hasMore: boolean } = yield* api.sessions.list({
            query: { label: ["batch=x=y"], limit: 3, ...(cursor === null ? {} : { cursor }) }
          })
          assert.isAtMost(page.data.length, 3)
          assert.strictEqual(page.hasMore, page.nextCursor !== null)
          seen.push(...page.data.map(({ id }) => id))
          cursor = page.nextCursor
        } while (cursor !== null)
        assert.deepStrictEqual(seen.toSorted(), made.toSorted())
        assert.deepStrictEqual(new Set(seen).size, 7)
        const odd = yield* api.sessions.list({ query: { label: ["batch=x=y", "n.th/of-batch=1"] } })
        assert.strictEqual(odd.data.length, 3)
        assert.strictEqual((yield* api.sessions.list({ query: { label: ["batch=x=y"], state: ["terminated,ended"] } })).data.length, 0)
        const alive = yield* api.sessions.list({ query: { label: ["batch=x=y"], state: ["starting", "streaming"] } })
        assert.strictEqual(alive.data.length, 7)
      }).pipe(Effect.scoped)
    )

    it.effect("waits until the time is up, or until it can never be", () =>
      Effect.gen(function* () {
        const { api, params } = yield* running(["cat"])
        const late = yield* api.sessions.wait({ params, query: { for: "ended", timeout: "50ms" } })
        assert.deepStrictEqual([late.satisfied, late.reason, late.session.state], [false, "timeout", "streaming"])
        const waiting = yield* Effect.forkChild(api.sessions.wait({ params, query: { for: "waiting", timeout: "20s" } }), {
          startImmediately: true
        })
        yield* api.sessions.terminate({ params, headers: {}, payload: {} })
        const over = yield* Fiber.join(waiting)
        assert.deepStrictEqual([over.satisfied, over.reason, over.session.state], [false, "over", "terminated"])
      }).pipe(Effect.scoped)
    )

    it.effect("refuses to wait for an unknown state, or for too long", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["cat"])
        for (const [query, field] of [
          ["for=nonsense", "for"],
          ["for=idle,nonsense", "for"],
          ["", "for"],
          ["for=idle&timeout=301s", "timeout"],
          ["for=idle&timeout=soon", "timeout"]
        ] as const) {
          const told = problemOf(yield* asked("GET", `/v1/sessions/${id}/wait?${query}`), 400)
          assert.deepStrictEqual(
            (told.errors ?? []).map(({ field }) => field),
            [field]
          )
        }
      }).pipe(Effect.scoped)
    )

    it.effect("lists the tools of an agent, and ends one that is there", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["sh", "-c", "setsid sleep 7001 & exec cat"])
        const list = Effect.map(
          asked("GET", `/v1/sessions/${id}/tools`),
          ({ body }) => JSON.parse(body).data as Array<{ pgid: number; commands: Array<string> }>
        )
        const [tool] = yield* Effect.repeat(list, { until: ([first]) => first?.commands[0] === "sleep 7001", times: 100 })
        const kill = (pgid: number | string) => asked("POST", `/v1/sessions/${id}/tools/${pgid}/kill`, {})
        assert.strictEqual(problemOf(yield* kill(1), 404).code, "tool_not_found")
        problemOf(yield* kill("all"), 400)
        problemOf(yield* asked("GET", "/v1/sessions/s-zzzzzzzzzzzz/tools"), 404)
        assert.strictEqual((yield* kill(tool!.pgid)).status, 202)
        yield* Effect.repeat(list, { until: (tools) => tools.length === 0, times: 500 })
        assert.deepStrictEqual(yield* list, [])
        yield* asked("POST", `/v1/sessions/${id}/kill`, {})
        yield* asked("GET", `/v1/sessions/${id}/wait?for=ended&timeout=20s`)
        assert.strictEqual(problemOf(yield* kill(tool!.pgid), 409).code, "already_ended")
      }).pipe(Effect.scoped)
    )

    it.effect("speaks the same over the unix socket", () =>
      Effect.gen(function* () {
        const { id, params } = yield* running(["cat"])
        const api = yield* socketClient
        assert.strictEqual((yield* api.sessions.get({ params, headers: {} })).id, id)
        const refused = yield* Effect.flip(api.sessions.resume({ params, headers: {}, payload: {} }))
        assert.strictEqual(refused._tag, "Problem")
        assert.strictEqual(refused._tag === "Problem" && refused.status, 409)
      }).pipe(Effect.scoped)
    )

    it.effect("describes itself: ready, measured, documented", () =>
      Effect.gen(function* () {
        const ready = JSON.parse((yield* asked("GET", "/readyz")).body)
        assert.deepStrictEqual([ready.status, ready.recovery.expected, ready.quarantined], ["ready", 0, []])
        const metrics = (yield* asked("GET", "/metrics")).body
        assert.match(metrics, /reprise_sessions\{[^}]*state="streaming"[^}]*\} \d+/)
        assert.include(metrics, "reprise_event_loop_delay_p99_seconds")
        const document = JSON.parse((yield* asked("GET", "/openapi.json")).body)
        assert.strictEqual(document.openapi, "3.1.0")
        assert.deepStrictEqual(document.paths["/healthz"].get.security, [])
        assert.match((yield* asked("GET", "/docs")).body, /<html/i)
      })
    )
  })
})
