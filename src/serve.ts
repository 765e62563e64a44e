/** The daemon: every part put together once, each before what stands on it, and taken apart in the reverse order. */
import { rmSync } from "node:fs"
import { flushCompileCache } from "node:module"
import { isIPv6 } from "node:net"
import { hostname, networkInterfaces } from "node:os"
import { basename, dirname, join } from "node:path"
import { Console, Effect, Layer, Logger, Schedule, Schema } from "effect"
import manifest from "../package.json" with { type: "json" }
import { Fencing } from "./actors/fencing.ts"
import * as Registry from "./actors/registry.ts"
import { Sessions } from "./actors/sessions.ts"
import { Shadow } from "./actors/shadow.ts"
import type { ServeOptions } from "./cli/serve-options.ts"
import { limits } from "./domain/limits.ts"
import { RequestHasher } from "./http/request-hasher.ts"
import { HttpServer, isWildcard } from "./http/server.ts"
import { AgentFiles } from "./infra/agents/agent-files.ts"
import { Attachments } from "./infra/agents/attachments.ts"
import { BootClock } from "./infra/boot-clock.ts"
import { allowedDescriptors, type Share, shareOf, TooFewDescriptors } from "./infra/descriptors.ts"
import { Evidence } from "./infra/evidence/evidence.ts"
import { Transcripts } from "./infra/evidence/transcripts.ts"
import { leaveFirstPlace } from "./infra/first-process.ts"
import {
  type DaemonNote,
  expectedSocketOf,
  leaveNote,
  notePathOf,
  openHome,
  readNote,
  socketPathOf,
  TokenUnusable,
  takeNoteAway,
  tokenOf
} from "./infra/home.ts"
import { HookProgram } from "./infra/hook/hook-program.ts"
import { HookTokens } from "./infra/hook/tokens.ts"
import { keepRunning } from "./infra/keep-running.ts"
import * as EventLog from "./infra/log/event-log.ts"
import { EventReader, EventStore } from "./infra/log/event-store.ts"
import { lockPathOf } from "./infra/log/lock.ts"
import { logLine } from "./infra/log-line.ts"
import { lostLogOf } from "./infra/lost-log.ts"
import { allowsPrograms } from "./infra/mounts.ts"
import { makeNoteWatch, makePlaceWatch } from "./infra/note-watch.ts"
import { Output } from "./infra/output/output.ts"
import { isInLaunch, outsideOfLaunch } from "./infra/outside-launch.ts"
import { Providers } from "./infra/providers/providers.ts"
import { FileRefused } from "./infra/regular-file.ts"
import { ptyRuntime } from "./infra/runtimes/pty.ts"
import { highestEpoch } from "./infra/runtimes/remains.ts"
import { Answering } from "./infra/screens/answering.ts"
import { Emulators } from "./infra/screens/emulators.ts"
import { PastScreens } from "./infra/screens/past-screens.ts"
import { Screens } from "./infra/screens/screens.ts"
import { Secrets } from "./infra/secrets.ts"
import { Texts } from "./infra/texts.ts"
import { isOwnDirectory, PlaceRefused } from "./infra/trusted-place.ts"

/** The address is reachable from other machines, and the user did not ask for that in so many words. */
export class NotLoopback extends Schema.TaggedError<NotLoopback>()("NotLoopback", { host: Schema.String }) {
  override get message() {
    return `${this.host} is reachable from other machines, and every client with the token can run commands here; say --allow-remote if that is meant`
  }
}

/** Holders run from the home, and load their terminal's library from it. */
export class NoPrograms extends Schema.TaggedError<NoPrograms>()("NoPrograms", { home: Schema.String }) {
  override get message() {
    return `${this.home} lies on a file system that is mounted noexec, and no agent can be launched from there; name another home with --home`
  }
}

/** A newer daemon has taken the home over: this one has stopped writing and must not go on. */
export class Superseded extends Schema.TaggedError<Superseded>()("Superseded", { epoch: Schema.Int }) {
  override get message() {
    return `another daemon has taken this home over (epoch ${this.epoch})`
  }
}

/** Runs until it is interrupted; agents live on. A second daemon on one home names the first, and is done. */
export const serve = (options: ServeOptions) =>
  Effect.gen(function* () {
    leaveFirstPlace()
    if (isInLaunch()) return yield* outsideOfLaunch
    if (!options.allowRemote && !isLoopback(options.host)) return yield* new NotLoopback({ host: options.host })
    const share = shareOf(allowedDescriptors())
    if (share === null) return yield* new TooFewDescriptors({ allowed: allowedDescriptors() })
    const home = yield* Effect.try({ try: () => openHome(options.home), catch: (cause) => cause as Error })
    if (!allowsPrograms(home)) return yield* new NoPrograms({ home })
    yield* running({ ...options, home }, share).pipe(
      Effect.catchTag("AlreadyRunning", () => Console.log(whoRuns(home))),
      // What stands in the way is said in one sentence, wherever it was met.
      Effect.catchDefect((defect) => (isWorld(defect) ? Effect.fail(defect) : Effect.die(defect))),
      Effect.scoped
    )
  }).pipe(Effect.provide(Logger.layer([Logger.withConsoleLog(logLine)])))

const running = Effect.fnUntraced(function* (options: ServeOptions, share: Share) {
  const socket = yield* socketOf(options.home)
  const services = yield* Layer.build(parts({ ...options, socket }, share))
  yield* Effect.gen(function* () {
    const { epoch } = yield* EventStore
    const counts = yield* (yield* EventReader).counts
    const lost = lostLogOf(
      options.home,
      Object.values(counts).reduce((sum, count) => sum + count, 0)
    )
    if (lost !== null) yield* Effect.logWarning(`${lost.says}: ${lost.advice}`)
    const { restoreSocket, socketPath, url } = yield* HttpServer
    const recovered = yield* (yield* Sessions).recovery
    const note = { pid: process.pid, url, socket: socketPath, version: manifest.version, epoch }
    const isHome = makePlaceWatch([options.home, lockPathOf(join(options.home, "reprise.db"))])
    yield* Effect.acquireRelease(
      Effect.sync(() => leaveNote(options.home, note)),
      () => Effect.sync(() => (isHome() ? takeNoteAway(options.home, epoch) : undefined))
    )
    yield* Effect.forkScoped(keepReachable(options.home, note, { isHome, restoreSocket }))
    yield* Effect.logInfo("recovered").pipe(Effect.annotateLogs({ ...recovered }))
    // A daemon may never come to an end at which Node would write it: the next start finds this one's compiled code.
    yield* Effect.sync(flushCompileCache)
    yield* Effect.logInfo("listening").pipe(Effect.annotateLogs({ ...note, home: options.home }))
    const { current } = yield* Effect.flatMap(Fencing, ({ fenced }) => fenced)
    return yield* new Superseded({ epoch: current })
  }).pipe(Effect.provideContext(services))
})

interface Reach {
  readonly isHome: () => boolean
  readonly restoreSocket: HttpServer["Service"]["restoreSocket"]
}

/**
 * What clients find the daemon by is put back where it was lost, for as long as no newer daemon has the home. A home that was deleted
 * and made again may belong to another daemon, whose epoch this one's log cannot know.
 */
const keepReachable = Effect.fnUntraced(function* (home: string, first: DaemonNote, { isHome, restoreSocket }: Reach) {
  const { isNewest } = yield* EventStore
  let note = first
  let watchNote = makeNoteWatch(home, note)
  let hasSaid = false
  const look = Effect.gen(function* () {
    if (!isHome()) {
      if (!hasSaid)
        yield* Effect.logError(`${home} or its lock was deleted or replaced; this daemon writes neither its note nor its socket again`)
      hasSaid = true
      return
    }
    const socket = yield* restoreSocket
    if (socket !== null && socket !== note.socket) {
      yield* Effect.logWarning(`${dirname(note.socket)} is not this user's to use; the socket is ${socket}`)
      note = { ...note, socket }
      leaveNote(home, note)
      watchNote = makeNoteWatch(home, note)
      return
    }
    const restored = [...((yield* watchNote) ? [notePathOf(home)] : []), ...(socket === null ? [] : [socket])]
    for (const path of restored) yield* Effect.logWarning(`${path} was lost or changed; the daemon has put it back`)
  })
  // A log that cannot be read names no newer daemon.
  const isOurs = Effect.orElseSucceed(isNewest, () => true)
  yield* Effect.flatMap(isOurs, (ours) => (ours ? look : Effect.void)).pipe(
    Effect.repeat(Schedule.spaced(limits.noteWatchMs)),
    keepRunning("the watch over the note and the socket")
  )
})

interface SocketPlace {
  readonly path: () => string
  /** The same, after a look at its directory: another path where that is lost or no longer this user's alone. */
  readonly looked: () => string
}

/** Directories that only this start knows go with it. */
const socketOf = (home: string) =>
  Effect.gen(function* () {
    const expected = expectedSocketOf(home)
    const own = new Set<string>()
    const choose = () => {
      const path = socketPathOf(home)
      if (basename(dirname(path)) !== basename(dirname(expected))) own.add(dirname(path))
      return path
    }
    let path = choose()
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => own.forEach((directory) => void rmSync(directory, { recursive: true, force: true })))
    )
    if (own.size > 0) yield* Effect.logWarning(`${dirname(expected)} is not this user's to use; the socket is ${path}`)
    const looked = () => {
      if (dirname(path) !== home && !isOwnDirectory(dirname(path))) path = choose()
      return path
    }
    return { path: () => path, looked } satisfies SocketPlace
  })

const parts = ({ home, host, port, socket }: ServeOptions & { readonly socket: SocketPlace }, { connections, liveSessions }: Share) => {
  const log = EventLog.layer(join(home, "reprise.db"), { epochFloor: highestEpoch(home) })
  const output = Output.layer({ home })
  const screens = Layer.mergeAll(Answering.layer, Screens.layer).pipe(Layer.provideMerge(Emulators.layer))
  const runtime = Layer.mergeAll(ptyRuntime({ home }), screens).pipe(Layer.provideMerge(output))
  const hooks = HookProgram.layer({ home, socketPath: socket.path }).pipe(
    Layer.provideMerge(Layer.mergeAll(HookTokens.layer(home), AgentFiles.layer(home)))
  )
  const ground = Layer.mergeAll(
    BootClock.layer,
    Secrets.layer(home),
    Texts.layer(home),
    Fencing.layer,
    Providers.layer({ home, own: process.env }),
    hooks,
    Transcripts.layer(home),
    Evidence.layer(home).pipe(Layer.provideMerge(runtime))
  ).pipe(Layer.provideMerge(log))
  const sessions = Registry.layer({ liveSessions, environment: process.env }).pipe(Layer.provideMerge(ground))
  const http = Layer.unwrap(
    Effect.gen(function* () {
      const { epoch } = yield* EventStore
      return HttpServer.layer({
        host,
        port,
        socketPath: socket.path(),
        socketPlace: socket.looked,
        token: tokenOf(home),
        version: manifest.version,
        epoch,
        connections,
        hostNames: namesOf(host)
      })
    })
  )
  return http.pipe(
    Layer.provide([PastScreens.layer, Shadow.layer(), Attachments.layer]),
    Layer.provide(RequestHasher.layer),
    Layer.provideMerge(sessions)
  )
}

/** A file or a place that is refused, and whatever a disk says no to: nothing of it is a bug. */
const isWorld = (defect: unknown): defect is Error =>
  defect instanceof FileRefused ||
  defect instanceof PlaceRefused ||
  defect instanceof TokenUnusable ||
  (defect instanceof Error && typeof (defect as NodeJS.ErrnoException).syscall === "string")

const isLoopback = (host: string) => host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host)

/**
 * How clients address the listener: by its address, or, where it listens on all of them, by any of this machine's; and by the machine's
 * name where another machine can reach it.
 */
const namesOf = (host: string) => {
  const addresses = isWildcard(host)
    ? Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))
    : [host]
  const names = addresses.map((address) => (isIPv6(address) ? `[${address}]` : address))
  return isLoopback(host) ? names : [...names, hostname()]
}

const whoRuns = (home: string) => {
  const note = readNote(home)
  return note === null
    ? `a daemon runs in ${home} already; it is still starting`
    : `a daemon runs in ${home} already: pid ${note.pid} at ${note.url}`
}
