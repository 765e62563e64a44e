/** Follows a prompt to where it is awaited or to its end, across the daemon's restarts, and says which exit code that is. */
import { Clock, Effect, Schedule } from "effect"
import { hasReached, type PromptState, type PromptView, settledStates } from "../domain/prompt-view.ts"
import type { SessionView } from "../domain/view.ts"
import { connect, type Daemon } from "./daemon.ts"
import { exitCodes } from "./failures.ts"

/** `timeoutMs: undefined` waits for ever. The answer is the prompt as it was last: it got there, it is settled, or the time is up. */
export const awaitFate = Effect.fnUntraced(function* (
  daemon: Daemon,
  id: SessionView["id"],
  promptId: string,
  wanted: PromptState,
  timeoutMs: number | undefined
) {
  const started = yield* Clock.currentTimeMillis
  while (true) {
    const left = timeoutMs === undefined ? sliceMs : timeoutMs - ((yield* Clock.currentTimeMillis) - started)
    const view = yield* askOnce(daemon, id, promptId, wanted, Math.max(0, Math.min(left, sliceMs))).pipe(
      Effect.retry({ while: (error) => error._tag === "NoDaemon" || isRestarting(error), schedule: restart })
    )
    const over = timeoutMs !== undefined && (yield* Clock.currentTimeMillis) - started >= timeoutMs
    if (over || settledStates.has(view.state) || hasReached(view, wanted)) return view
  }
})

/** What a script gets; undefined when nothing is decided yet. */
export const codeOfFate = (view: PromptView, wanted: PromptState): number | undefined => {
  if (hasReached(view, wanted)) return exitCodes.ok
  if (view.state === "rejected" || view.state === "cancelled") return exitCodes.refused
  return view.state === "uncertain" || view.state === "expired" ? exitCodes.uncertain : undefined
}

/** Shorter than any time-out of a connection on the way. */
const sliceMs = 60_000
const restart = Schedule.max([Schedule.spaced("500 millis"), Schedule.recurs(120)])

const isRestarting = (error: { readonly _tag: string; readonly code?: string }) =>
  error._tag === "Problem" && (error.code === "shutting_down" || error.code === "starting_up")

/** Looks the daemon up again each time: after a restart it may listen elsewhere. */
const askOnce = (daemon: Daemon, id: SessionView["id"], promptId: string, wait: PromptState, timeoutMs: number) =>
  Effect.flatMap(connect(daemon.home), (at) =>
    at.ask(at.client.prompts.get({ params: { id, promptId }, query: { wait, timeout: `${Math.ceil(timeoutMs)}ms` } }))
  ).pipe(Effect.scoped)
