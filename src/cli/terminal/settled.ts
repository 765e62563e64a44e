/** Waits until a session whose agent has just gone has decided what comes next. */
import { Effect, Schedule } from "effect"
import type { SessionView } from "../../domain/view.ts"
import type { Daemon } from "../daemon.ts"

/** Fails with `StillReaping` when what is left of the agent's tree takes longer than any stop ladder here. */
export const settled = (daemon: Daemon, session: string) =>
  daemon.ask(daemon.client.sessions.get({ params: { id: session as SessionView["id"] }, headers: {} })).pipe(
    Effect.filterOrFail(
      (view) => view.phase !== "reaping",
      () => ({ _tag: "StillReaping" as const })
    ),
    Effect.retry({ while: ({ _tag }) => _tag === "StillReaping", schedule: Schedule.spaced("50 millis"), times: 1_200 })
  )
