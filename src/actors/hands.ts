/** What a session does to the world: launches, writes, signals, sweeps. Nothing here waits in the session's way; the world answers by reports. */
import { Context, Deferred, Effect, Exit, FiberSet, Latch, Scope } from "effect"
import type { SessionEffect } from "../domain/effects.ts"
import type { Fact, Leftover } from "../domain/facts.ts"
import { limits } from "../domain/limits.ts"
import { agentOf } from "../domain/providers/index.ts"
import { insideOf, lifeOf, mayRun, type Session } from "../domain/session.ts"
import type { AgentFiles, AgentFilesFailure } from "../infra/agents/agent-files.ts"
import type { Evidence } from "../infra/evidence/evidence.ts"
import type { Transcripts } from "../infra/evidence/transcripts.ts"
import type { HookProgram } from "../infra/hook/hook-program.ts"
import { keepRunning } from "../infra/keep-running.ts"
import { EventStore } from "../infra/log/event-store.ts"
import type { Output } from "../infra/output/output.ts"
import { HolderUnavailable, type LaunchFailure, type LaunchRef, Runtime, type StopOrder } from "../infra/runtimes/runtime.ts"
import type { Answering } from "../infra/screens/answering.ts"
import type { Screens } from "../infra/screens/screens.ts"
import type { Secrets, SecretsFailure } from "../infra/secrets.ts"
import type { Texts } from "../infra/texts.ts"
import { type Attendance, attendIn, type Found } from "./attendance.ts"
import { type EffectHandlers, type Knowledge, makeDelivery } from "./delivery.ts"
import { orderOf, prepare } from "./launching.ts"
import type { Leases } from "./leases.ts"
import type { Tell } from "./letter.ts"
import { makeNews } from "./news.ts"
import type { Recognised } from "./observing.ts"
import { makePendingWrites, type PendingWrites } from "./pending-writes.ts"
import { witnessHooks } from "./witness-hooks.ts"
import { type Reading, witness } from "./witnesses.ts"

export interface Hands {
  /** `bytes`: what the `Write` types that the effect came from. */
  readonly perform: (effect: SessionEffect, bytes: Uint8Array | null) => Effect.Effect<void>
  /** Takes the launch of an earlier daemon up again. */
  readonly attend: (leftAt: number) => Effect.Effect<Found>
  readonly writes: PendingWrites
  /** To be called with every fact once it is durable. */
  readonly recorded: (facts: ReadonlyArray<Fact>) => void
  /** The hash of the prompt that an agent repeats, or of whatever text it is. */
  readonly recognise: (text: string) => Recognised
  readonly type: (bytes: Uint8Array) => Effect.Effect<void, HolderUnavailable>
  /** False where no holder takes the order now. */
  readonly orderStop: (mode: "stop" | "kill", order: StopOrder) => Effect.Effect<boolean>
  /** The daemon is with the holder of the present launch, and observes its agent. */
  readonly hears: () => boolean
  /** The session has all that the holder of the present launch had recorded when it was reached. */
  readonly isCaughtUp: () => boolean
  /** The newest output offset that is known of. */
  readonly offset: () => number
}

/** What its work needs of the world. */
export type HandsServices =
  | Runtime
  | Output
  | Secrets
  | Texts
  | EventStore
  | AgentFiles
  | HookProgram
  | Evidence
  | Transcripts
  | Answering
  | Screens

type Words = Pick<Knowledge, "isBehind" | "wordsTaken">

/** Everything it starts ends with the scope; agents live on. `session` is as it is when an effect is performed. */
export const makeHands = Effect.fnUntraced(function* (id: string, session: () => Session, tell: Tell, words: Words, leases: Leases) {
  const context = () => session().context
  const runtime = yield* Runtime
  const store = yield* EventStore
  const scope = yield* Scope.Scope
  const fibers = yield* FiberSet.make<void>()
  // Without the scope that comes with it: what starts for one connection is to end with that one.
  const services = Context.omit(Scope.Scope)(yield* Effect.context<HandsServices>())
  const writes = makePendingWrites()
  yield* Effect.addFinalizer(() => Effect.sync(writes.abandon))
  /** Closed while a launch is on its way: what it makes is not there yet, and a sweep would not find it. */
  const launches = Latch.makeUnsafe(true)
  let arrival = Deferred.makeUnsafe<void>()
  let attended: { readonly attendance: Attendance; readonly scope: Scope.Closeable } | null = null

  /** If the epoch cannot be read now, assume that this daemon still owns the log. */
  const isOurs = Effect.orElseSucceed(store.isNewest, () => true)

  const refOf = (generation: number, nonce: string): LaunchRef => ({ session: id, generation, nonce })
  const link = (generation: number) => (attended?.attendance.ref.generation === generation ? attended.attendance.link() : null)
  const background = (work: Effect.Effect<void>) => Effect.asVoid(FiberSet.run(fibers, work, { startImmediately: true }))

  const news = makeNews()
  let reading: Reading = { outputTo: 0, isSpoolRead: true }
  const knowledge: Knowledge = { ...words, isRead: (offset) => reading.outputTo >= offset && reading.isSpoolRead }
  const delivery = yield* makeDelivery({ id, context, link, tell, news, knowledge, background })

  const connected = () => {
    Deferred.doneUnsafe(arrival, Exit.void)
    arrival = Deferred.makeUnsafe()
  }

  /** A launch is on its way, or its holder is being reached again: a client that types now need not type again. */
  const isComing = () => mayRun(lifeOf(session())) && insideOf(session()) !== "reaping"

  const type: Hands["type"] = (bytes) =>
    Effect.suspend(() => {
      const holder = link(context().generation)
      if (holder !== null) return holder.type(bytes)
      const gone = Effect.fail(new HolderUnavailable({ reason: "gone", message: "no process is up" }))
      if (!isComing()) return gone
      return Deferred.await(arrival).pipe(
        Effect.timeoutOrElse({ duration: limits.launchMs, orElse: () => gone }),
        Effect.andThen(type(bytes))
      )
    })

  /** To the newest size: a terminal that is not there yet gets it as soon as it is. */
  const resize = (generation: number): Effect.Effect<void, HolderUnavailable> =>
    Effect.suspend(() => {
      const holder = link(generation)
      if (holder !== null) return holder.resize(context().spec.size)
      return context().generation === generation && isComing() ? Effect.andThen(Deferred.await(arrival), resize(generation)) : Effect.void
    })

  const leave = Effect.suspend(() => {
    const left = attended
    attended = null
    return left === null ? Effect.void : Scope.close(left.scope, Exit.void)
  })

  const begin = Effect.fnUntraced(function* (ref: LaunchRef, leftAt: number | null) {
    yield* leave
    const { hooks } = agentOf(context()).evidence
    reading = { outputTo: 0, isSpoolRead: hooks === null }
    const own = yield* Scope.fork(scope)
    const attendance = yield* Effect.provideContext(
      attendIn(own, {
        ref,
        process: () => context().process,
        journaled: () => context().holderSeq,
        tell,
        leftAt,
        connected,
        witness: (answerFrom, reply) =>
          witness({
            obstacle: Effect.suspend(() => link(ref.generation)?.obstacle ?? Effect.succeed(null)),
            ...{ session: id, generation: ref.generation, context, news, reading, tell },
            ...{ recognise: delivery.recognise, reply, answerFrom },
            from: () => context().activity.evidenceOffset ?? context().offset,
            isFresh: answerFrom === 0
          }).pipe(Effect.provideContext(services))
      }),
      services
    )
    attended = { attendance, scope: own }
    if (hooks !== null) {
      const hearing = { session: id, generation: ref.generation, context, news, reading, tell, recognise: delivery.recognise }
      yield* Effect.forkIn(
        Effect.provideContext(keepRunning("the observer of the hooks' spool")(witnessHooks(hearing, hooks)), services),
        own
      )
      const spool = reading
      // A spool that cannot be read to its end holds nothing back.
      const readInTime = Effect.sync(() => {
        spool.isSpoolRead = true
      })
      yield* Effect.forkIn(Effect.delay(readInTime, limits.knownWithinMs), own)
    }
    return attendance
  })

  const spawn = (ref: LaunchRef, executable: string) =>
    orderOf(ref, executable, context()).pipe(
      Effect.flatMap((order) => runtime.launch(order, isOurs)),
      Effect.andThen(begin(ref, null)),
      Effect.catch((failure) =>
        Effect.sync(() => tell({ type: "LaunchFailed", generation: ref.generation, code: failure.code, message: reasonOf(failure) }))
      ),
      Effect.provideContext(services)
    )

  const named = (generation: number) => (leftovers: ReadonlyArray<Leftover>) => void tell({ type: "SweepDelayed", generation, leftovers })

  /** One handler for each effect. A handler starts at once, in a fiber of its own: the session waits for none. */
  const handlers: EffectHandlers = {
    ...delivery.handlers,
    Prepare: () => Effect.map(Effect.provideContext(prepare(id, context(), leases), services), tell),
    Spawn: ({ executable, generation, nonce }) => {
      launches.closeUnsafe()
      return Effect.ensuring(
        spawn(refOf(generation, nonce), executable),
        Effect.sync(() => launches.openUnsafe())
      )
    },
    ResizeTerminal: ({ generation }) => Effect.ignore(resize(generation)),
    KillTool: ({ generation, nonce, pgid, process }) =>
      Effect.map(runtime.killTool(refOf(generation, nonce), process, pgid), (end) =>
        tell({ type: "ToolEnded", generation, pgid, pids: end?.pids ?? [], signal: end?.signal ?? null, left: end?.left ?? [] })
      ),
    Continue: ({ generation, nonce, process }) => runtime.proceed(refOf(generation, nonce), process),
    RunLadder: ({ generation, mode }) => Effect.ignore(link(generation)?.runLadder(mode) ?? Effect.void),
    Sweep: ({ generation, nonce, process }) =>
      Effect.map(launches.whenOpen(runtime.sweep(refOf(generation, nonce), process, named(generation))), ({ swept }) =>
        tell({ type: "Swept", generation, swept, lastSeenAt: attended?.attendance.lastSeenAt() ?? context().updatedAt })
      ),
    AcknowledgeExit: ({ generation, nonce }) => {
      const holder = link(generation)
      return (holder === null ? Effect.void : Effect.ignore(holder.acknowledgeExit)).pipe(
        Effect.andThen(Effect.suspend(() => (attended?.attendance.ref.generation === generation ? leave : Effect.void))),
        Effect.andThen(runtime.discard(refOf(generation, nonce), true))
      )
    }
  }
  const perform: Hands["perform"] = (effect, bytes) => {
    const handler: (effect: never, bytes: Uint8Array | null) => Effect.Effect<void> = handlers[effect.type]
    return background(handler(effect as never, bytes))
  }

  return {
    perform,
    attend: (leftAt) => {
      const { generation, nonce } = context()
      return Effect.flatMap(begin(refOf(generation, nonce), leftAt), ({ found }) => Deferred.await(found))
    },
    writes,
    recorded: (facts) => {
      writes.settle(facts)
      news.publish()
    },
    recognise: delivery.recognise,
    type,
    orderStop: (mode, order) =>
      Effect.suspend(() => {
        const holder = link(context().generation)
        return holder === null ? Effect.succeed(false) : Effect.isSuccess(holder.runLadder(mode, order))
      }),
    hears: () => link(context().generation) !== null,
    isCaughtUp: () => link(context().generation) !== null && attended?.attendance.isCaughtUp() === true,
    offset: () => Math.max(context().offset, attended?.attendance.link()?.offset() ?? 0)
  } satisfies Hands
})

const reasonOf = (failure: LaunchFailure | SecretsFailure | AgentFilesFailure): string => {
  switch (failure._tag) {
    case "LaunchFailure":
      return failure.message
    case "SecretsFailure":
      return `environment.json of the session cannot be read: ${failure.code}`
    case "AgentFilesFailure":
      return `the agent's private files: ${failure.code}`
  }
}
