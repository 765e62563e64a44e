/** `reprise shutdown`: asks the daemon to end; agents live on, unless `--stop-all` ended them first, with a daemon or without. */
import { Context, Effect, Schedule } from "effect"
import { Command, Flag } from "effect/cli"
import type { SessionView } from "../../domain/view.ts"
import { identityOf, isAlive, signalExactly } from "../../infra/holder/process-table.ts"
import { asCli, type Daemon, stoppedDaemonOf } from "../daemon.ts"
import { Failure, NoDaemon, TimedOut } from "../failures.ts"
import { durationFlag, durationMs } from "../flags.ts"
import { allSessions } from "../resolve.ts"
import { setting } from "../root.ts"
import { print, printJson, say } from "../stdio.ts"
import { sentence } from "../text/session-line.ts"
import { awaitMet } from "../waiting.ts"
import { withDaemon } from "../with-daemon.ts"
import { isUnrecorded } from "./lifecycle.ts"

/** Ends every launch of a home that no daemon serves, by their holders; put in by the program, as the daemon itself is. */
export class StopLaunchesOf extends Context.Service<StopLaunchesOf, (home: string) => Effect.Effect<number, unknown>>()(
  "reprise/cli/StopLaunchesOf"
) {}

export const shutdown = Command.make(
  "shutdown",
  {
    stopAll: Flag.Boolean("stop-all").pipe(Flag.withDescription("Stop every session first, and wait for it"), Flag.withDefault(false)),
    timeout: durationFlag("timeout", "How long to wait for each of the two").pipe(Flag.withDefault("60s"))
  },
  ({ stopAll, timeout }) => {
    const byDaemon = withDaemon((daemon, setting) =>
      Effect.gen(function* () {
        const timeoutMs = yield* durationMs("timeout", timeout)
        yield* verify(daemon)
        const stopped = stopAll ? yield* stopEvery(daemon, timeoutMs) : 0
        yield* end(daemon, timeoutMs)
        if (setting.json) return yield* printJson({ pid: daemon.file.pid, stopped })
        yield* print(
          stopAll
            ? `stopped ${stopped} ${stopped === 1 ? "session" : "sessions"}; the daemon has ended`
            : "the daemon has ended; its sessions live on"
        )
      })
    )
    return stopAll ? evenIfStopped(byDaemon) : byDaemon
  }
).pipe(Command.withDescription("End the daemon; its sessions live on"))

/**
 * Neither a daemon that a signal has stopped nor one that cannot start keeps its agents running. A stopped one is continued first;
 * where it is stopped again, it is killed, and its agents are ended without it. A daemon that is only busy is left alone.
 */
const evenIfStopped = <E, R>(byDaemon: Effect.Effect<void, E | NoDaemon | TimedOut, R>) =>
  Effect.gen(function* () {
    const { home } = yield* setting
    const signalStopped = (signal: "SIGCONT" | "SIGKILL") => {
      const stopped = stoppedDaemonOf(home)
      return stopped !== null && signalExactly(stopped, signal) ? stopped.pid : null
    }
    const withoutAnswer = (failure: NoDaemon | TimedOut) =>
      Effect.gen(function* () {
        const killed = signalStopped("SIGKILL")
        if (killed !== null) yield* say(`reprise: the daemon (pid ${killed}) stays stopped, and was killed`)
        else if (failure._tag === "TimedOut" || failure.holder !== undefined) return yield* failure
        yield* withoutDaemon(failure)
      })
    const afterContinued = (failure: NoDaemon | TimedOut) =>
      Effect.gen(function* () {
        const continued = signalStopped("SIGCONT")
        if (continued === null) return yield* withoutAnswer(failure)
        yield* say(`reprise: the daemon (pid ${continued}) was stopped, and runs on`)
        yield* byDaemon.pipe(Effect.catchIf(isWithoutAnswer, withoutAnswer))
      })
    yield* byDaemon.pipe(Effect.catchIf(isWithoutAnswer, afterContinued))
  })

const isWithoutAnswer = (failure: unknown): failure is NoDaemon | TimedOut => failure instanceof NoDaemon || failure instanceof TimedOut

const withoutDaemon = Effect.fnUntraced(function* (failure: NoDaemon | TimedOut) {
  const { home, json } = yield* setting
  const stopLaunches = yield* StopLaunchesOf
  const stopped = yield* stopLaunches(home).pipe(
    Effect.mapError((error) => new Failure({ message: error instanceof Error ? error.message : String(error) }))
  )
  if (stopped === 0 && failure._tag === "NoDaemon" && failure.holder === undefined) return yield* failure
  if (json) return yield* printJson({ pid: null, stopped })
  yield* print(`no daemon answers for ${home}; the agents of ${stopped} ${stopped === 1 ? "session" : "sessions"} were ended without it`)
})

/** A pid from a file may be another process's by now: the daemon itself must say that it is this one. */
const verify = Effect.fnUntraced(function* ({ ask, client, file }: Daemon) {
  const health = yield* ask(client.service.healthz({}))
  if (health.pid === file.pid && health.epoch === file.epoch) return
  return yield* new Failure({ message: `another daemon answers there (pid ${health.pid}, not ${file.pid}): nothing was ended` })
})

const stopEvery = Effect.fnUntraced(function* (daemon: Daemon, timeoutMs: number) {
  const live = (yield* allSessions(daemon, {})).filter(mayRun)
  const left = yield* Effect.forEach(live, (session) => stopOne(daemon, session, timeoutMs), { concurrency: 16 })
  const remaining = left.flatMap((session) => (session === undefined ? [] : [session]))
  if (remaining.length === 0) return live.length
  yield* say(...remaining.map((session) => sentence(session, 0)))
  return yield* new TimedOut({ message: `${remaining.length} of ${live.length} sessions did not stop in time; the daemon goes on` })
})

/** A process, one on its way, or one that would be launched again. */
const mayRun = ({ process, relaunch, state }: SessionView) =>
  process !== null || relaunch !== null || (state !== "ended" && state !== "terminated")

/** The session that did not stop, if it did not. One that ended meanwhile refuses the stop, and that is as good. */
const stopOne = Effect.fnUntraced(function* (daemon: Daemon, { id }: SessionView, timeoutMs: number) {
  const payload = { reason: "shutdown --stop-all" }
  const asked = yield* daemon
    .ask(daemon.client.sessions.stop({ params: { id }, headers: asCli, payload }))
    .pipe(Effect.catchTag("Problem", (problem) => (problem.status === 409 ? Effect.succeed(null) : Effect.fail(problem))))
  if (asked !== null && isUnrecorded(asked)) return undefined
  const answer = yield* awaitMet(daemon, id, "ended", timeoutMs).pipe(
    Effect.catchTag("Problem", (problem) =>
      problem.code === "quarantined" ? Effect.succeed({ satisfied: true as const }) : Effect.fail(problem)
    )
  )
  return answer.satisfied ? undefined : answer.session
})

const end = Effect.fnUntraced(function* ({ file }: Daemon, timeoutMs: number) {
  const daemon = identityOf(file.pid)
  yield* Effect.try({
    try: () => process.kill(file.pid, "SIGTERM"),
    catch: (cause) =>
      new Failure({
        message: `the daemon (pid ${file.pid}) cannot be signalled: ${cause instanceof Error ? cause.message : String(cause)}`
      })
  })
  yield* Effect.suspend(() => (daemon !== null && isAlive(daemon) ? Effect.fail("lives" as const) : Effect.void)).pipe(
    Effect.retry({ schedule: Schedule.spaced("50 millis"), times: Math.ceil(timeoutMs / 50) }),
    Effect.mapError(() => new TimedOut({ message: `the daemon (pid ${file.pid}) was asked to end, and has not` }))
  )
})
