/** `reprise wait`: returns when a session is what was asked for; exit code 124 when it is not in time. */
import { Clock, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { Failure, TimedOut } from "../failures.ts"
import { durationFlag, durationMs, session } from "../flags.ts"
import { resolve } from "../resolve.ts"
import { print, printJson } from "../stdio.ts"
import { sentence } from "../text/session-line.ts"
import { awaitMet } from "../waiting.ts"
import { withDaemon } from "../with-daemon.ts"

export const wait = Command.make(
  "wait",
  {
    session,
    condition: Flag.String("for").pipe(
      Flag.withDescription("ready, exit, a state (ended, …) or an activity (idle, waiting, …); several with commas"),
      Flag.withDefault("ended")
    ),
    timeout: durationFlag("timeout", "Give up after").pipe(Flag.optional)
  },
  (flags) =>
    withDaemon((daemon, setting) =>
      Effect.gen(function* () {
        const timeoutMs = Option.isNone(flags.timeout) ? undefined : yield* durationMs("timeout", flags.timeout.value)
        const found = yield* resolve(daemon, flags.session)
        const answer = yield* awaitMet(daemon, found.id, flags.condition, timeoutMs)
        const line = sentence(answer.session, yield* Clock.currentTimeMillis)
        if (answer.satisfied) return yield* setting.json ? printJson(answer) : print(line)
        if (answer.reason === "timeout") return yield* new TimedOut({ message: `not ${flags.condition} in time: ${line}` })
        return yield* new Failure({ message: `it will not be ${flags.condition} any more: ${line}` })
      })
    )
).pipe(Command.withDescription("Wait until a session is something"))
