/** Waits for the two moments that a terminal cannot see: an agent that comes to be, and one that is gone with nothing left to decide. */
import { Effect, Schedule } from "effect"
import type { SessionView } from "../../domain/view.ts"
import type { Daemon } from "../daemon.ts"

/** Until there is a process to type into, or none on its way. */
export const launched = (daemon: Daemon, session: string) =>
  looking(daemon, session, "20 millis", ({ process, state }) => process !== null || (state !== "starting" && state !== "resuming"))

/** Until it is known what comes after an agent's end. */
export const settled = (daemon: Daemon, session: string) => looking(daemon, session, "50 millis", ({ phase }) => phase !== "reaping")

/** Fails with `NotYet` after a number of looks that no launch and no stop ladder outlasts. */
const looking = (daemon: Daemon, session: string, every: "20 millis" | "50 millis", wanted: (view: SessionView) => boolean) =>
  daemon.ask(daemon.client.sessions.get({ params: { id: session as SessionView["id"] }, headers: {} })).pipe(
    Effect.filterOrFail(wanted, () => ({ _tag: "NotYet" as const })),
    Effect.retry({ while: ({ _tag }) => _tag === "NotYet", schedule: Schedule.spaced(every), times: 1_500 })
  )
