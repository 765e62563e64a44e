/** A recorded input, decided by today's code. */
import { Result } from "effect"
import { type Accepted, decide, decideCreate, type Nothing, type Refusal } from "../decide/index.ts"
import type { Session } from "../session.ts"
import { decodeFact } from "../upcast.ts"
import type { TraceStep } from "./format.ts"

/** Nothing can be decided: the recording contradicts itself, or a fact of it cannot be read. */
export interface Unreplayable {
  readonly _tag: "Unreplayable"
  readonly reason: string
}
export type Redecided = Accepted | Refusal | Nothing | Unreplayable

/** Null before the first step. */
export const redecide = (session: Session | null, { facts, input, moment }: TraceStep): Redecided => {
  if (input.type !== "Create") return session === null ? no("the recording does not begin with a create") : decide(session, input, moment)
  const created = decodeFact(facts[0])
  if (Result.isFailure(created)) return no(created.failure.reason)
  if (created.success.type !== "SessionCreated") return no("a create begins with SessionCreated")
  return decideCreate(created.success.id, created.success.spec, created.success.by, moment)
}

const no = (reason: string): Unreplayable => ({ _tag: "Unreplayable", reason })
