/** The interface over the real stack, in a home of its own: log, holders, ptys, actors and both listeners. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer, Schema } from "effect"
import { Fencing } from "../../src/actors/fencing.ts"
import { layer as registryLayer } from "../../src/actors/registry.ts"
import { Sessions } from "../../src/actors/sessions.ts"
import { CreateRequest } from "../../src/domain/spec.ts"
import { makeClient } from "../../src/http/client.ts"
import { RequestHasher } from "../../src/http/request-hasher.ts"
import { HttpServer } from "../../src/http/server.ts"
import { BootClock } from "../../src/infra/boot-clock.ts"
import { layer as logLayer } from "../../src/infra/log/event-log.ts"
import { Runtime } from "../../src/infra/runtimes/runtime.ts"
import { Screens } from "../../src/infra/screens/screens.ts"
import { Secrets } from "../../src/infra/secrets.ts"
import { runtimeOf } from "./holder-runtime.ts"

export const token = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/** Everything that `serve` would build; killed with the home when the scope of the tests closes. */
export const daemonIn = (home: string) => {
  const infra = Layer.mergeAll(logLayer(join(home, "reprise.db")), runtimeOf(home), Secrets.layer(home), BootClock.layer, Fencing.layer)
  const actors = registryLayer({ liveSessions: 20, environment: process.env }).pipe(Layer.provideMerge(infra))
  const services = Layer.mergeAll(Screens.layer, RequestHasher.layer).pipe(Layer.provideMerge(actors))
  const server = HttpServer.layer({ host: "127.0.0.1", port: 0, socketPath: join(home, "http.sock"), token, version: "test", epoch: 1 })
  return server.pipe(Layer.provideMerge(services))
}

export const home = Layer.unwrap(
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "reprise-http-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
    ),
    (path) => Layer.provideMerge(reaper, daemonIn(path))
  )
)

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
