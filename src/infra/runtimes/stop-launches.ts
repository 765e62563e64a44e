/** Ends the launches of a session by what lies on the disk: for a session whose facts, actor or log cannot be used. */
import { Effect, Schedule, type Scope, Stream } from "effect"
import { limits } from "../../domain/limits.ts"
import type { StopOrder } from "../holder/protocol.ts"
import { ProcessTree } from "../holder/tree.ts"
import type { HolderLink, HolderUnavailable, LaunchRemains } from "./runtime.ts"

export interface StopLaunches {
  readonly mode: "stop" | "kill"
  readonly order: StopOrder
  /** The sum of the waits of the session's ladder. */
  readonly ladderMs: number
}

interface Reach {
  readonly launches: ReadonlyArray<LaunchRemains>
  readonly connect: (launch: LaunchRemains) => Effect.Effect<HolderLink, HolderUnavailable, Scope.Scope>
  readonly sweep: (launch: LaunchRemains) => Effect.Effect<unknown>
  readonly holderIsDead: (launch: LaunchRemains) => boolean
}

/** Resolves when nothing of them is left, with how many of them had anything alive. */
export const stopLaunches = Effect.fnUntraced(function* (reach: Reach, { ladderMs, mode, order }: StopLaunches) {
  const living = reach.launches.filter((launch) => !isCleared(launch) && (!reach.holderIsDead(launch) || hasProcess(launch)))
  yield* Effect.forEach(
    living,
    (launch) =>
      byHolder(reach, launch, mode, order).pipe(
        Effect.timeoutOption(mode === "kill" ? limits.stopMarginMs : ladderMs + limits.stopMarginMs),
        Effect.flatMap((done) => (done._tag === "Some" && done.value ? Effect.void : reach.sweep(launch)))
      ),
    { concurrency: "unbounded", discard: true }
  )
  return living.length
})

const isCleared = ({ journal }: LaunchRemains) => journal.some(({ event }) => event.type === "cleared" || event.type === "launch_failed")
const hasProcess = ({ nonce, process }: LaunchRemains) => new ProcessTree(process, nonce, { watched: false }).scan().length > 0

/** True once the holder says that nothing of the tree is left; false where it cannot be reached or dies. */
const byHolder = (reach: Reach, launch: LaunchRemains, mode: "stop" | "kill", order: StopOrder) =>
  Effect.gen(function* () {
    const link = yield* reach.connect(launch)
    yield* link.runLadder(mode, order)
    const last = yield* link.journal.pipe(
      Stream.filter(({ event }) => event.type === "cleared" || event.type === "launch_failed"),
      Stream.runHead
    )
    return last._tag === "Some"
  }).pipe(
    Effect.scoped,
    // Another connection may take the holder over meanwhile: the ladder goes on, and the order is asked for again.
    Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 20, while: ({ reason }) => reason === "stale_epoch" }),
    Effect.orElseSucceed(() => false)
  )
