import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { HttpServer } from "../../src/http/server.ts"
import { authorization, home, problemOf, raw, running } from "../support/http.ts"

const nobody = "s-0123456789ab"

describe("a request that is not right", () => {
  layer(home, { excludeTestServices: true, timeout: "30 seconds" })((it) => {
    const asked = Effect.fnUntraced(function* (method: string, path: string, body?: string | Buffer, headers: Record<string, string> = {}) {
      const { port } = yield* HttpServer
      const type = body === undefined ? {} : { "content-type": "application/json" }
      return yield* raw({ port, method, path, headers: { ...authorization, ...type, ...headers } }, body)
    })
    const fields = (answer: Parameters<typeof problemOf>[0]) => (problemOf(answer, 400).errors ?? []).map(({ field }) => field).sort()

    it.effect("learns that there is nothing, or that the method is wrong", () =>
      Effect.gen(function* () {
        assert.strictEqual(problemOf(yield* asked("GET", "/v1/nowhere"), 404).code, "not_found")
        const wrong = yield* asked("DELETE", "/v1/sessions")
        assert.strictEqual(problemOf(wrong, 405).code, "method_not_allowed")
        assert.deepStrictEqual((wrong.headers.allow ?? "").split(", ").sort(), ["GET", "POST"])
        assert.strictEqual(problemOf(yield* asked("OPTIONS", "/v1/sessions"), 405).code, "method_not_allowed")
        assert.strictEqual(problemOf(yield* asked("PUT", "/docs"), 405).code, "method_not_allowed")
      })
    )

    it.effect("learns every wrong field at once", () =>
      Effect.gen(function* () {
        const body = JSON.stringify({
          cwd: "relative",
          command: [],
          size: { cols: 0, rows: 24, depth: 3 },
          colour: "red",
          keepalive: { mode: "maybe" }
        })
        assert.deepStrictEqual(fields(yield* asked("POST", "/v1/sessions", body)), [
          "colour",
          "command.0",
          "cwd",
          "keepalive.mode",
          "size.cols",
          "size.depth"
        ])
      })
    )

    it.effect("may not promise to wait longer than its cap, nor speak as the daemon", () =>
      Effect.gen(function* () {
        const keepalive = { mode: "always", baseMs: 2_000, capMs: 1_000 }
        const body = JSON.stringify({ cwd: "/tmp", command: ["cat"], keepalive })
        assert.deepStrictEqual(fields(yield* asked("POST", "/v1/sessions", body)), ["keepalive"])
        const client = { "x-reprise-client": "reprise" }
        assert.deepStrictEqual(fields(yield* asked("POST", "/v1/sessions", JSON.stringify({ cwd: "/tmp", command: ["cat"] }), client)), [
          "x-reprise-client"
        ])
      })
    )

    for (const [body, code, status] of [
      ["{", "malformed_json", 400],
      ["", "invalid_request", 400],
      ["[]", "invalid_request", 400],
      ["null", "invalid_request", 400],
      [Buffer.from([0x22, 0xff, 0x22]), "malformed_json", 400]
    ] as const) {
      it.effect(`learns what is wrong with the body ${JSON.stringify(body.toString())}`, () =>
        Effect.gen(function* () {
          assert.strictEqual(problemOf(yield* asked("POST", "/v1/sessions", body), status).code, code)
        })
      )
    }

    it.effect("is not read in another media type", () =>
      Effect.gen(function* () {
        const answer = yield* asked("POST", "/v1/sessions", "a=b", { "content-type": "application/x-www-form-urlencoded" })
        assert.strictEqual(problemOf(answer, 415).code, "unsupported_media_type")
      })
    )

    it.effect("is too large by what it announces", () =>
      Effect.gen(function* () {
        assert.strictEqual(problemOf(yield* asked("POST", "/v1/sessions", Buffer.alloc(1_048_577, 0x20)), 413).code, "body_too_large")
      })
    )

    it.effect("is too large by what comes, announced or not", () =>
      Effect.gen(function* () {
        const headers = { "transfer-encoding": "chunked" }
        assert.strictEqual(
          problemOf(yield* asked("POST", "/v1/sessions", Buffer.alloc(3_000_000, 0x20), headers), 413).code,
          "body_too_large"
        )
      })
    )

    it.effect("names a field of the query or the path that is wrong or unknown", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(fields(yield* asked("GET", "/v1/sessions?colour=red&limit=0")), ["colour", "limit"])
        assert.deepStrictEqual(fields(yield* asked("GET", `/v1/sessions/${nobody}?at=3`)), ["at"])
        assert.deepStrictEqual(fields(yield* asked("GET", `/v1/sessions/${nobody}/screen?from=3`)), ["from"])
        assert.deepStrictEqual(fields(yield* asked("GET", "/v1/sessions/NOT-AN-ID")), ["id"])
        assert.deepStrictEqual(fields(yield* asked("GET", "/v1/sessions?state=asleep&label=x&cursor=%21")), ["cursor", "label", "state"])
        assert.deepStrictEqual(fields(yield* asked("GET", "/v1/events?after=-1")), ["after"])
        assert.deepStrictEqual(fields(yield* asked("POST", `/v1/sessions/${nobody}/stop`, '{"force":true}')), ["force"])
        assert.deepStrictEqual(fields(yield* asked("POST", `/v1/sessions/${nobody}/interrupt`, '{"reason":"x"}')), ["reason"])
      })
    )

    it.effect("names a header that is wrong", () =>
      Effect.gen(function* () {
        const path = `/v1/sessions/${nobody}/stop`
        assert.deepStrictEqual(fields(yield* asked("POST", path, "{}", { "if-match": "12" })), ["if-match"])
        assert.deepStrictEqual(fields(yield* asked("POST", path, "{}", { "idempotency-key": "two words" })), ["idempotency-key"])
        assert.deepStrictEqual(fields(yield* asked("POST", path, "{}", { "idempotency-key": "x".repeat(256) })), ["idempotency-key"])
        assert.deepStrictEqual(fields(yield* asked("GET", "/v1/events", undefined, { "last-event-id": "abc" })), ["last-event-id"])
      })
    )

    it.effect("finds no session on any route of one", () =>
      Effect.gen(function* () {
        for (const [method, rest] of [
          ["GET", ""],
          ["PATCH", ""],
          ["POST", "/stop"],
          ["POST", "/resume"],
          ["POST", "/attach-tickets"],
          ["GET", "/events"],
          ["GET", "/output"],
          ["GET", "/screen"],
          ["GET", "/wait?for=idle"]
        ] as const) {
          const answer = yield* asked(method, `/v1/sessions/${nobody}${rest}`, method === "GET" ? undefined : "{}")
          assert.strictEqual(problemOf(answer, 404).code, "session_not_found", `${method} ${rest}`)
        }
      })
    )

    it.effect("learns every reason why a session could not start", () =>
      Effect.gen(function* () {
        const body = JSON.stringify({ command: ["/no/such/program"], cwd: "/no/such/directory" })
        const told = problemOf(yield* asked("POST", "/v1/sessions", body), 422)
        assert.strictEqual(told.code, "preflight_failed")
        assert.deepStrictEqual((told.errors ?? []).map(({ field }) => field).sort(), ["command", "cwd"])
      })
    )

    it.effect("is refused by the session's state, which says what it allows", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["cat"])
        const answer = yield* asked("POST", `/v1/sessions/${id}/resume`, "{}")
        const told = problemOf(answer, 409) as unknown as { state: string; allowed: Array<string>; session: string; seq: number }
        assert.strictEqual(told.session, id)
        assert.match(told.state, /^streaming/)
        assert.include(told.allowed, "Stop")
        assert.isAbove(told.seq, 0)
      }).pipe(Effect.scoped)
    )

    it.effect("is asked to come as a WebSocket where there is one", () =>
      Effect.gen(function* () {
        assert.strictEqual(problemOf(yield* asked("GET", `/v1/sessions/${nobody}/attach`), 426).code, "upgrade_required")
      })
    )
  })
})
