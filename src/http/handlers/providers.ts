/** The route of providers: every agent that this daemon knows, asked all at once whether it is installed. */
import { Effect } from "effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { isBuiltIn } from "../../domain/providers/index.ts"
import type { Provider } from "../../domain/providers/provider.ts"
import { canBeCut } from "../../domain/providers/transcripts/history.ts"
import { Providers } from "../../infra/providers/providers.ts"
import { jsonAnswer } from "../answers.ts"
import type { ProviderList, ProviderView } from "../contract/providers.ts"
import { Api } from "../contract.ts"

export const providersLayer = HttpApiBuilder.group(Api, "providers", (handlers) =>
  handlers.handle("list", () =>
    Effect.gen(function* () {
      const { all, probe, problems } = yield* Providers
      const probed = yield* Effect.forEach(all, (provider) => Effect.map(probe(provider), (found) => viewOf(provider, found)), {
        concurrency: "unbounded"
      })
      return jsonAnswer({ data: probed, problems } satisfies ProviderList)
    })
  )
)

type Probe = Effect.Success<ReturnType<Providers["Service"]["probe"]>>

const viewOf = (provider: Provider, probe: Probe): ProviderView => {
  const { answers, command, conversation, evidence, id, install, model, title, version } = provider
  const { status, ...found } = probe
  return {
    id,
    title,
    builtIn: isBuiltIn(provider),
    command,
    installed: status === "installed" ? (found as NonNullable<ProviderView["installed"]>) : null,
    install,
    confirmed: version?.confirmed ?? [],
    capabilities: {
      resume: conversation !== null,
      fork: (conversation?.fork ?? null) !== null || canBeCut(evidence.transcript),
      forkAtMessage: canBeCut(evidence.transcript),
      hooks: evidence.hooks !== null,
      transcript: evidence.transcript !== null,
      model: model !== null,
      answers: answers !== null
    }
  }
}
