/** `reprise reload`: the agent is launched again with its conversation. The command returns when the new process is ready, and not before. */
import { Clock, Effect, Option, Schedule } from "effect"
import { Command, Flag } from "effect/cli"
import type { SessionView } from "../../domain/view.ts"
import { asCli, connect } from "../daemon.ts"
import { Failure, TimedOut } from "../failures.ts"
import { durationFlag, durationMs, session } from "../flags.ts"
import { isOver } from "../over.ts"
import { resolve } from "../resolve.ts"
import { print, printJson } from "../stdio.ts"
import { sentence } from "../text/session-line.ts"
import { withDaemon } from "../with-daemon.ts"

export const reload = Command.make(
  "reload",
  {
    session,
    reason: Flag.String("reason").pipe(Flag.withDescription("Why, for those who read the log later"), Flag.optional),
    timeout: durationFlag("timeout", "How long to wait at most").pipe(Flag.withDefault("2m"))
  },
  (flags) =>
    withDaemon((daemon, setting) =>
      Effect.gen(function* () {
        const timeoutMs = yield* durationMs("timeout", flags.timeout)
        const before = yield* resolve(daemon, flags.session)
        const { id } = before
        const reason = Option.match(flags.reason, { onNone: () => ({}), onSome: (reason) => ({ reason }) })
        yield* daemon.ask(daemon.client.sessions.reload({ params: { id }, headers: asCli, payload: reason }))
        const look = Effect.scoped(
          Effect.flatMap(connect(daemon.home), (at) => at.ask(at.client.sessions.get({ params: { id }, headers: {} })))
        ).pipe(Effect.retry({ while: ({ _tag }) => _tag === "NoDaemon", schedule: restart }))
        const settled = yield* Effect.repeat(look, {
          schedule: Schedule.spaced("150 millis"),
          until: (view) => isReady(view, before) || isOver(view)
        }).pipe(Effect.timeoutOption(timeoutMs))
        const now = yield* Clock.currentTimeMillis
        if (Option.isNone(settled))
          return yield* new TimedOut({ message: `not reloaded after ${flags.timeout}: ${sentence(yield* look, now)}` })
        const view = settled.value
        if (!isReady(view, before)) return yield* new Failure({ message: `it did not come back: ${sentence(view, now)}` })
        yield* setting.json ? printJson(view) : print(`reloaded ${sentence(view, now)}`)
      })
    )
).pipe(Command.withDescription("Launch an agent again with its conversation, between its turns"))

const isReady = ({ generation, phase, state }: SessionView, before: SessionView) =>
  generation > before.generation && state === "streaming" && phase === "running"

const restart = Schedule.max([Schedule.spaced("500 millis"), Schedule.recurs(120)])
