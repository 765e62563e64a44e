/** The sessions that are in memory: loaded when they are asked for, gone when they are quiet, restarted from the log when they die. */
import { Cause, Deferred, Effect, Exit, type Fiber, FiberSet, Schedule, Scope } from "effect"
import type { SessionEffect } from "../domain/effects.ts"
import { limits } from "../domain/limits.ts"
import { isLive, type SessionView } from "../domain/view.ts"
import { BootClock } from "../infra/boot-clock.ts"
import { EpochFenced, type EventReader, EventStore, StoreFailure } from "../infra/log/event-store.ts"
import { Secrets } from "../infra/secrets.ts"
import { Fencing } from "./fencing.ts"
import { type Folded, fold } from "./fold.ts"
import type { HandsServices } from "./hands.ts"
import type { Leases } from "./leases.ts"
import type { Letter } from "./letter.ts"
import type { Mailbox } from "./mailbox.ts"
import { type Outcome, reconcile } from "./reconciliation.ts"
import { makeSessionActor, type SessionActor } from "./session-actor.ts"
import { OverCapacity, Quarantined, type SessionNotFound } from "./sessions.ts"

type Unreachable = SessionNotFound | Quarantined | StoreFailure

export interface Residents {
  /** Into the mailbox of the session's actor, which is loaded if need be. */
  readonly post: (id: string, letter: Letter) => Effect.Effect<void, Unreachable | OverCapacity>
  readonly actor: (id: string) => Effect.Effect<SessionActor, Unreachable>
  readonly peek: (id: string) => SessionActor | undefined
  /** A session that was just created: its first obligations are performed. */
  readonly begin: (id: string, folded: Folded, owed: ReadonlyArray<SessionEffect>) => Effect.Effect<SessionActor>
  /** A session that may be in the log or not: taken up if it is, and forgotten if it is not, as soon as the log can say. The fiber ends with what became of it. */
  readonly takeUp: (id: string) => Effect.Effect<Fiber.Fiber<Outcome>>
  readonly quarantined: (id: string) => Quarantined | undefined
  readonly count: () => number
  readonly all: () => ReadonlyArray<SessionActor>
}

export const leavingCode = "CLOSED"
const leaving = () => new StoreFailure({ operation: "send", code: leavingCode, outcome: "absent", cause: "the daemon is ending" })

/** How long a log that cannot be read is left alone before it is tried again. */
const patience = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")])

/** An actor that dies more often than this within a minute is left to be looked at. */
const deathsPerMinute = 3

type Services = EventReader | BootClock | HandsServices

export const makeResidents = Effect.fn("makeResidents")(function* (
  recorded: (view: SessionView) => void,
  known: ReadonlyArray<{ readonly stream: string; readonly reason: string }>,
  leases: Leases
) {
  const store = yield* EventStore
  const fencing = yield* Fencing
  const scope = yield* Scope.Scope
  const fibers = yield* FiberSet.make<unknown>()
  const background = <A>(work: Effect.Effect<A>) => FiberSet.run(fibers, work)
  let closed = false
  const services = yield* Effect.context<Services>()
  const residents = new Map<string, SessionActor>()
  const loading = new Map<string, Deferred.Deferred<SessionActor, Unreachable>>()
  const outcomes = new WeakMap<SessionActor, Deferred.Deferred<Outcome>>()
  const deaths = new Map<string, ReadonlyArray<number>>()
  /** What waited in the mailboxes of actors that died, until others are made: it came before all that comes now. */
  const orphaned = new Map<string, ReadonlyArray<Letter>>()
  const quarantined = new Map(known.map(({ reason, stream }) => [stream, new Quarantined({ session: stream, reason })]))

  // Callers that still wait when the daemon goes are answered so: what was not taken up is not in the log.
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      closed = true
      for (const { waiting } of residents.values()) for (const letter of waiting()) Deferred.doneUnsafe(letter.reply, Exit.fail(leaving()))
      for (const id of orphaned.keys()) answerOrphans(id, leaving())
    })
  )

  const adoptOrphans = (id: string, mailbox: Mailbox) => {
    for (const letter of orphaned.get(id) ?? []) mailbox.post(letter)
    orphaned.delete(id)
  }
  const answerOrphans = (id: string, error: Unreachable) => {
    for (const { reply } of orphaned.get(id) ?? []) Deferred.doneUnsafe(reply, Exit.fail(error))
    orphaned.delete(id)
  }

  /** In the context of the daemon alone: with that of the caller, the actor would keep its request for as long as it lives. */
  const begin: Residents["begin"] = (id, folded, owed) =>
    Effect.gen(function* () {
      const own = yield* Scope.fork(scope)
      const actor = yield* Scope.provide(makeSessionActor(id, folded, recorded, leases), own)
      adoptOrphans(id, actor.mailbox)
      residents.set(id, actor)
      yield* background(supervise(id, actor, own))
      for (const effect of owed) yield* actor.hands.perform(effect, null)
      return actor
    }).pipe(Effect.updateContext(() => services))

  const quarantine = Effect.fnUntraced(function* (id: string, reason: string) {
    const error = new Quarantined({ session: id, reason })
    quarantined.set(id, error)
    yield* Effect.logError("a session is quarantined", reason).pipe(Effect.annotateLogs({ session: id }))
    yield* Effect.ignore(store.quarantine(id, reason))
    return error
  })

  const load = Effect.fnUntraced(function* (id: string) {
    const folded = yield* Effect.provideContext(fold(id), services).pipe(
      Effect.catchTag("Unfoldable", (cause) =>
        Effect.flatMap(quarantine(id, `fact ${cause.seq}: ${cause.reason}`), (error) => Effect.fail(error))
      )
    )
    const loaded = yield* begin(id, folded, [])
    // Whatever asked for it: its process runs, and no daemon is with its holder.
    if (isLive(folded.session)) yield* background(reconciled(loaded))
    return loaded
  })

  /** No other call would bring it back: its process runs and its deadlines come, whether or not the log can be read just now. */
  const reload = (id: string) => Effect.retry(actor(id), { schedule: patience, while: (error) => error._tag === "StoreFailure" })

  /** Once for each actor, for which several callers may ask, and to its end, also where a caller goes away meanwhile. */
  const reconciled = (actor: SessionActor): Effect.Effect<Outcome> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const under = outcomes.get(actor)
        if (under !== undefined) return restore(Deferred.await(under))
        const outcome = Deferred.makeUnsafe<Outcome>()
        outcomes.set(actor, outcome)
        // The fiber that it starts has a finalizer from its first moment.
        return Effect.interruptible(Effect.provideContext(reconcile(actor), services)).pipe(
          Effect.onExit((exit) => Effect.sync(() => Deferred.doneUnsafe(outcome, exit))),
          background,
          Effect.andThen(restore(Deferred.await(outcome)))
        )
      })
    )

  const actor: Residents["actor"] = Effect.fnUntraced(function* (id) {
    for (;;) {
      const present = residents.get(id)
      if (present !== undefined) return present
      const refused = quarantined.get(id)
      if (refused !== undefined) return yield* refused
      const loaded = yield* loadedOnce(id)
      // It may have died of what waited for it, before a caller had it.
      if (residents.get(id) === loaded) return loaded
    }
  })

  /** Others wait for this load too: an interruption of the one that began it must not take it from them. */
  const loadedOnce = (id: string) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const under = loading.get(id)
        if (under !== undefined) return restore(Deferred.await(under))
        const loaded = Deferred.makeUnsafe<SessionActor, Unreachable>()
        loading.set(id, loaded)
        return load(id).pipe(
          Effect.onExit((exit) =>
            Effect.sync(() => {
              loading.delete(id)
              Deferred.doneUnsafe(loaded, exit)
            })
          )
        )
      })
    )

  const takeUp: Residents["takeUp"] = (id) =>
    reload(id).pipe(
      Effect.flatMap(reconciled),
      Effect.catchTag("SessionNotFound", () =>
        Effect.as(
          Effect.flatMap(Secrets, (secrets) => secrets.forget(id)),
          "failed" as const
        )
      ),
      Effect.catch((error) => Effect.as(Effect.logError("a session could not be taken up", id, error), "failed" as const)),
      Effect.provideContext(services),
      background
    )

  const post: Residents["post"] = Effect.fnUntraced(function* (id, letter) {
    for (;;) {
      if (closed) return yield* leaving()
      const found = yield* actor(id)
      // Looked up and posted to in one turn: between the two no actor can leave the memory.
      if (residents.get(id) !== found) continue
      // That a client left is said once, by a client that was let in.
      const isFull = found.mailbox.size() >= limits.mailbox && letter.input.type !== "Detach"
      if (isFull) return yield* new OverCapacity({ limit: "mailbox", maximum: limits.mailbox })
      found.mailbox.post(letter)
      return
    }
  })

  const supervise = (id: string, actor: SessionActor, own: Scope.Closeable): Effect.Effect<void> =>
    Effect.gen(function* () {
      for (;;) {
        yield* actor.live
        if (actor.mailbox.size() > 0) continue
        residents.delete(id)
        return
      }
    }).pipe(
      Effect.onExit((exit) => Scope.close(own, exit)),
      Effect.catchCause((cause) => (Cause.hasInterruptsOnly(cause) ? Effect.void : died(id, actor, cause)))
    )

  /** A defect: the log is right and the memory was wrong, so the memory is made again; what waits in the mailbox waits on. */
  const died = Effect.fnUntraced(function* (id: string, dead: SessionActor, cause: Cause.Cause<never>) {
    // In one turn: a caller that posts after it finds another actor, behind what waited here.
    residents.delete(id)
    orphaned.set(id, dead.waiting())
    const defect = Cause.squash(cause)
    if (defect instanceof EpochFenced) {
      fencing.declare(defect)
      return
    }
    yield* Effect.logError("a session's actor died", cause).pipe(Effect.annotateLogs({ session: id }))
    const now = yield* Effect.flatMap(BootClock, ({ bootMs }) => bootMs).pipe(Effect.provideContext(services))
    // A log that could not say what it holds is no fault of the session: reading it again is all there is to do.
    const own = defect instanceof StoreFailure ? [] : [now]
    const recent = [...(deaths.get(id) ?? []).filter((at) => at > now - 60_000), ...own]
    deaths.set(id, recent)
    const next =
      recent.length > deathsPerMinute
        ? Effect.flatMap(quarantine(id, `its actor died ${recent.length} times in a minute: ${String(defect)}`), Effect.fail)
        : Effect.flatMap(reload(id), reconciled)
    yield* next.pipe(
      Effect.catch((error) => Effect.sync(() => answerOrphans(id, error))),
      Effect.provideContext(services)
    )
  })

  return {
    post,
    actor,
    peek: (id) => residents.get(id),
    begin,
    takeUp,
    quarantined: (id) => quarantined.get(id),
    count: () => residents.size,
    all: () => [...residents.values()]
  } satisfies Residents
})
