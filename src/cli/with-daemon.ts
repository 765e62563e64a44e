/** Gives a command the daemon of its home, and the settings, for as long as it runs. */
import { Effect } from "effect"
import { connect, type Daemon } from "./daemon.ts"
import { type Setting, setting } from "./root.ts"

export const withDaemon = <A, E, R>(use: (daemon: Daemon, setting: Setting) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const chosen = yield* setting
    return yield* use(yield* connect(chosen.home), chosen)
  }).pipe(Effect.scoped)
