/** What was started is up when the command returns, or is reported as what it became: an agent that dies at once never "runs". */
import { Clock, Effect } from "effect"
import type { SessionView } from "../domain/view.ts"
import type { Daemon } from "./daemon.ts"
import { Failure } from "./failures.ts"
import { isOver } from "./over.ts"
import { print, printJson } from "./stdio.ts"
import { sentence } from "./text/session-line.ts"
import { awaitMet } from "./waiting.ts"

export const leaveRunning = Effect.fnUntraced(function* (daemon: Daemon, created: SessionView, json: boolean) {
  const { session } = yield* awaitMet(daemon, created.id, "ready,ended", created.readyTimeoutMs + 5_000)
  yield* json ? printJson(session) : print(session.id)
  if (!isOver(session) || session.exit?.cause === "clean") return
  return yield* new Failure({ message: sentence(session, yield* Clock.currentTimeMillis) })
})
