/** A stop is carried out also where the log cannot take it: the holder keeps the order in its journal, from which the log learns of it later. */
import { Clock, Effect, Schedule } from "effect"
import type { Command } from "../domain/inputs.ts"
import { limits } from "../domain/limits.ts"
import { ladderMs } from "../domain/spec.ts"
import { iso } from "../domain/time.ts"
import type { SessionView } from "../domain/view.ts"
import { EventReader, EventStore, type StoreFailure } from "../infra/log/event-store.ts"
import { Runtime, type StopOrder } from "../infra/runtimes/runtime.ts"
import type { SessionActor } from "./session-actor.ts"
import type { Answer, Quarantined } from "./sessions.ts"

export interface Stop {
  readonly mode: "stop" | "kill"
  readonly order: StopOrder
}

/** Until the holder's journal says that nothing of the tree is left, or the holder has had its time. */
const cleared = Effect.fnUntraced(function* (actor: SessionActor, withinMs: number) {
  const runtime = yield* Runtime
  const { generation, id, nonce } = actor.session().context
  yield* runtime.remains({ session: id, generation, nonce }).pipe(
    Effect.repeat({
      schedule: Schedule.spaced("50 millis"),
      until: (remains) => remains === null || remains.journal.some(({ event }) => event.type === "cleared")
    }),
    Effect.timeoutOption(withinMs + limits.stopMarginMs)
  )
})

/** Null for a command that ends nothing. */
export const stopOf = (command: Command): Stop | null => {
  switch (command.type) {
    case "Stop":
      return { mode: "stop", order: { outcome: "end", by: command.by, reason: command.reason } }
    case "Kill":
      return { mode: "kill", order: { outcome: "end", by: command.by, reason: command.reason } }
    case "Terminate":
      return { mode: "stop", order: { outcome: "terminate", by: command.by, reason: command.reason } }
    default:
      return null
  }
}

/** `failure`: why the log did not take the command. It stays the answer where nothing of the session was alive. */
export const stopWithoutLog = Effect.fn("stopWithoutLog")(function* (
  id: string,
  { mode, order }: Stop,
  actor: SessionActor | undefined,
  failure: StoreFailure | Quarantined
) {
  const runtime = yield* Runtime
  const { epoch } = yield* EventStore
  const row = yield* Effect.orElseSucceed((yield* EventReader).row(id), () => null)
  const last = actor?.view() ?? (row?.view as SessionView | undefined)
  yield* Effect.logWarning("the log does not take a stop; it is carried out without it", failure.message).pipe(
    Effect.annotateLogs({ session: id, mode })
  )
  const ordered = actor !== undefined && (yield* actor.hands.orderStop(mode, order))
  const stopped = ordered
    ? 1
    : yield* runtime.stopLaunches(id, epoch, { mode, order, ladderMs: last === undefined ? 0 : ladderMs(last.stopping.ladder) })
  if (stopped === 0 || last === undefined) return yield* failure
  // The answer comes when nothing of the agent is left, since no fact will say so for now.
  if (ordered && actor !== undefined) yield* cleared(actor, ladderMs(last.stopping.ladder))
  const stop = {
    step: mode === "kill" ? "killed" : "asked",
    by: order.by,
    reason: order.reason,
    at: iso(yield* Clock.currentTimeMillis)
  } as const
  return { view: { ...last, stop, process: null }, repeated: false } satisfies Answer
})
