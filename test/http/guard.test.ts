import { connect } from "node:net"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as OpenApi from "effect/http-api/OpenApi"
import { limits } from "../../src/domain/limits.ts"
import { Api } from "../../src/http/contract.ts"
import { HttpServer } from "../../src/http/server.ts"
import { authorization, home, problemOf, raw } from "../support/http.ts"

const id = "s-0123456789ab"
const documented = Object.entries(OpenApi.fromApi(Api).paths).flatMap(([path, item]) =>
  Object.keys(item as object).map((method) => ({
    method: method.toUpperCase(),
    path: path.replace("{id}", id).replaceAll(/\{\w+\}/g, "1")
  }))
)
/** Beside what the document lists: itself, its pages, and places that do not exist. */
const routes = [
  ...documented,
  ...["/openapi.json", "/docs", "/", "/v1", "/v1/nowhere", "/healthz/", "/HEALTHZ", "/v1//sessions"].map((path) => ({
    method: "GET",
    path
  }))
]

describe("the guard", () => {
  layer(home, { excludeTestServices: true, timeout: "30 seconds" })((it) => {
    it.effect("knows every route of the interface", () =>
      Effect.sync(() => {
        assert.isAtLeast(documented.length, 22)
        assert.isTrue(documented.some(({ method, path }) => method === "GET" && path.endsWith("/attach")))
      })
    )

    it.effect("turns every route away without the token, but the one that says that a daemon is there", () =>
      Effect.gen(function* () {
        const { port } = yield* HttpServer
        for (const { method, path } of routes) {
          for (const authorization of [undefined, "Bearer ", "Bearer wrong", "Basic dTpw", `Bearer ${"0".repeat(64)}`]) {
            const answer = yield* raw({ port, method, path, headers: authorization === undefined ? {} : { authorization } })
            if (path === "/healthz") {
              assert.strictEqual(answer.status, 200)
              assert.notInclude(answer.body, "token")
              continue
            }
            assert.strictEqual(problemOf(answer, 401).code, "unauthorized", `${method} ${path}`)
            assert.match(answer.headers["www-authenticate"] ?? "", /^Bearer/)
          }
        }
      })
    )

    it.effect("turns every route away for another host, before it looks at anything else", () =>
      Effect.gen(function* () {
        const { port } = yield* HttpServer
        for (const { method, path } of routes) {
          for (const host of [
            "evil.example",
            `evil.example:${port}`,
            "127.0.0.1",
            `127.0.0.1:${port + 1}`,
            `localhost.evil.example:${port}`,
            ""
          ]) {
            const answer = yield* raw({ port, method, path, headers: { host, origin: "http://evil.example" }, setHost: false })
            assert.strictEqual(problemOf(answer, 421).code, "host_not_allowed", `${method} ${path} ${host}`)
          }
        }
      })
    )

    it.effect("turns every route away for another origin, with the right token too", () =>
      Effect.gen(function* () {
        const { port } = yield* HttpServer
        for (const { method, path } of routes) {
          for (const origin of ["http://evil.example", "null", `https://127.0.0.1:${port}`, `http://127.0.0.1:${port}.evil.example`]) {
            const answer = yield* raw({ port, method, path, headers: { ...authorization, origin } })
            assert.strictEqual(problemOf(answer, 403).code, "origin_not_allowed", `${method} ${path} ${origin}`)
          }
        }
      })
    )

    it.effect("lets its own names and origins in", () =>
      Effect.gen(function* () {
        const { port } = yield* HttpServer
        for (const name of ["127.0.0.1", "localhost", "[::1]"]) {
          const headers = { ...authorization, host: `${name}:${port}`, origin: `http://${name}:${port}` }
          assert.strictEqual((yield* raw({ port, path: "/readyz", headers, setHost: false })).status, 200)
        }
      })
    )

    it.effect("asks for the token on the unix socket, whatever the host", () =>
      Effect.gen(function* () {
        const { socketPath } = yield* HttpServer
        assert.strictEqual(problemOf(yield* raw({ socketPath, path: "/readyz", headers: { host: "anything" } })).code, "unauthorized")
        assert.strictEqual((yield* raw({ socketPath, path: "/readyz", headers: { host: "anything", ...authorization } })).status, 200)
        const foreign = yield* raw({ socketPath, path: "/readyz", headers: { origin: "http://localhost", ...authorization } })
        assert.strictEqual(problemOf(foreign).code, "origin_not_allowed")
      })
    )

    it.effect("answers in this protocol a client that offers another", () =>
      Effect.gen(function* () {
        const { port } = yield* HttpServer
        const headers = {
          ...authorization,
          connection: "Upgrade, HTTP2-Settings",
          upgrade: "h2c",
          "http2-settings": "AAMAAABkAARAAAAAAAIAAAAA"
        }
        assert.strictEqual((yield* raw({ port, path: "/v1/sessions", headers })).status, 200)
      })
    )

    it.effect("cuts off a client that sends a request drop by drop", () =>
      Effect.gen(function* () {
        const { port } = yield* HttpServer
        const began = performance.now()
        const answer = yield* Effect.callback<string>((resume) => {
          let heard = ""
          const socket = connect(port, "127.0.0.1", () => socket.write("GET /healthz HTTP/1.1\r\n"))
          const drops = setInterval(() => socket.write("X: y\r\n"), 500)
          socket.on("data", (piece) => {
            heard += String(piece)
          })
          socket.on("error", () => {})
          socket.on("close", () => {
            clearInterval(drops)
            resume(Effect.succeed(heard))
          })
          return Effect.sync(() => socket.destroy())
        })
        assert.match(answer, /^HTTP\/1.1 408 /)
        assert.include(answer, "request_timeout")
        assert.isAbove(performance.now() - began, limits.headersMs - 1_000)
      })
    )

    it.effect("takes no proxy's request", () =>
      Effect.gen(function* () {
        const { port } = yield* HttpServer
        assert.strictEqual(problemOf(yield* raw({ port, path: "http://evil.example/healthz" }), 400).code, "invalid_request")
      })
    )

    for (const [what, text, status] of [
      ["is not HTTP", "hello\r\n\r\n", 400],
      [
        "has endless headers",
        `GET /healthz HTTP/1.1\r\nHost: x\r\n${"X-Filler: 0123456789012345678901234567890123456789\r\n".repeat(800)}\r\n`,
        431
      ]
    ] as const) {
      it.effect(`answers with a problem what ${what}`, () =>
        Effect.gen(function* () {
          const { port } = yield* HttpServer
          const answer = yield* Effect.callback<string>((resume) => {
            let heard = ""
            const socket = connect(port, "127.0.0.1", () => socket.write(text))
            socket.on("data", (piece) => {
              heard += String(piece)
            })
            socket.on("error", () => resume(Effect.succeed(heard)))
            socket.on("close", () => resume(Effect.succeed(heard)))
            return Effect.sync(() => socket.destroy())
          })
          assert.include(answer, `HTTP/1.1 ${status}`)
          assert.include(answer, "application/problem+json")
        })
      )
    }
  })
})
