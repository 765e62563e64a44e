/** From the rows of a log to the steps of a trace, with the effects and the state that the facts lead to in this version. */
import { Result } from "effect"
import { canonicalJson } from "../canonical.ts"
import type { SessionEffect } from "../effects.ts"
import { canonical, open, type Session, tryApply } from "../session.ts"
import { decodeFact } from "../upcast.ts"
import type { TraceFact, TraceStep } from "./format.ts"
import type { Hash } from "./seal.ts"

/** Steps come in the order of the log. */
export const makeRecorder = (hash: Hash) => {
  /** Null before the first fact; lost for good where a fold comes to another state than the log says. */
  let session: Session | null = null
  let lost = false

  const fold = (facts: ReadonlyArray<TraceFact>): { readonly session: Session; readonly effects: ReadonlyArray<SessionEffect> } | null => {
    let after = session
    const effects: Array<SessionEffect> = []
    for (const row of facts) {
      const fact = decodeFact(row)
      if (Result.isFailure(fact)) return null
      const first = after === null && fact.success.type === "SessionCreated" ? open(fact.success) : null
      const applied = after === null ? first : tryApply(after, fact.success)
      if (applied === null || hash(canonical(applied[0])) !== row.stateHash) return null
      after = applied[0]
      effects.push(...applied[1])
    }
    return after === null ? null : { session: after, effects }
  }

  return (step: Pick<TraceStep, "input" | "moment" | "epoch" | "facts">): TraceStep => {
    const folded = lost ? null : fold(step.facts)
    if (folded === null) {
      lost = true
      return { type: "step", ...step, effects: null, state: null }
    }
    const state = changes(session, folded.session)
    session = folded.session
    return { type: "step", ...step, effects: folded.effects as unknown as TraceStep["effects"], state }
  }
}

const changes = (before: Session | null, after: Session): NonNullable<TraceStep["state"]> => {
  const then = fieldsOf(before)
  const now = fieldsOf(after)
  const changed = Object.keys({ ...then, ...now }).filter(
    (name) => then[name] !== now[name] && canonicalJson(then[name]) !== canonicalJson(now[name])
  )
  return {
    ...(canonicalJson(before?.value) === canonicalJson(after.value) ? {} : { value: after.value }),
    context: Object.fromEntries(changed.map((name) => [name, now[name] ?? null]))
  }
}

const fieldsOf = (session: Session | null) => (session?.context ?? {}) as Readonly<Record<string, unknown>>
