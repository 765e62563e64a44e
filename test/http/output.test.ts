import { createHash } from "node:crypto"
import { readdirSync, rmSync } from "node:fs"
import { request } from "node:http"
import { dirname, join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { HttpServer } from "../../src/http/server.ts"
import { Output } from "../../src/infra/output/output.ts"
import { Screens } from "../../src/infra/screens/screens.ts"
import { authorization, home, problemOf, raw, running } from "../support/http.ts"

describe("the output of a session", () => {
  layer(home, { excludeTestServices: true, timeout: "30 seconds" })((it) => {
    const get = Effect.fnUntraced(function* (path: string, headers: Record<string, string> = {}) {
      const { port } = yield* HttpServer
      return yield* raw({ port, path, headers: { ...authorization, ...headers } })
    })

    /** A session whose program wrote this and ended. */
    const ended = Effect.fnUntraced(function* (script: string) {
      const session = yield* running(["bash", "-c", `read; ${script}`])
      yield* session.api.sessions.input({ params: session.params, headers: {}, payload: { keys: ["enter"] } })
      const answer = yield* session.api.sessions.wait({ params: session.params, query: { for: "ended", timeout: "60s" } })
      assert.isTrue(answer.satisfied)
      return { ...session, path: `/v1/sessions/${session.id}/output`, end: yield* (yield* Output).end(session.id) }
    })

    it.effect("is given byte for byte, from anywhere", () =>
      Effect.gen(function* () {
        const { end, path } = yield* ended("printf 'abc\\000\\377xyz'")
        const whole = yield* get(path)
        assert.deepStrictEqual(
          [whole.status, whole.headers["content-type"], whole.headers["x-reprise-offset"]],
          [200, "application/octet-stream", "0"]
        )
        assert.strictEqual(whole.headers["x-reprise-end"], String(end))
        const part = yield* get(`${path}?from=${end - 3}`)
        assert.deepStrictEqual([part.body, part.headers["x-reprise-offset"]], ["xyz", String(end - 3)])
        assert.strictEqual((yield* get(`${path}?from=${end}`)).body, "")
        assert.strictEqual(problemOf(yield* get(`${path}?from=${end + 1}`), 416).code, "range_not_satisfiable")
      }).pipe(Effect.scoped)
    )

    it.effect("comes in ranges", () =>
      Effect.gen(function* () {
        const { end, path } = yield* ended("printf 0123456789")
        const begin = end - 10
        for (const [range, from, to] of [
          [`bytes=${begin + 2}-${begin + 4}`, 2, 4],
          [`bytes=${begin + 7}-`, 7, 9],
          ["bytes=-3", 7, 9],
          [`bytes=${begin + 8}-9999`, 8, 9]
        ] as const) {
          const { body, headers, status } = yield* get(path, { range })
          assert.deepStrictEqual([status, body], [206, "0123456789".slice(from, to + 1)])
          assert.strictEqual(headers["content-range"], `bytes ${begin + from}-${begin + to}/${end}`)
          assert.strictEqual(headers["content-length"], String(to + 1 - from))
        }
        assert.strictEqual(problemOf(yield* get(path, { range: `bytes=${end}-` }), 416).code, "range_not_satisfiable")
        assert.strictEqual((yield* get(path, { range: "bytes=0-1,4-5" })).status, 200)
        assert.strictEqual(problemOf(yield* get(`${path}?from=1`, { range: "bytes=0-1" }), 400).code, "invalid_request")
      }).pipe(Effect.scoped)
    )

    it.effect("is followed to its last byte, across generations", () =>
      Effect.gen(function* () {
        const { api, id, params } = yield* running(["bash", "-c", "echo up $REPRISE_GENERATION; read; seq 1 20000"])
        const following = yield* Effect.forkChild(get(`/v1/sessions/${id}/output?follow=true`), { startImmediately: true })
        for (const _ of [1, 2]) {
          yield* api.sessions.input({ params, headers: {}, payload: { keys: ["enter"] } })
          yield* api.sessions.wait({ params, query: { for: "ended" } })
          yield* api.sessions.resume({ params, headers: {}, payload: {} })
          yield* api.sessions.wait({ params, query: { for: "ready" } })
        }
        yield* api.sessions.terminate({ params, headers: {}, payload: {} })
        const { body } = yield* Fiber.join(following)
        assert.include(body, "up 3")
        const whole = yield* get(`/v1/sessions/${id}/output`)
        const digest = (text: string) => createHash("sha256").update(text).digest("hex")
        assert.strictEqual(digest(body), digest(whole.body))
      }).pipe(Effect.scoped)
    )

    it.effect("says what is gone, and where it begins now", () =>
      Effect.gen(function* () {
        const { end, id, path, params, api } = yield* ended("head -c 12000000 /dev/zero | tr '\\0' x; echo; echo THE END")
        const { socketPath } = yield* HttpServer
        const directory = join(dirname(socketPath), "sessions", id, "output")
        const oldest = readdirSync(directory).toSorted()[0]!.split(".")[0]!
        for (const name of readdirSync(directory).filter((name) => name.startsWith(oldest))) rmSync(join(directory, name))
        const begin = yield* (yield* Output).begin(id)
        assert.isAbove(begin, 0)
        const told = problemOf(yield* get(`${path}?from=0`), 410) as unknown as { code: string; availableFrom: number; head: number }
        assert.deepStrictEqual([told.code, told.availableFrom, told.head], ["output_dropped", begin, end])
        assert.strictEqual((yield* get(path)).headers["x-reprise-offset"], String(begin))
        assert.strictEqual((yield* get(path)).body.length, end - begin)
        const screen = yield* api.terminal.screen({ params, query: { format: "json" }, headers: {} })
        assert.include(typeof screen === "string" ? [] : screen.lines, "THE END")
      }).pipe(Effect.scoped)
    )

    it.effect("is drawn as text, with its escapes, and as figures", () =>
      Effect.gen(function* () {
        const { id } = yield* ended("printf '\\033[31mred\\033[0m\\033]2;named\\007'")
        const path = `/v1/sessions/${id}/screen`
        const text = yield* get(path)
        assert.match(text.headers["content-type"] ?? "", /^text\/plain/)
        assert.match(text.body, /^red$/m)
        assert.include((yield* get(`${path}?format=ansi`)).body, "\x1b[31mred")
        const figures = JSON.parse((yield* get(path, { accept: "application/json" })).body)
        assert.deepStrictEqual(
          [figures.cols, figures.rows, figures.title, figures.altScreen, figures.lines.length],
          [80, 24, "named", false, 24]
        )
        assert.strictEqual(figures.lines.includes("red"), true)
        assert.isAtMost(yield* (yield* Screens).kept, 64)
      }).pipe(Effect.scoped)
    )

    it.effect("ends a stream that no client reads any more", () =>
      Effect.gen(function* () {
        const { port } = yield* HttpServer
        const { id } = yield* running(["bash", "-c", "while :; do echo tick; sleep 0.05; done"])
        const count = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length
        const before = count()
        for (let n = 0; n < 20; n++) {
          yield* Effect.callback<void>((resume) => {
            const asked = request(
              { port, path: `/v1/sessions/${id}/output?follow=true`, headers: authorization, agent: false },
              (response) => {
                response.on("error", () => {})
                response.once("data", () => {
                  asked.destroy()
                  resume(Effect.void)
                })
              }
            )
            asked.on("error", () => {})
            asked.end()
          })
        }
        for (let tries = 0; tries < 200 && count() > before; tries++) yield* Effect.sleep("10 millis")
        assert.isAtMost(count(), before)
      }).pipe(Effect.scoped)
    )
  })
})
