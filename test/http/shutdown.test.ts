import { mkdtempSync, rmSync, statSync } from "node:fs"
import { request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope } from "effect"
import { Sessions } from "../../src/actors/sessions.ts"
import { HttpServer } from "../../src/http/server.ts"
import { attach, until } from "../support/attach.ts"
import { authorization, daemonIn, problemOf, raw, running } from "../support/http.ts"

describe("a daemon that is shut down", () => {
  it.live("ends every stream politely, at once, and leaves the agents alone", () =>
    Effect.gen(function* () {
      const home = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "reprise-down-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
      )
      const scope = yield* Scope.make()
      const daemon = yield* Layer.buildWithScope(Layer.fresh(daemonIn(home)), scope)
      yield* Effect.gen(function* () {
        const { port, socketPath } = yield* HttpServer
        assert.strictEqual(statSync(socketPath).mode & 0o777, 0o600)
        const { id } = yield* running(["cat"])
        const terminal = yield* attach(`/v1/sessions/${id}/attach`)
        const ended = Effect.callback<string>((resume) => {
          const headers = { ...authorization, accept: "text/event-stream" }
          const asked = request({ port, path: "/v1/events", headers }, (response) => {
            let text = ""
            response.on("data", (piece) => {
              text += String(piece)
            })
            response.on("end", () => resume(Effect.succeed(text)))
            response.on("error", () => resume(Effect.succeed("broken")))
          })
          asked.end()
        })
        const stream = yield* Effect.forkChild(ended, { startImmediately: true })
        const output = yield* Effect.forkChild(raw({ port, path: `/v1/sessions/${id}/output?follow=true`, headers: authorization }), {
          startImmediately: true
        })
        const waiting = yield* Effect.forkChild(raw({ port, path: `/v1/sessions/${id}/wait?for=ended`, headers: authorization }), {
          startImmediately: true
        })
        yield* until("attached", () => terminal.frames.length > 0)
        // Connections are accepted in order: once this one is answered, those before it are under way.
        assert.strictEqual((yield* raw({ port, path: "/readyz", headers: authorization })).status, 200)

        const began = performance.now()
        yield* Scope.close(scope, Exit.void)
        assert.isBelow(performance.now() - began, 4_000)
        assert.include(yield* Fiber.join(stream), "SessionCreated")
        assert.strictEqual((yield* Fiber.join(output)).status, 200)
        assert.strictEqual(problemOf(yield* Fiber.join(waiting), 503).code, "shutting_down")
        yield* until("closed", () => terminal.closed() !== null)
        assert.strictEqual(terminal.closed(), 1001)
        assert.instanceOf(yield* Effect.flip(raw({ port, path: "/healthz" })), Error)
        return id
      }).pipe(Effect.provideContext(daemon))

      yield* Effect.gen(function* () {
        const { port } = yield* HttpServer
        const sessions = yield* Sessions
        const [session] = JSON.parse((yield* raw({ port, path: "/v1/sessions", headers: authorization })).body).data as Array<{
          id: string
        }>
        const asked = (path: string, method = "GET") =>
          raw({ port, method, path: `/v1/sessions/${session?.id}${path}`, headers: authorization })
        assert.strictEqual(JSON.parse((yield* asked("")).body).state, "streaming")
        assert.strictEqual((yield* sessions.recovery)?.adopted, 1)
        yield* asked("/kill", "POST")
        assert.strictEqual(JSON.parse((yield* asked("/wait?for=ended")).body).satisfied, true)
      }).pipe(Effect.provide(Layer.fresh(daemonIn(home))))
    }).pipe(Effect.scoped)
  )
})
