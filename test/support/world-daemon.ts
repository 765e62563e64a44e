/** A daemon in a modelled world: the real actors, decisions and appender, started, stopped and killed as often as a test likes. */
import { createHash } from "node:crypto"
import { Cause, Context, Effect, Exit, type Fiber, Layer, Logger, Option, Scheduler, Scope } from "effect"
import { Deciding } from "../../src/actors/deciding.ts"
import { Fencing } from "../../src/actors/fencing.ts"
import { Leasing } from "../../src/actors/leases.ts"
import * as Registry from "../../src/actors/registry.ts"
import { Sessions } from "../../src/actors/sessions.ts"
import { type InnerFailure, toProblem } from "../../src/http/refusals.ts"
import { BootClock } from "../../src/infra/boot-clock.ts"
import * as EventLog from "../../src/infra/log/event-log.ts"
import { type EpochFenced, EventReader, EventStore } from "../../src/infra/log/event-store.ts"
import { Output } from "../../src/infra/output/output.ts"
import { Runtime } from "../../src/infra/runtimes/runtime.ts"
import { Answering } from "../../src/infra/screens/answering.ts"
import { ScreenUnavailable } from "../../src/infra/screens/emulators.ts"
import { Screens } from "../../src/infra/screens/screens.ts"
import { Secrets, SecretsFailure } from "../../src/infra/secrets.ts"
import { TextMissing, Texts } from "../../src/infra/texts.ts"
import type { World } from "./world.ts"
import { clockReference, Process } from "./world-clock.ts"
import { type HookWord, worldAgents, worldOutput } from "./world-evidence.ts"
import { type AppendWatch, type BendAppend, Disk, type LogFile, watchedAppend } from "./world-log.ts"
import { Port } from "./world-port.ts"
import { type Bends, modelRuntime } from "./world-runtime.ts"

export interface DaemonOptions {
  readonly liveSessions?: number
  readonly fuse?: number | null
  /** A second writer, for a daemon that does not know of its succession. */
  readonly withoutLock?: boolean
  readonly watch?: AppendWatch
  readonly bendAppend?: BendAppend
  readonly bendReader?: (reader: EventReader["Service"]) => EventReader["Service"]
  readonly bends?: Bends
  /** Null: the word is taken, and no daemon gets it. */
  readonly bendHook?: (word: HookWord) => HookWord | null
  /** Defects in what is decided. */
  readonly decide?: typeof Deciding.Service
  readonly leases?: typeof Leasing.Service
  readonly bendStore?: (store: EventStore["Service"]) => EventStore["Service"]
  readonly bendTexts?: (texts: Texts["Service"]) => Texts["Service"]
  readonly bendOutput?: (output: Output["Service"]) => Output["Service"]
  readonly bendBootMs?: () => number
  /** Another source of time, chance and ids. */
  readonly bendClock?: (clock: BootClock["Service"]) => BootClock["Service"]
  /** Wraps the runtime: a defect, a delay, a look. */
  readonly bendRuntime?: (runtime: Runtime["Service"]) => Runtime["Service"]
}

/** What became of something that was asked of a daemon; `lost`: it was killed before it answered. */
export interface Asked<A, E> {
  state: "pending" | "answered" | "lost"
  exit: Exit.Exit<A, E> | null
}

export class Daemon {
  readonly world: World
  readonly process: Process
  readonly port: Port
  readonly disk = new Disk()
  readonly #logScope = Scope.makeUnsafe()
  readonly #scope = Scope.makeUnsafe()
  readonly #asked = new Set<Asked<unknown, unknown>>()
  #context: Context.Context<Sessions | EventReader | EventStore | Fencing> | null = null
  /** Why it did not start. */
  failure: unknown = null
  fenced: EpochFenced | null = null
  #closed = false
  #answering: World["answering"] = null

  constructor(world: World, log: LogFile, options: DaemonOptions = {}) {
    this.world = world
    this.process = new Process(world.clock)
    this.port = new Port(this.process)
    this.port.fuse = options.fuse ?? null
    this.port.onDeath = () => {
      this.disk.dead = true
      if (world.answering === this.#answering) world.answering = null
      for (const asked of this.#asked) if (asked.state === "pending") asked.state = "lost"
    }
    this.#boot(log, options)
  }

  get ready(): boolean {
    return this.#context !== null
  }
  get alive(): boolean {
    return this.process.alive
  }
  get services() {
    if (this.#context === null) throw new Error(`the daemon is not ready: ${String(this.failure)}`)
    return this.#context
  }
  get sessions(): Sessions["Service"] {
    return Context.get(this.services, Sessions)
  }
  get reader(): EventReader["Service"] {
    return Context.get(this.services, EventReader)
  }
  get store(): EventStore["Service"] {
    return Context.get(this.services, EventStore)
  }

  /** Requests that wait for their answer. */
  get waiting(): number {
    return this.#asked.size
  }

  /** As a request handler of this daemon would: it dies with it. */
  ask<A, E>(effect: Effect.Effect<A, E, Scope.Scope>, answered: (exit: Exit.Exit<A, E>) => void = () => {}): Asked<A, E> {
    const asked: Asked<A, E> = { state: this.alive ? "pending" : "lost", exit: null }
    if (!this.alive) return asked
    this.#asked.add(asked)
    this.#fork(Effect.scoped(effect)).addObserver((exit) => {
      this.#asked.delete(asked)
      if (asked.state !== "pending") return
      asked.state = "answered"
      asked.exit = exit
      answered(exit)
    })
    return asked
  }

  /** Until it is asked to end. */
  follow(effect: Effect.Effect<unknown, unknown>): void {
    this.#fork(effect)
  }

  /** SIGKILL, now. */
  async kill(): Promise<void> {
    this.port.kill()
    await this.#closeLog()
  }
  /** After a fuse has burnt down. */
  bury(): Promise<void> {
    return this.#closeLog()
  }

  /** SIGTERM: finishes what it has started. The world goes on meanwhile. */
  async stop(): Promise<void> {
    const closing = this.#fork(Scope.close(this.#scope, Exit.void))
    for (let waitedMs = 0; closing.pollUnsafe() === undefined; waitedMs += 100) {
      if (waitedMs > 60_000) throw new Error("the daemon does not stop")
      await this.world.clock.advance(100)
    }
    this.port.kill()
    await this.#closeLog()
  }

  #fork<A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> {
    return Effect.runFork(effect.pipe(Effect.provide(this.#ambient)), { scheduler: this.process.scheduler })
  }
  get #ambient() {
    return Layer.mergeAll(Layer.succeed(clockReference, this.process.clock), Logger.layer([]))
  }

  #boot(log: LogFile, options: DaemonOptions): void {
    const { port, world } = this
    const events = EventLog.layer(log.path, {
      faults: this.disk.faults,
      later: world.clock.later(this.process),
      ...(options.withoutLock === true ? { withoutLock: true } : {})
    })
    const watch = options.watch ?? { asked: () => {}, answered: () => {} }
    const boot = Effect.gen({ self: this }, function* () {
      // Its files are closed after its death, by no fiber of its own.
      const opened = yield* Scope.provide(Layer.build(Layer.fresh(events)), this.#logScope).pipe(
        Effect.provideService(Scheduler.Scheduler, world.root.scheduler)
      )
      const store = Context.get(opened, EventStore)
      const reader = Context.get(opened, EventReader)
      const gated: EventStore["Service"] = {
        ...store,
        append: watchedAppend(store.append, port, watch, options.bendAppend),
        idempotent: (scope, key) => port.cross(store.idempotent(scope, key)),
        quarantine: (stream, reason) => port.cross(store.quarantine(stream, reason))
      }
      const runtime = modelRuntime(world, port, options.bends)
      const ground = Layer.mergeAll(
        Layer.succeed(EventStore, (options.bendStore ?? same)(gated)),
        Layer.succeed(EventReader, options.bendReader?.(reader) ?? reader),
        Layer.succeed(Runtime, options.bendRuntime?.(runtime) ?? runtime),
        Layer.succeed(Secrets, modelSecrets(world, port)),
        Layer.succeed(Texts, (options.bendTexts ?? same)(modelTexts(world))),
        Layer.succeed(Answering, {
          expect: () => Effect.void,
          paint: () => Effect.void,
          in: () => Effect.succeed(() => Effect.succeed(""))
        }),
        Layer.succeed(Screens, noScreens),
        Layer.succeed(BootClock, (options.bendClock ?? ((clock) => clock))(bootClock(world, options.bendBootMs))),
        worldAgents(world),
        Layer.succeed(Output, (options.bendOutput ?? same)(worldOutput(world))),
        ...(options.decide === undefined ? [] : [Layer.succeed(Deciding, options.decide)]),
        ...(options.leases === undefined ? [] : [Layer.succeed(Leasing, options.leases)]),
        Layer.fresh(Fencing.layer)
      )
      const registry = Registry.layer({ liveSessions: options.liveSessions ?? 50, environment: { PATH: "/bin" } })
      const context = yield* Scope.provide(Layer.build(Layer.fresh(registry.pipe(Layer.provideMerge(ground)))), this.#scope)
      this.#context = context
      if (this.alive)
        world.answering = this.#answering = (word, told) => this.#hear(options.bendHook === undefined ? word : options.bendHook(word), told)
      this.fenced = yield* Context.get(context, Fencing).fenced
    })
    this.#fork(boot).addObserver((exit) => {
      if (exit._tag === "Failure" && this.alive) this.failure = exit.cause
    })
  }

  /** As the server answers, and the program understands it: what was refused would be again; trouble may pass. */
  #hear(word: HookWord | null, told: (taken: boolean) => void): void {
    if (word === null) {
      told(true)
      return
    }
    const { call, session, token } = word
    if (!this.alive || this.#context === null) {
      told(false)
      return
    }
    this.ask(this.sessions.hook(session, token, call), (exit) => told(exit._tag === "Success" || isRefusal(exit.cause)))
  }

  async #closeLog(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await Effect.runPromise(Scope.close(this.#logScope, Exit.void))
  }
}

const isRefusal = (cause: Cause.Cause<InnerFailure>): boolean => {
  const { status } = Option.match(Cause.findErrorOption(cause), { onNone: () => ({ status: 500 }), onSome: toProblem })
  return status < 500 && status !== 429
}

const same = <A>(it: A): A => it

const bootClock = (world: World, bootMs = () => world.clock.bootMs): BootClock["Service"] => {
  const { chance, clock } = world
  return {
    bootId: clock.bootId,
    bootMs: Effect.sync(bootMs),
    moment: (offset) =>
      Effect.sync(() => ({
        wallMs: clock.wallMs,
        bootMs: bootMs(),
        bootId: clock.bootId,
        random: chance.next(),
        nonce: chance.hex(16),
        offset
      })),
    sessionId: Effect.sync(() => `s-${Array.from({ length: 12 }, () => chance.pick([...base32])).join("")}`),
    inputId: Effect.sync(() => `i-${clock.wallMs.toString(16).padStart(12, "0")}${chance.hex(8)}`)
  }
}
const base32 = "0123456789abcdefghjkmnpqrstvwxyz"

/** Texts lie in the world: they outlive daemons. */
const modelTexts = ({ texts }: World): Texts["Service"] => ({
  hash: hashOf,
  keep: (text) =>
    Effect.sync(() => {
      texts.set(hashOf(text), text)
      return hashOf(text)
    }),
  read: (hash) => {
    const text = texts.get(hash)
    return text === undefined ? Effect.fail(new TextMissing({ hash })) : Effect.succeed(text)
  },
  erase: (hash) => Effect.sync(() => void texts.delete(hash))
})
const hashOf = (text: string) => createHash("sha256").update(text).digest("hex")

const modelSecrets = (world: World, port: Port): Secrets["Service"] => ({
  hash: (text) => `${text.length}`,
  keep: (session, environment) => port.cross(Effect.sync(() => void world.environments.set(session, environment))),
  environment: (session) =>
    port.cross(
      Effect.suspend(() => {
        const environment = world.environments.get(session)
        return environment === undefined
          ? Effect.fail(new SecretsFailure({ session, code: "ENOENT", cause: null }))
          : Effect.succeed(environment)
      })
    ),
  forget: (session) => port.cross(Effect.sync(() => void world.environments.delete(session))),
  erase: (session) => port.cross(Effect.sync(() => void world.environments.delete(session)))
})

/** The modelled agents draw nothing. */
const noScreens: Screens["Service"] = {
  now: (session) => unavailable(session),
  seen: (session) => unavailable(session),
  modes: (session) => unavailable(session),
  restore: (session) => unavailable(session),
  cropped: (session) => unavailable(session),
  kept: Effect.succeed(0)
}
const unavailable = (session: string) => Effect.fail(new ScreenUnavailable({ session, reason: "lost", retryAfterMs: 1_000 }))
