/** What a session that is over means for the command that was attached to it: a sentence, and the agent's own exit code. */
import { Effect } from "effect"
import { signalNumber } from "../domain/signal-names.ts"
import type { SessionView } from "../domain/view.ts"
import { ExitWith } from "./failures.ts"
import { say } from "./stdio.ts"
import { endOf } from "./text/session-line.ts"

/** No process, and none will come by itself. */
export const isOver = ({ process, relaunch, state }: SessionView): boolean =>
  state === "terminated" || (state === "ended" && process === null && relaunch === null)

export const leaveWith = Effect.fnUntraced(function* (session: SessionView) {
  yield* say(`${session.id} is over: ${endOf(session) ?? session.state}`)
  const code = exitCode(session.exit)
  if (code !== 0) return yield* new ExitWith({ code })
})

/** 128 and the signal's number for a signal, as a shell does. 1 where the status is not known: the program never ran, or no process saw it end. */
export const exitCode = (exit: SessionView["exit"]): number => {
  if (exit === null) return 0
  if (exit.signal !== null) return 128 + signalNumber(exit.signal)
  return exit.code ?? (exit.cause === "clean" ? 0 : 1)
}
