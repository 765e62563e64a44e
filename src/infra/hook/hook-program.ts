/** The program that agents' hooks call, and what its environment must say so that it finds the daemon, also a later one. */
import { Context, Effect, Layer } from "effect"
import type { Environment } from "../../domain/environment.ts"
import { AgentFiles } from "../agents/agent-files.ts"
import { installHook } from "../runtimes/bundle.ts"
import { nodeFor } from "../runtimes/node-copy.ts"
import type { LaunchFailure } from "../runtimes/runtime.ts"
import { HookTokens } from "./tokens.ts"

export class HookProgram extends Context.Service<
  HookProgram,
  {
    /** argv: the event's name comes as the last word, the payload on its standard input. */
    readonly command: Effect.Effect<readonly [string, ...ReadonlyArray<string>], LaunchFailure>
    readonly environment: (session: string, generation: number) => Environment
  }
>()("reprise/infra/HookProgram") {
  /** `socketPath`: where the daemon of this home listens at the moment. */
  static readonly layer = (options: { readonly home: string; readonly socketPath: () => string }) =>
    Layer.effect(
      HookProgram,
      Effect.gen(function* () {
        const { tokenOf } = yield* HookTokens
        const { spoolOf } = yield* AgentFiles
        const [installed] = yield* Effect.cachedInvalidateWithTTL(installHook(options.home), "1 minute")
        return HookProgram.of({
          command: Effect.map(installed, ({ program }) => [nodeFor(program), program] as const),
          environment: (session, generation) => ({
            REPRISE_HOOK_SOCKET: options.socketPath(),
            REPRISE_HOOK_TOKEN: tokenOf(session, generation),
            REPRISE_HOOK_SPOOL: spoolOf(session)
          })
        })
      })
    )
}
