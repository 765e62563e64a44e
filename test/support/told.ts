/** A session's life given to the domain step by step, and its log as an explanation reads it. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { decide, decideCreate } from "../../src/domain/decide/index.ts"
import type { History, Told } from "../../src/domain/explain/history.ts"
import type { Input } from "../../src/domain/inputs.ts"
import type { Session } from "../../src/domain/session.ts"
import type { Spec } from "../../src/domain/spec.ts"
import type { Moment } from "../../src/domain/time.ts"
import { encodeFact } from "../../src/domain/upcast.ts"
import { at, id } from "./domain.ts"

export interface Life {
  readonly facts: ReadonlyArray<Told>
  readonly history: History<never>
}

/** Inputs that cause nothing leave nothing, as in a log. */
export const lifeOf = (spec: Spec, ...inputs: ReadonlyArray<readonly [Input, Moment] | Input>): Life => {
  const facts: Array<Told> = []
  const after: Array<Session> = []
  const take = (input: Input | { readonly type: "Create" }, moment: Moment, actor: string, decided: ReturnType<typeof decideCreate>) => {
    const first = facts.length + 1
    for (const { fact, session } of decided.steps) {
      facts.push({ seq: facts.length + 1, fact, inputId: `i-${first}`, actor, first, cause: { input, moment } })
      after.push(session)
    }
  }
  take({ type: "Create" }, at(0), "ada", decideCreate(id, spec, "ada", at(0)))
  for (const told of inputs) {
    const [input, moment] = "type" in told ? [told, at(0)] : told
    const decided = decide(after.at(-1)!, input, moment)
    assert(decided._tag !== "Refusal", `${input.type}: ${JSON.stringify(decided)}`)
    if (decided._tag === "Accepted") take(input, moment, "by" in input ? input.by : "reprise", decided)
  }
  return {
    facts,
    history: {
      told: (seq) => Effect.succeed(facts[seq - 1] ?? null),
      before: (seq) => Effect.succeed(after[seq - 2] ?? null),
      newest: (below, matches) =>
        Effect.sync(() => facts.slice(0, below - 1).findLast(({ fact }) => matches(encodeFact(fact)))?.seq ?? null)
    }
  }
}
