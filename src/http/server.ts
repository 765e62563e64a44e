/** Serves the interface on a TCP port and a unix socket, the same on both, until its scope closes; then it ends politely, in bounded time. */
import { type BigIntStats, lstatSync } from "node:fs"
import { chmod, lstat, rm } from "node:fs/promises"
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Context, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { limits } from "../domain/limits.ts"
import { app } from "./app.ts"
import { makeAttachHandler } from "./attach/upgrade.ts"
import { Connections } from "./connections.ts"
import { Daemon } from "./daemon.ts"
import { Draining } from "./draining.ts"
import { type Admission, admission, trusting } from "./guard.ts"
import { withHotPath } from "./hot-path.ts"
import { close, ListenFailed, listen, makeServer } from "./listener.ts"
import { Tickets } from "./tickets.ts"

export interface ServerOptions {
  /** Where to listen; loopback, unless the user asked for more by name. */
  readonly host: string
  /** 0 picks one. */
  readonly port: number
  readonly socketPath: string
  /** Where the socket belongs now: another path where the directory of the first was lost or taken. `socketPath` where nothing else is said. */
  readonly socketPlace?: () => string
  readonly token: string
  readonly version: string
  readonly epoch: number
  /** Names besides the loopback ones by which clients may address the listener. */
  readonly hostNames?: ReadonlyArray<string>
  /** Most connections of both listeners together; `limits.connections` where nothing else is said. */
  readonly connections?: number
}

/** Where the interface is served. */
export class HttpServer extends Context.Service<
  HttpServer,
  {
    readonly url: string
    readonly port: number
    readonly socketPath: string
    /** Listens again where the file of the socket was removed or replaced, or belongs elsewhere now: the path if so, else null. */
    readonly restoreSocket: Effect.Effect<string | null, ListenFailed>
  }
>()("reprise/http/HttpServer") {
  static readonly layer = (options: ServerOptions) =>
    Layer.effect(HttpServer, serve(options)).pipe(
      Layer.provide([
        Draining.layer,
        Tickets.layer,
        Layer.succeed(Daemon, { version: options.version, epoch: options.epoch, isTrusted: trusting(options.token) })
      ])
    )
}

const serve = Effect.fnUntraced(function* (options: ServerOptions) {
  const draining = yield* Draining
  const requests = yield* Scope.make("parallel")
  const routed = yield* NodeHttpServer.makeHandler(yield* app, { scope: requests })
  const onRequest = yield* withHotPath((_admitted, request, response) => routed(request, response))
  const onUpgrade = yield* makeAttachHandler(requests)
  const connections = new Connections(options.connections ?? limits.connections)

  let tcpAdmission: Admission = admission(options.token, [], 0)
  const socketAdmission = admission(options.token, null, 0)
  const door = { connections, onRequest, onUpgrade }
  const tcp = makeServer({ ...door, listener: "tcp", admit: () => tcpAdmission })
  const unix = makeUnixListener(() => makeServer({ ...door, listener: "unix", admit: () => socketAdmission }), options)
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      yield* draining.begin
      yield* Effect.timeoutOption(Effect.all([close(tcp), unix.close], { concurrency: 2, discard: true }), limits.drainMs)
      connections.closeAll()
      // A request that cannot be interrupted must not keep the daemon from ending.
      const ending = yield* Effect.forkDetach(Scope.close(requests, Exit.void))
      yield* Effect.timeoutOption(Fiber.await(ending), limits.drainMs)
    })
  )

  yield* listen(tcp, { host: options.host, port: options.port }, `${options.host}:${options.port}`)
  const { port } = tcp.address() as AddressInfo
  tcpAdmission = admission(options.token, ["127.0.0.1", "localhost", "[::1]", ...(options.hostNames ?? [])], port)
  yield* unix.listen
  const reached = wildcards.get(options.host) ?? options.host
  const host = reached.includes(":") ? `[${reached}]` : reached
  return { url: `http://${host}:${port}`, port, socketPath: options.socketPath, restoreSocket: unix.restore }
})

/** No client can address all addresses: where a listener on them is reached on this machine. */
const wildcards: ReadonlyMap<string, string> = new Map([
  ["0.0.0.0", "127.0.0.1"],
  ["::", "::1"]
])

/** It listens on every address of the machine. */
export const isWildcard = (host: string): boolean => wildcards.has(host)

const makeUnixListener = (make: () => Server, options: Pick<ServerOptions, "socketPath" | "socketPlace">) => {
  let path = options.socketPath
  let server = make()
  let bound: BigIntStats | null = null
  const listenHere = Effect.suspend(() => listenUnix(server, path)).pipe(
    Effect.andThen(
      Effect.sync(() => {
        bound = fileAt(path)
      })
    )
  )
  return {
    listen: listenHere,
    close: Effect.suspend(() => close(server)),
    restore: Effect.suspend(() => {
      const place = options.socketPlace?.() ?? path
      const found = fileAt(place)
      if (bound !== null && found !== null && found.ino === bound.ino && found.dev === bound.dev) return Effect.succeed(null)
      // Closing removes the file at the path, so it comes before the new one is bound. Its connections live on.
      server.close()
      server = make()
      path = place
      return Effect.as(listenHere, place)
    })
  }
}

const fileAt = (path: string): BigIntStats | null => lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null

/** The home has one daemon, so a socket file that is there was left by a dead one. */
const listenUnix = Effect.fnUntraced(function* (server: Server, path: string) {
  const attempt = (act: () => Promise<void>) =>
    Effect.tryPromise({
      try: act,
      catch: (cause) => new ListenFailed({ place: path, code: (cause as NodeJS.ErrnoException).code ?? String(cause) })
    })
  yield* attempt(async () => {
    if ((await lstat(path).catch(() => null))?.isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" })
    await rm(path, { force: true })
  })
  /** The umask keeps the file private from its first moment; bind(2) happens before `listen` returns. */
  const umask = process.umask(0o177)
  const listening = listen(server, { path }, path)
  const fiber = yield* Effect.forkChild(listening, { startImmediately: true })
  process.umask(umask)
  yield* Fiber.join(fiber)
  yield* attempt(() => chmod(path, 0o600))
})
