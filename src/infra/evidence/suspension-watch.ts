/** Looks whether an agent is stopped, as the process table shows it: no signal reports that to a process that is not its parent. */
import { Effect, Stream } from "effect"
import type { ProcessIdentity } from "../../domain/facts.ts"
import { limits } from "../../domain/limits.ts"
import { isAlive, isSuspended } from "../holder/process-table.ts"

const isStopped = (process: ProcessIdentity) => Effect.sync(() => isAlive(process) && isSuspended(process.pid))

/** Never ends by itself. */
export const watchSuspension = (process: ProcessIdentity): Stream.Stream<boolean> =>
  Stream.fromEffectRepeat(
    Effect.gen(function* () {
      yield* Effect.sleep(limits.suspensionLookMs)
      if (!(yield* isStopped(process))) return false
      // A shell takes its terminal back a moment after its job has stopped.
      yield* Effect.sleep(limits.suspensionSettleMs)
      return yield* isStopped(process)
    })
  )
