/** What a session needs of the world around its agent, without a disk: for daemons whose agents are models. */
import { Effect, Layer } from "effect"
import { providerOf, providers } from "../../src/domain/providers/index.ts"
import { AgentFiles } from "../../src/infra/agents/agent-files.ts"
import { Evidence } from "../../src/infra/evidence/evidence.ts"
import { Transcripts } from "../../src/infra/evidence/transcripts.ts"
import { HookProgram } from "../../src/infra/hook/hook-program.ts"
import { HookTokens } from "../../src/infra/hook/tokens.ts"
import { Providers } from "../../src/infra/providers/providers.ts"

export const modelAgents = Layer.mergeAll(
  Layer.succeed(AgentFiles, {
    directoryOf: (session) => `/home/sessions/${session}/agent`,
    spoolOf: (session) => `/home/sessions/${session}/agent/hooks.ndjson`,
    spooledTo: () => 0,
    keepSpooledTo: () => {},
    place: () => Effect.void,
    kept: Effect.succeed([]),
    remove: () => Effect.void
  }),
  Layer.succeed(HookProgram, { command: Effect.succeed(["/bin/hook"] as const), environment: () => ({}) }),
  Layer.succeed(HookTokens, {
    tokenOf: (session, generation) => `${session}.${generation}`,
    isTokenOf: (session, generation, token) => token === `${session}.${generation}`
  }),
  Evidence.silent,
  Transcripts.none,
  Layer.succeed(Providers, {
    get: (id) => providers.get(id),
    of: providerOf,
    all: [...providers.values()],
    problems: [],
    probe: () => Effect.succeed({ status: "no_program" } as const)
  })
)
