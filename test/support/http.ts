/** A daemon for one file of tests, in a home of its own, and the ways to talk to it. */
import { mkdtempSync, rmSync } from "node:fs"
import { type IncomingHttpHeaders, type RequestOptions, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { Sessions } from "../../src/actors/sessions.ts"
import { CreateRequest } from "../../src/domain/spec.ts"
import { makeClient } from "../../src/http/client.ts"
import { HttpServer } from "../../src/http/server.ts"
import { Runtime } from "../../src/infra/runtimes/runtime.ts"
import { daemonIn, token } from "./http-daemon.ts"

export { daemonIn, token }

/** `prepare`: what is to be there before the daemon is. */
export const homeWith = (prepare: (path: string) => void) =>
  Layer.unwrap(
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "reprise-http-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
      ),
      (path) => {
        prepare(path)
        return Layer.provideMerge(reaper, daemonIn(path))
      }
    )
  )
export const home = homeWith(() => {})

/** Ends every session that a test left running: holders outlive daemons, and must not outlive tests. */
const reaper = Layer.effectDiscard(
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const runtime = yield* Runtime
    yield* Effect.addFinalizer(() =>
      Effect.gen(function* () {
        const asking = { by: "test" }
        for (const { session } of yield* runtime.list) {
          yield* Effect.ignore(sessions.send(session, { type: "Terminate", by: "test", reason: "" }, asking))
          yield* Effect.ignore(sessions.send(session, { type: "Kill", by: "test", reason: "" }, asking))
        }
        for (let scans = 0; scans < 200 && (yield* runtime.list).length > 0; scans++) yield* Effect.sleep("50 millis")
      })
    )
  })
)

/** The typed client over TCP. */
export const client = Effect.flatMap(HttpServer, ({ url }) => makeClient({ url, token }))
/** And over the unix socket. */
export const socketClient = Effect.flatMap(HttpServer, ({ socketPath }) => makeClient({ url: "http://reprise", socket: socketPath, token }))

export const authorization = { authorization: `Bearer ${token}` }

/** A bare request, for what the typed client would never send. */
export const ask = Effect.fnUntraced(function* (path: string, init: RequestInit = {}) {
  const { url } = yield* HttpServer
  return yield* Effect.promise(() => fetch(`${url}${path}`, { ...init, headers: { ...authorization, ...init.headers } }))
})

export const bodyOf = (response: Response) => Effect.promise(() => response.json() as Promise<Record<string, unknown>>)

/** A create with every default filled in, as the typed client wants it. */
export const toCreate = Schema.decodeUnknownSync(CreateRequest)

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A request whose every header is the test's own, `Host` included. */
export const raw = (options: RequestOptions, body?: string | Buffer) =>
  Effect.callback<RawAnswer, Error>((resume) => {
    const asked = request({ agent: false, ...options }, (response) => {
      const pieces: Array<Buffer> = []
      response.on("data", (piece: Buffer) => pieces.push(piece))
      response.on("error", (error) => resume(Effect.fail(error)))
      response.on("end", () =>
        resume(
          Effect.succeed({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces).toString("utf8") })
        )
      )
    })
    asked.on("error", (error) => resume(Effect.fail(error)))
    asked.end(body)
    return Effect.sync(() => asked.destroy())
  })

/** Asserts that an answer is a problem of this status, and gives it. */
export const problemOf = ({ body, headers, status }: RawAnswer, expected?: number) => {
  if (expected !== undefined) assert.strictEqual(status, expected, body)
  assert.strictEqual(headers["content-type"], "application/problem+json", body)
  const told = JSON.parse(body) as {
    type: string
    title: string
    status: number
    detail: string
    code: string
    errors?: Array<{ field: string }>
  }
  assert.strictEqual(told.status, status)
  assert.strictEqual(told.type, `urn:reprise:problem:${told.code}`)
  assert.isTrue(told.title.length > 0 && told.detail.length > 0)
  return told
}

/** A session running this command, up and ready. */
export const running = Effect.fnUntraced(function* (command: ReadonlyArray<string>, more: Record<string, unknown> = {}) {
  const api = yield* client
  const made = yield* api.sessions.create({ headers: {}, payload: toCreate({ command, cwd: "/tmp", ...more }) })
  const up = yield* api.sessions.wait({ params: { id: made.id }, query: { for: "ready,ended" } })
  assert.strictEqual(up.met, "ready")
  return { api, id: made.id, params: { id: made.id } }
})
