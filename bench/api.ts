/** How much of a bare Node server is left once there are a guard, a contract and an actor: `GET /v1/sessions/{id}`. */
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import { Effect, Layer, Schema, Stream } from "effect"
import { Sessions } from "../src/actors/sessions.ts"
import { CreateRequest } from "../src/domain/spec.ts"
import { HttpServer } from "../src/http/server.ts"
import { daemonIn, token } from "../test/support/http-daemon.ts"
import type { Load, Loaded } from "./api-load.ts"
import type { Figure } from "./figure.ts"

const target = 0.35
const rounds = 5
const connections = 16
const requests = 10_000

export const benchApi = (): Promise<ReadonlyArray<Figure>> => Effect.runPromise(Effect.scoped(measured))

const measured = Effect.gen(function* () {
  const home = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "reprise-bench-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
  )
  return yield* Effect.provide(Effect.scoped(compared), Layer.fresh(daemonIn(home)))
})

const compared = Effect.gen(function* () {
  const sessions = yield* Sessions
  const { port } = yield* HttpServer
  const asking = { by: "bench" }
  const create = Schema.decodeUnknownSync(CreateRequest)({ command: ["cat"], cwd: "/tmp" })
  const { view } = yield* sessions.create(create, asking)
  yield* Effect.addFinalizer(() =>
    sessions
      .send(view.id, { type: "Terminate", by: "bench", reason: "" }, asking)
      .pipe(Effect.andThen(Stream.runDrain(sessions.changes(view.id))), Effect.timeout("10 seconds"), Effect.ignore)
  )
  yield* settled(view.id)

  const ours = { port, request: requestOf(`/v1/sessions/${view.id}`, port), connections, requests }
  const answer = yield* Effect.promise(() =>
    fetch(`http://127.0.0.1:${port}/v1/sessions/${view.id}`, { headers: { authorization: `Bearer ${token}` } }).then(async (response) => ({
      etag: response.headers.get("etag") ?? "",
      body: await response.text()
    }))
  )
  const bare = yield* bareServer(answer.body, answer.etag)
  const peer = { ...ours, port: bare, request: requestOf(`/v1/sessions/${view.id}`, bare) }
  const best = { ours: 0, peer: 0 }
  for (let round = 0; round < rounds; round++) {
    best.peer = Math.max(best.peer, (yield* load(peer)).perSecond)
    best.ours = Math.max(best.ours, (yield* load(ours)).perSecond)
  }
  const ratio = best.ours / best.peer
  return [
    {
      name: "GET /v1/sessions/{id}",
      ours: Math.round(best.ours),
      peer: Math.round(best.peer),
      peerName: "node:http answering the same bytes",
      unit: "requests/s",
      ratio,
      target,
      met: ratio >= target
    }
  ] satisfies ReadonlyArray<Figure>
})

const requestOf = (path: string, port: number) =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nAccept: application/json\r\nConnection: keep-alive\r\n\r\n`

/** Until it is ready, so that no fact changes the length of an answer while it is counted. */
const settled = Effect.fnUntraced(function* (id: string) {
  const sessions = yield* Sessions
  for (let looks = 0; looks < 400; looks++) {
    const { phase, state } = yield* sessions.get(id)
    if (state === "streaming" && phase === "running") return
    yield* Effect.sleep("25 millis")
  }
})

const bareServer = (body: string, etag: string) =>
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const length = String(Buffer.byteLength(body))
      const server = createServer((_, response) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": length, etag })
        response.end(body)
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  ).pipe(Effect.map((server) => (server.address() as AddressInfo).port))

const load = (workerData: Load) =>
  Effect.callback<Loaded, Error>((resume) => {
    const worker = new Worker(new URL("./api-load.ts", import.meta.url), { workerData })
    worker.once("message", (loaded: Loaded) => resume(Effect.succeed(loaded)))
    worker.once("error", (error) => resume(Effect.fail(error as Error)))
    worker.once("exit", (code) => resume(Effect.fail(new Error(`the load ended early, with ${code}`))))
    return Effect.promise(() => worker.terminate())
  })

if (import.meta.main) console.log(await benchApi())
