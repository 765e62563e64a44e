/** Says for its session's creator that a folder can be trusted, where they said so before: to each question once, and to no other kind. */
import { Effect, Queue } from "effect"
import type { SessionView } from "../domain/view.ts"
import type { Sessions } from "./sessions.ts"

export interface Trusting {
  /** To be called with every session as it is after each decision. */
  readonly observe: (view: SessionView) => void
  /** Never ends. An answer is a prompt like any client's, named after its question: no restart gives it twice. */
  readonly answer: (prompt: Sessions["Service"]["prompt"]) => Effect.Effect<never>
}

export const makeTrusting = (): Trusting => {
  const asked = Effect.runSync(Queue.unbounded<{ readonly session: string; readonly question: string }>())
  const told = new Map<string, string>()
  return {
    observe: ({ id, question, trustFolder }) => {
      if (question?.kind !== "trust" || !trustFolder) return void told.delete(id)
      if (told.get(id) === question.id) return
      told.set(id, question.id)
      Queue.offerUnsafe(asked, { session: id, question: question.id })
    },
    answer: (prompt) =>
      Effect.forever(
        Effect.flatMap(Queue.take(asked), ({ question, session }) =>
          prompt(session, { ...answer, id: `trust-${question}`, answers: question }, { by: "reprise" }).pipe(
            Effect.catch((failure) =>
              Effect.logWarning("the question whether a folder can be trusted is not answered", { session, failure })
            )
          )
        )
      )
  }
}

const answer = {
  text: "allow",
  deliver: "now",
  onUncertain: "report",
  from: "trustFolder",
  replyTo: null,
  threadId: null,
  replyExpected: false,
  expiresInMs: null
} as const
