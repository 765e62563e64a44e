/** A recorded input, decided by today's code. */
import { Result } from "effect"
import { type Accepted, decide, decideCreate, type Nothing, type Refusal } from "../decide/index.ts"
import type { Session } from "../session.ts"
import { decodeFact } from "../upcast.ts"
import type { TraceStep } from "./format.ts"
import type { Policies } from "./policies.ts"

/** Nothing can be decided: the recording contradicts itself, or a fact of it cannot be read. */
export interface Unreplayable {
  readonly _tag: "Unreplayable"
  readonly reason: string
}
export type Redecided = Accepted | Refusal | Nothing | Unreplayable

/** `session`: null before the first step. `asked`: what the session would have been asked to be instead. */
export const redecide = (session: Session | null, { facts, input, moment }: TraceStep, asked: Policies = asRecorded): Redecided => {
  if (input.type !== "Create") {
    if (session === null) return no("the recording does not begin with a create")
    return decide(session, input.type === "Patch" ? { ...input, changes: asked.patch(input.changes) } : input, moment)
  }
  const created = decodeFact(facts[0])
  if (Result.isFailure(created)) return no(created.failure.reason)
  if (created.success.type !== "SessionCreated") return no("a create begins with SessionCreated")
  const { at: _, by, id, offset: __, spec, type: ___, ...beginnings } = created.success
  const first = facts[1] === undefined ? undefined : decodeFact(facts[1])
  const queued = first !== undefined && Result.isSuccess(first) && first.success.type === "PromptQueued" ? first.success.prompt : undefined
  return decideCreate(id, asked.spec(spec), by, moment, { ...beginnings, ...(queued === undefined ? {} : { prompt: queued }) })
}

const asRecorded: Policies = { spec: (spec) => spec, patch: (changes) => changes }

const no = (reason: string): Unreplayable => ({ _tag: "Unreplayable", reason })
