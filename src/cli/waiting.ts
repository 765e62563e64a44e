/** Waits for a session to be something, for as long as asked, across the daemon's own limit and its restarts. */
import { Clock, Effect, Schedule } from "effect"
import { limits } from "../domain/limits.ts"
import type { SessionView } from "../domain/view.ts"
import { connect, type Daemon } from "./daemon.ts"

/** `timeoutMs: undefined` waits for ever. The answer is the daemon's last one: satisfied, or why not. */
export const awaitMet = Effect.fnUntraced(function* (
  daemon: Daemon,
  id: SessionView["id"],
  condition: string,
  timeoutMs: number | undefined
) {
  const started = yield* Clock.currentTimeMillis
  while (true) {
    const left = timeoutMs === undefined ? limits.waitMs : timeoutMs - ((yield* Clock.currentTimeMillis) - started)
    const answer = yield* askOnce(daemon, id, condition, Math.max(0, Math.min(left, sliceMs))).pipe(
      Effect.retry({ while: ({ _tag }) => _tag === "NoDaemon", schedule: restart })
    )
    const over = timeoutMs !== undefined && (yield* Clock.currentTimeMillis) - started >= timeoutMs
    if (answer.satisfied || answer.reason !== "timeout" || over) return answer
  }
})

/** Shorter than any time-out of a connection on the way. */
const sliceMs = Math.min(60_000, limits.waitMs)
const restart = Schedule.max([Schedule.spaced("500 millis"), Schedule.recurs(120)])

/** Looks the daemon up again each time: after a restart it may listen elsewhere. */
const askOnce = (daemon: Daemon, id: SessionView["id"], condition: string, timeoutMs: number) =>
  Effect.flatMap(connect(daemon.home), (at) =>
    at.ask(at.client.sessions.wait({ params: { id }, query: { for: condition, timeout: `${Math.ceil(timeoutMs)}ms` } }))
  ).pipe(Effect.scoped)
