/** Ends the agents of a home that no daemon serves: a log that keeps a daemon from starting keeps no agent running. */
import { Effect } from "effect"
import { ladderMs, terminalLadder } from "./domain/spec.ts"
import { Output } from "./infra/output/output.ts"
import { ptyRuntime } from "./infra/runtimes/pty.ts"
import { highestEpoch } from "./infra/runtimes/remains.ts"
import { Runtime } from "./infra/runtimes/runtime.ts"

/** Resolves when nothing of them is left, with how many sessions had anything alive: one may have two launches. The next daemon reads their ends from the journals. */
export const stopLaunchesOf = (home: string) =>
  Effect.gen(function* () {
    const runtime = yield* Runtime
    const sessions = [...new Set((yield* runtime.list).map(({ session }) => session))]
    const order = { outcome: "end", by: "cli", reason: "shutdown --stop-all, without a daemon" } as const
    const wish = { mode: "stop", order, ladderMs: ladderMs(terminalLadder) } as const
    const stopped = yield* Effect.forEach(sessions, (session) => runtime.stopLaunches(session, highestEpoch(home), wish), {
      concurrency: 16
    })
    return stopped.filter((launches) => launches > 0).length
  }).pipe(Effect.provide(ptyRuntime({ home })), Effect.provide(Output.layer({ home })), Effect.scoped)
