/** Staying with one launch: connected to its holder, its journal brought to the session, until the launch is over. */
import { Clock, Deferred, Effect, Exit, Metric, Scope, Stream } from "effect"
import type { ProcessIdentity } from "../domain/facts.ts"
import type { Report } from "../domain/inputs.ts"
import { keepRunning } from "../infra/keep-running.ts"
import { EventStore } from "../infra/log/event-store.ts"
import { type HolderLink, type HolderUnavailable, type LaunchRef, Runtime } from "../infra/runtimes/runtime.ts"

/** What became of the first attempt to reach the holder. */
export type Found = "connected" | "gone" | "unreachable"

export interface Attendance {
  readonly ref: LaunchRef
  /** Null while there is no connection. */
  readonly link: () => HolderLink | null
  /** Whether the session has all that the holder had recorded when the daemon connected. */
  readonly isCaughtUp: () => boolean
  /** The newest moment, in epoch milliseconds, at which the holder was known to live. */
  readonly lastSeenAt: () => number
  readonly found: Deferred.Deferred<Found>
}

export interface Attending {
  readonly ref: LaunchRef
  /** The agent's process, as far as the log knows it. */
  readonly process: () => ProcessIdentity | null
  /** The newest journal entry that is in the log. */
  readonly journaled: () => number
  readonly tell: (report: Report) => void
  /** Observes the agent until the scope ends. `answerFrom`: queries before it are not answered any more. */
  readonly witness: (answerFrom: number, reply: (bytes: Uint8Array) => Effect.Effect<void>) => Effect.Effect<void, never, Scope.Scope>
  /** Called at each connection, when `link` is there. */
  readonly connected: () => void
  /** Since when no daemon has been with the holder; null for a launch of this daemon. */
  readonly leftAt: number | null
}

const connections = Metric.counter("reprise_holder_connections_total", { description: "Attachments to holders", incremental: true })

/** A holder that does not answer is asked again for as long as it lives: 0.1, 0.2, … 5 seconds apart, from 0.1 again after each connection. */
const firstWaitMs = 100
const longestWaitMs = 5_000

/** Starts in the given scope and ends with it; the agent lives on. */
export const attend = Effect.fnUntraced(function* (attending: Attending) {
  const runtime = yield* Runtime
  const { epoch } = yield* EventStore
  let link: HolderLink | null = null
  let lastSeenAt = attending.leftAt ?? (yield* Clock.currentTimeMillis)
  let returning = attending.leftAt !== null
  let fresh = attending.leftAt === null
  let toldUpTo = 0
  let failures = 0
  const waitMs = () => Math.min(longestWaitMs, firstWaitMs * 2 ** failures++)
  const found = Deferred.makeUnsafe<Found>()
  const { generation } = attending.ref

  const stay = Effect.gen(function* () {
    const connected = yield* runtime.connect(attending.ref, epoch, attending.journaled())
    const now = yield* Clock.currentTimeMillis
    yield* Metric.update(connections, 1)
    const downMs = Math.max(0, now - lastSeenAt)
    const back = (process: ProcessIdentity) => attending.tell({ type: "Reattached", generation, process, downMs })
    // Before the session learns of it: what it does then reaches this connection, and knows how far the output goes.
    link = connected
    failures = 0
    lastSeenAt = now
    if (returning && connected.process !== null) back(connected.process)
    /** Its launch was given up before there was a process: the session must learn of the one that comes after all. */
    let isLate = returning && connected.process === null
    returning = true
    attending.connected()
    const answerFrom = fresh ? 0 : connected.offset()
    fresh = false
    // What it asked while no daemon was there it has stopped waiting for; a fresh launch has not asked yet.
    yield* attending.witness(answerFrom, (bytes) => Effect.ignore(connected.type(bytes)))
    Deferred.doneUnsafe(found, Exit.succeed("connected"))
    yield* Stream.runForEach(connected.journal, (entry) =>
      Effect.map(Clock.currentTimeMillis, (at) => {
        lastSeenAt = at
        attending.tell({ type: "HolderReported", generation, entry })
        toldUpTo = entry.n
        if (!isLate || entry.event.type !== "spawned") return
        isLate = false
        back(entry.event.process)
      })
    )
  }).pipe(
    Effect.scoped,
    Effect.ensuring(
      Effect.sync(() => {
        link = null
      })
    )
  )

  /** The holder is dead: the session gets what the holder recorded, and then that no holder has the launch any more. */
  const bereaved = Effect.fnUntraced(function* (cause: HolderUnavailable) {
    const remains = yield* runtime.remains(attending.ref, attending.process())
    for (const entry of remains?.journal ?? [])
      if (entry.n > attending.journaled()) attending.tell({ type: "HolderReported", generation, entry })
    attending.tell({ type: "HolderGone", generation, reason: cause.message })
    Deferred.doneUnsafe(found, Exit.succeed("gone"))
  })

  /** A loop and no recursion: a holder may be out of reach for days. */
  const staying = Effect.gen(function* () {
    for (;;) {
      const lost = yield* Effect.as(stay, null).pipe(Effect.catchTag("HolderUnavailable", (cause) => Effect.succeed(cause)))
      if (lost === null) return
      if (lost.reason === "gone") return yield* bereaved(lost)
      Deferred.doneUnsafe(found, Exit.succeed("unreachable"))
      yield* Effect.logWarning("a holder cannot be reached; it is left running", lost.reason, lost.message)
      yield* Effect.sleep(waitMs())
    }
  })
  yield* staying.pipe(
    keepRunning("the connection to a holder"),
    Effect.annotateLogs({ session: attending.ref.session, generation }),
    Effect.ensuring(Effect.sync(() => Deferred.doneUnsafe(found, Exit.succeed("unreachable")))),
    Effect.forkScoped
  )
  const isCaughtUp = () => link !== null && Math.max(toldUpTo, attending.journaled()) >= link.journalLength
  return { ref: attending.ref, link: () => link, isCaughtUp, lastSeenAt: () => lastSeenAt, found } satisfies Attendance
})

/** A scope of its own, so that one launch can be left while the session goes on. */
export const attendIn = (scope: Scope.Scope, attending: Attending) => Scope.provide(attend(attending), scope)
