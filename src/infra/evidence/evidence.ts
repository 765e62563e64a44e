/** Where evidence of an agent comes from beside its terminal: each source by itself, to be followed for as long as its actor needs it. */
import { Context, Effect, Layer, Stream } from "effect"
import type { ProcessIdentity } from "../../domain/facts.ts"
import type { Observation } from "../../domain/observations.ts"
import type { Size } from "../../domain/spec.ts"
import { ProcessTree } from "../holder/tree.ts"
import { followSpool, type Spooled } from "../hook/spool.ts"
import type { Output } from "../output/output.ts"
import type { Emulators } from "../screens/emulators.ts"
import type { ScreenRead, Screens } from "../screens/screens.ts"
import type { LaunchedProcess } from "./belonging.ts"
import { codexPaths, type OpenConversation, openConversations } from "./conversation-files.ts"
import { isOwnSecret } from "./own-secrets.ts"
import { watchScreen } from "./screen-watch.ts"
import { followStatus, statusDirectory } from "./status-file.ts"
import { watchSuspension } from "./suspension-watch.ts"
import { type Tailed, tail } from "./tail.ts"

/** None of the streams ends by itself; each reads when it is pulled. */
export class Evidence extends Context.Service<
  Evidence,
  {
    /** A transcript's lines from `from` on: 0, or a `to` that was given before. A file that is not there yet is awaited. */
    readonly transcript: (path: string, from: number) => Stream.Stream<Tailed>
    /** What hooks left in their spool, from a place as above. */
    readonly spool: (path: string, from: number) => Stream.Stream<Spooled>
    /** What Claude Code's status file says of the launch. `environment`: the agent's own, which says where its files lie. */
    readonly status: (environment: Readonly<Record<string, string | undefined>>, launch: LaunchedProcess) => Stream.Stream<Observation>
    /** What a launch of Codex holds open now, the likeliest first. A few milliseconds of the daemon's time, so not to be asked in a loop. */
    readonly conversations: (launch: LaunchedProcess) => Effect.Effect<ReadonlyArray<OpenConversation>>
    /** Whether the agent is stopped, looked at again and again. */
    readonly suspension: (process: ProcessIdentity) => Stream.Stream<boolean>
    /** The screen as it comes to rest, of what was drawn `from` there on; null: all of it, at once. `size`: where the output does not say. */
    readonly screen: (session: string, size: Size, from: number | null) => Stream.Stream<ScreenRead>
  }
>()("reprise/infra/Evidence") {
  static readonly layer = (home: string): Layer.Layer<Evidence, never, Output | Screens | Emulators> =>
    Layer.effect(
      Evidence,
      Effect.gen(function* () {
        const context = yield* Effect.context<Output | Screens | Emulators>()
        return Evidence.of({
          transcript: (path, from) => tail(path, from, { isForbidden: (file) => isOwnSecret(home, file) }),
          spool: followSpool,
          status: (environment, launch) => {
            const directory = statusDirectory(environment)
            return directory === null ? Stream.never : followStatus(directory, launch)
          },
          conversations: ({ nonce, process }) =>
            Effect.sync(() => openConversations(new ProcessTree(process, nonce, { watched: false }), codexPaths)),
          suspension: watchSuspension,
          screen: (session, size, from) => Stream.provideContext(watchScreen(session, size, from), context)
        })
      })
    )

  /** For agents that cannot be asked: of a model, or of a test. */
  static readonly silent: Layer.Layer<Evidence> = Layer.succeed(Evidence, {
    transcript: () => Stream.never,
    spool: () => Stream.never,
    status: () => Stream.never,
    conversations: () => Effect.succeed([]),
    suspension: () => Stream.never,
    screen: () => Stream.never
  })
}
