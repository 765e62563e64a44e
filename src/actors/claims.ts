/** What an agent claims of its conversation, as it may be decided on: with the session that has it already, and without another's file. */
import { Effect, Option } from "effect"
import type { Accepted } from "../domain/decide/index.ts"
import type { Input, InputOf } from "../domain/inputs.ts"
import { agentOf } from "../domain/providers/index.ts"
import type { SessionContext } from "../domain/session-context.ts"
import { Transcripts } from "../infra/evidence/transcripts.ts"
import { Secrets } from "../infra/secrets.ts"
import type { Leases } from "./leases.ts"

export interface Claims {
  /** The agent may name any file: one that its provider keeps no conversations at is left out. */
  readonly placed: (input: Input) => Effect.Effect<Input>
  /** To be called right before the decision: between the two no other session may take the conversation. */
  readonly owned: (input: Input) => Input
  /** To be called right behind it. */
  readonly take: (accepted: Accepted) => void
}

export const makeClaims = Effect.fnUntraced(function* (session: string, context: () => SessionContext, leases: Leases) {
  const transcripts = yield* Transcripts
  const secrets = yield* Secrets

  const isInPlace = Effect.fnUntraced(function* (transcript: string) {
    const kind = agentOf(context()).evidence.transcript
    if (kind === null) return false
    const environment = yield* Effect.option(secrets.environment(session))
    return Option.isSome(environment) && transcripts.admit(kind, transcript, environment.value) !== null
  })

  const placed = Effect.fnUntraced(function* (input: Input) {
    if (input.type !== "ConversationObserved" || input.transcript === null) return input
    if (input.transcript === context().conversation?.transcript || (yield* isInPlace(input.transcript))) return input
    return { ...input, transcript: null, elsewhere: true } satisfies InputOf<"ConversationObserved">
  })

  const owned = (input: Input): Input => {
    if (input.type !== "ConversationObserved" || input.id === context().conversation?.id) return input
    const heldBy = leases.livedInByAnother(session, context().spec.provider, input.id)
    return heldBy === null ? input : { ...input, heldBy }
  }

  const take = ({ session: after, steps }: Accepted) => {
    for (const { fact } of steps) if (fact.type === "ConversationKnown") leases.moveIn(session, after.context.spec.provider, fact.id)
  }

  return { placed, owned, take } satisfies Claims
})
