/** What comes before every route: the target, the headers that must be single, and which route a token is needed for. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { limits } from "../../src/domain/limits.ts"
import { attachProtocol } from "../../src/http/contract/terminal.ts"
import { HttpServer } from "../../src/http/server.ts"
import { home, running, token } from "../support/http.ts"
import { type SendOptions, send } from "../support/raw-http.ts"

const id = "s-0123456789ab"
const targets = [
  "/v1/sessions/;cursor=WzAsIiJdIA==/hooks",
  `/v1/sessions/${id}\\attach#/hooks`,
  `/v1/sessions/${id}/hooks#`,
  `/v1/sessions/${id}/hooks;x`,
  "//",
  "//evil.example/healthz",
  "/healthz;x",
  "/healthz#x",
  "/healthz\\",
  "/healthz\t",
  "/healthz\x7f",
  "/healthz\xe9",
  "/%2fhealthz",
  "/v1/sessions/%2e%2e/healthz",
  "/v1/../healthz",
  "/v1/./sessions",
  "/v1/%5csessions",
  "/v1/%00",
  "/v1/%0d%0aX:y",
  "/v1/%zz",
  "/v1/%",
  "/v1/%c0%af",
  "/v1/%253b",
  '/v1/sessions?a="',
  "/v1/sessions?a=b;c",
  "/v1/sessions?a=%ff",
  `/v1/sessions?${"a=b&".repeat(100)}`,
  "*",
  "http://127.0.0.1/healthz",
  "http://evil.example/healthz",
  "healthz",
  ""
]
const upgradeLines = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  `Sec-WebSocket-Protocol: ${attachProtocol}`
]
const bearer = `Authorization: Bearer ${token}`

describe("the door", () => {
  layer(home, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    const sent = Effect.fnUntraced(function* (text: string, options: SendOptions = {}) {
      const { port } = yield* HttpServer
      return yield* Effect.promise(() => send({ port, host: "127.0.0.1" }, text, options))
    })
    const statusOf = Effect.fnUntraced(function* (line: string, lines: ReadonlyArray<string> = []) {
      const { port } = yield* HttpServer
      const head = [line, `Host: 127.0.0.1:${port}`, ...lines].join("\r\n")
      const { replies } = yield* sent(`${head}\r\n\r\n`, { replies: 1, quietMs: 3_000 })
      return replies[0]?.status ?? 0
    })

    it.effect("refuses a target with two readings before it looks at anything else, with and without the token", () =>
      Effect.gen(function* () {
        for (const target of targets) {
          for (const lines of [[], [bearer], upgradeLines, [...upgradeLines, bearer], ["Origin: http://evil.example"]]) {
            assert.strictEqual(yield* statusOf(`GET ${target} HTTP/1.1`, lines), 400, JSON.stringify([target, lines]))
          }
        }
      })
    )

    it.effect("refuses the same on the unix socket", () =>
      Effect.gen(function* () {
        const { socketPath } = yield* HttpServer
        for (const target of targets) {
          const text = `GET ${target} HTTP/1.1\r\nHost: x\r\n${bearer}\r\n\r\n`
          const { replies } = yield* Effect.promise(() => send({ path: socketPath }, text, { replies: 1 }))
          assert.strictEqual(replies[0]?.status, 400, target)
        }
      })
    )

    it.effect("refuses a header that is sent twice and may be sent once", () =>
      Effect.gen(function* () {
        for (const line of ["Host: evil.example", "Origin: http://evil.example", "Authorization: Bearer x", "Content-Type: text/plain"]) {
          const lines = [line, line.startsWith("Host") ? bearer : line]
          assert.strictEqual(yield* statusOf("GET /v1/sessions HTTP/1.1", lines), 400, line)
        }
      })
    )

    it.effect("asks for a token before it reads a hook's body", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["cat"])
        for (const route of ["hooks", "reports"]) {
          const path = `POST /v1/sessions/${id}/${route} HTTP/1.1`
          assert.strictEqual(yield* statusOf(path, ["Content-Length: 9", "Content-Type: application/json"]), 401)
          assert.strictEqual(yield* statusOf(path, ["Content-Length: 9999999"]), 401)
          assert.strictEqual(yield* statusOf(`${path.replace("POST", "GET")}`), 401)
        }
        for (const other of ["s-", "x", "S-0123456789AB", `${id}x`, "%73-0123456789ab"]) {
          assert.strictEqual(yield* statusOf(`POST /v1/sessions/${other}/hooks HTTP/1.1`), 401, other)
        }
      })
    )

    it.effect("never upgrades without the token or a ticket, wherever the target points", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["cat"])
        for (const path of [
          "/healthz",
          `/v1/sessions/${id}/hooks`,
          `/v1/sessions/${id}/reports`,
          `/v1/sessions/${id}/attach`,
          "/",
          "/v1/nowhere"
        ]) {
          assert.strictEqual(yield* statusOf(`GET ${path} HTTP/1.1`, upgradeLines), 401, path)
          assert.strictEqual(yield* statusOf(`POST ${path} HTTP/1.1`, upgradeLines), 401, path)
        }
        assert.strictEqual(yield* statusOf(`GET /v1/sessions/${id}/attach?ticket=guessed HTTP/1.1`, upgradeLines), 401)
        assert.strictEqual(yield* statusOf(`GET /v1/sessions/${id}/attach HTTP/1.1`, [...upgradeLines, bearer]), 101)
      })
    )

    it.effect("judges a request before it asks for its body", () =>
      Effect.gen(function* () {
        const refused = yield* sent("POST /v1/sessions HTTP/1.1\r\nHost: evil.example\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert.deepStrictEqual(
          refused.replies.map(({ status }) => status),
          [421]
        )
        assert.strictEqual(yield* statusOf("GET /v1/sessions HTTP/1.1", [bearer, "Expect: 200-ok"]), 417)
        assert.strictEqual(yield* statusOf("POST /v1/sessions HTTP/1.1", [bearer, "Expect: 100-continue", "Content-Length: 2"]), 100)
      })
    )

    it.effect("has one spelling for each path", () =>
      Effect.gen(function* () {
        for (const path of ["/healthz/", "/HEALTHZ", "/v1//sessions", "/v1/sessions/", "/v1/%73essions", "/v1/Sessions"]) {
          assert.strictEqual(yield* statusOf(`GET ${path} HTTP/1.1`, [bearer]), 404, path)
          assert.strictEqual(yield* statusOf(`GET ${path} HTTP/1.1`), 401, path)
        }
      })
    )

    it.effect("gives up a connection that sends requests without end and reads no answer", () =>
      Effect.gen(function* () {
        const { port } = yield* HttpServer
        const one = `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`
        const few = yield* sent(one.repeat(limits.pipelinedRequests), { replies: limits.pipelinedRequests })
        assert.lengthOf(few.replies, limits.pipelinedRequests)
        const many = yield* sent(one.repeat(2_000), { replies: 2_000 })
        assert.isBelow(many.replies.length, 2_000)
        assert.isTrue(many.ended)
      })
    )

    it.effect("keeps the answers of one connection apart from a broken request behind them", () =>
      Effect.gen(function* () {
        const { port } = yield* HttpServer
        const { replies } = yield* sent(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\nbroken\r\n\r\n`)
        assert.notStrictEqual(replies[0]?.status, 400)
      })
    )

    it.effect("answers a client of HTTP/1.0", () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* statusOf("GET /healthz HTTP/1.0"), 200)
        const { replies } = yield* sent("GET /healthz HTTP/1.0\r\n\r\n")
        assert.strictEqual(replies[0]?.status, 421)
      })
    )

    it.effect("turns CONNECT, TRACE and unknown methods away", () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* statusOf("CONNECT 127.0.0.1:22 HTTP/1.1"), 405)
        assert.strictEqual(yield* statusOf("TRACE /healthz HTTP/1.1"), 401)
        assert.strictEqual(yield* statusOf("TRACE /healthz HTTP/1.1", [bearer]), 405)
        assert.strictEqual(yield* statusOf("BREW /healthz HTTP/1.1"), 400)
      })
    )

    it.effect("survives a client that leaves in the middle of every kind of request", () =>
      Effect.gen(function* () {
        const { port } = yield* HttpServer
        const host = `Host: 127.0.0.1:${port}`
        const heads = `HEAD /healthz HTTP/1.1\r\n${host}\r\n\r\n`.repeat(15)
        for (const text of [
          "G",
          "GET /healthz HTTP/1.1\r\n",
          heads,
          `POST /v1/sessions HTTP/1.1\r\n${host}\r\n${bearer}\r\nContent-Length: 9\r\n\r\n{`
        ]) {
          for (const leave of ["reset", "half-close", "end"] as const) yield* sent(text, { leave, quietMs: 20 })
        }
        assert.strictEqual(yield* statusOf("GET /healthz HTTP/1.1"), 200)
      })
    )
  })
})
