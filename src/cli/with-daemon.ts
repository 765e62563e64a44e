/** Gives a command the daemon of its home, and the settings, for as long as it runs. */
import { Effect } from "effect"
import { connect, type Daemon } from "./daemon.ts"
import { type Setting, setting } from "./root.ts"
import { say } from "./stdio.ts"

export const withDaemon = <A, E, R>(use: (daemon: Daemon, setting: Setting) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const chosen = yield* setting
    const daemon = yield* connect(chosen.home)
    if (daemon.remark !== null) yield* say(`reprise: ${daemon.remark}`)
    return yield* use(daemon, chosen)
  }).pipe(Effect.scoped)
