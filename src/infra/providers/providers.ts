/** Every agent that this home knows: the built-in ones and the user's own; and which of them are installed. */
import { Context, Effect, Layer } from "effect"
import { command } from "../../domain/providers/command.ts"
import { providers } from "../../domain/providers/index.ts"
import type { Provider } from "../../domain/providers/provider.ts"
import { makeProbe, type Probe } from "./probe.ts"
import { type ProviderProblem, userProviders } from "./user-providers.ts"

export class Providers extends Context.Service<
  Providers,
  {
    readonly get: (id: string) => Provider | undefined
    /** A recorded session whose provider is gone is still a command in a terminal. */
    readonly of: (id: string) => Provider
    /** The built-in ones first, in their own order. */
    readonly all: ReadonlyArray<Provider>
    /** Files of the user's that were not taken, and why. */
    readonly problems: ReadonlyArray<ProviderProblem>
    readonly probe: (provider: Provider) => Effect.Effect<Probe>
  }
>()("reprise/infra/Providers") {
  /** Files are read once: a change counts from the next start, as a session's own record of it does. `own`: what agents inherit from. */
  static readonly layer = (options: { readonly home: string; readonly own: Readonly<Record<string, string | undefined>> }) =>
    Layer.effect(
      Providers,
      Effect.sync(() => {
        const { problems, providers: users } = userProviders(options.home)
        const all = [...providers.values(), ...users]
        const byId = new Map(all.map((provider) => [provider.id, provider]))
        return Providers.of({
          get: (id) => byId.get(id),
          of: (id) => byId.get(id) ?? command,
          all,
          problems,
          probe: makeProbe(options.own)
        })
      })
    )
}
