/** Start-up: every session that the log expects to have work is settled, each by itself, and the outcomes add up. */
import { Clock, Effect, Fiber } from "effect"
import type { SessionView } from "../domain/view.ts"
import { AgentFiles } from "../infra/agents/agent-files.ts"
import { EventReader, EventStore, type SessionRow } from "../infra/log/event-store.ts"
import { type LaunchRemains, Runtime } from "../infra/runtimes/runtime.ts"
import { Secrets } from "../infra/secrets.ts"
import type { Outcome } from "./reconciliation.ts"
import type { Residents } from "./residents.ts"
import type { RecoveryReport } from "./sessions.ts"

/** How many sessions are settled at a time. */
const concurrency = 32
/** A holder that is slower than this is not waited for: its session goes on trying by itself. */
const patience = "5 seconds"

/** A forgotten holder costs memory and nothing else: there is time. */
const betweenLooks = "10 minutes"

/** `live`: what start-up has work with, but for the `sleeping`, which are left in the log. */
export const recover = Effect.fn("recover")(function* (
  residents: Residents,
  live: ReadonlyArray<Pick<SessionRow, "id">>,
  sleeping: ReadonlyArray<Pick<SessionRow, "id">>
) {
  const begunAt = yield* Clock.currentTimeMillis
  const asleep = new Set(sleeping.map(({ id }) => id))
  const outcomes = yield* Effect.forEach(
    live.filter(({ id }) => !asleep.has(id)),
    ({ id }) =>
      residents.takeUp(id).pipe(
        Effect.flatMap(Fiber.join),
        Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed<Outcome>("failed") }),
        Effect.catchCause((cause) => Effect.as(Effect.logError("a session could not be recovered", id, cause), "failed" as Outcome))
      ),
    { concurrency }
  )
  // They are looked through again in a while: a log in trouble is no reason not to start.
  const quarantinedHolders = yield* Effect.catchTag(settleRemains(residents), "StoreFailure", (failure) =>
    Effect.as(Effect.logWarning("launches could not be looked through", failure.code), 0)
  )
  const count = (outcome: Outcome) => outcomes.filter((each) => each === outcome).length
  return {
    expected: live.length,
    adopted: count("adopted"),
    exited: count("exited"),
    lost: count("lost"),
    rebooted: count("rebooted"),
    respawned: count("respawned"),
    resting: count("resting") + asleep.size,
    failed: count("failed"),
    quarantinedHolders,
    tookMs: (yield* Clock.currentTimeMillis) - begunAt
  } satisfies RecoveryReport
})

/** A holder that hung, or lost its connection, when it was let go is let go again: until then it would wait for a week. */
export const keepSettling = (residents: Residents) =>
  settleRemains(residents).pipe(
    Effect.catchTag("StoreFailure", (failure) => Effect.logWarning("launches could not be looked through", failure.code)),
    Effect.delay(betweenLooks),
    Effect.forever
  )

/** Secrets and private directories of sessions that are over for good: an earlier daemon died before it had removed them. */
export const removeRemains = Effect.gen(function* () {
  const files = yield* AgentFiles
  const secrets = yield* Secrets
  const reader = yield* EventReader
  for (const id of yield* files.kept) {
    const row = yield* reader.row(id)
    if (row !== null && (row.view as SessionView).state === "terminated") yield* Effect.andThen(secrets.erase(id), files.remove(id))
  }
}).pipe(Effect.catchTag("StoreFailure", (failure) => Effect.logWarning("remains of agents could not be looked through", failure.code)))

/** Launch directories that no live session claims: ends that were recorded are acknowledged, what the log never intended is left alone. */
const settleRemains = Effect.fnUntraced(function* (residents: Residents) {
  const runtime = yield* Runtime
  const reader = yield* EventReader
  const all = yield* runtime.list
  const strangers = yield* Effect.forEach(
    all.filter((remains) => residents.peek(remains.session)?.session().context.nonce !== remains.nonce),
    Effect.fnUntraced(function* (remains) {
      const row = yield* reader.row(remains.session)
      if (row !== null && hasEnded(row, remains.generation)) {
        // Of a launch that is over by the log, whatever lives has outlived every sweep, or a forged end.
        if (remains.isContradicted) yield* runtime.sweep(remains, null)
        yield* isOver(remains) ? acknowledge(remains) : runtime.discard(remains)
        if ((yield* runtime.remains(remains)) === null) return false
      }
      yield* Effect.logWarning("a launch that the log does not expect is left alone").pipe(
        Effect.annotateLogs({ session: remains.session, generation: remains.generation })
      )
      return true
    }),
    { concurrency }
  )
  return strangers.filter((stranger) => stranger).length
})

/** By the log: the journal of a holder that was killed, or of a rebooted machine, never came to its last entry. */
const hasEnded = ({ state, view }: SessionRow, generation: number) => {
  const known = (view as { readonly generation: number }).generation
  return generation < known || (generation === known && (state === "ended" || state === "terminated"))
}

const isOver = ({ journal, process }: LaunchRemains) => {
  const last = journal.at(-1)?.event.type
  return last === "cleared" || last === "launch_failed" || process === null
}

/** The daemon that recorded this end died before it could say so. */
const acknowledge = Effect.fnUntraced(function* (remains: LaunchRemains) {
  const runtime = yield* Runtime
  const { epoch } = yield* EventStore
  yield* runtime.connect(remains, epoch, remains.journal.length).pipe(
    Effect.flatMap((link) => link.acknowledgeExit),
    Effect.scoped,
    Effect.ignore
  )
  yield* runtime.discard(remains, true)
})
