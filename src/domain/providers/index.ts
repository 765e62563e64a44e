/** Every agent this version knows by name. */
import { claudeCode } from "./claude-code.ts"
import { codex } from "./codex.ts"
import { command } from "./command.ts"
import { gemini } from "./gemini.ts"
import { opencode } from "./opencode.ts"
import { pi } from "./pi.ts"
import type { Provider } from "./provider.ts"

export const providers: ReadonlyMap<string, Provider> = new Map(
  [command, claudeCode, codex, pi, opencode, gemini].map((provider) => [provider.id, provider])
)

/** Not one of the user's own. */
export const isBuiltIn = (provider: Provider): boolean => providers.get(provider.id) === provider

/** The provider of a session: the user's own as it was when the session was made, else what this version knows by the name. */
export const agentOf = ({
  provider,
  spec
}: {
  readonly provider: Provider | null
  readonly spec: { readonly provider: string }
}): Provider => provider ?? providerOf(spec.provider)

/** A recorded session whose provider this version no longer knows is still a command in a terminal. */
export const providerOf = (id: string): Provider => providers.get(id) ?? command
