/** A recorded session, decided again: the same facts and the same state at every step, or the first place where they differ. */
import { Result, Schema } from "effect"
import { canonicalJson } from "./canonical.ts"
import { type Accepted, decide, decideCreate } from "./decide/index.ts"
import { SessionId } from "./ids.ts"
import { Input } from "./inputs.ts"
import { canonical, type Session } from "./session.ts"
import { Moment } from "./time.ts"
import { decodeFact, encodeFact } from "./upcast.ts"

/** The first line of a trace: one JSON object a line, LF between them. */
export const TraceHeader = Schema.Struct({
  format: Schema.Literal(1),
  session: SessionId,
  /** What was recorded, for people. */
  title: Schema.String,
  version: Schema.String
})
export type TraceHeader = typeof TraceHeader.Type

const RecordedFact = Schema.Struct({
  seq: Schema.Int,
  type: Schema.String,
  schemaVersion: Schema.Int,
  wallMs: Schema.Int,
  data: Schema.Record(Schema.String, Schema.Unknown),
  stateHash: Schema.String
})

/** Every other line: an input that caused facts, with everything its decision could know, and what it caused. */
export const TraceStep = Schema.Struct({
  input: Schema.Union([Input, Schema.Struct({ type: Schema.Literal("Create") })]),
  moment: Moment,
  facts: Schema.NonEmptyArray(RecordedFact)
})
export type TraceStep = typeof TraceStep.Type

/** Where today's code parts from the recording. `at` is the seq of the first fact that differs. */
export interface Divergence {
  readonly at: number
  readonly input: string
  readonly recorded: string
  readonly present: string
}
export type Verdict = { readonly _tag: "Same"; readonly facts: number } | ({ readonly _tag: "Diverged" } & Divergence)

/** `hash` is what state hashes were made with. Steps are in the order of the log. */
export const verify = (steps: ReadonlyArray<TraceStep>, hash: (canonical: string) => string): Verdict => {
  let session: Session | null = null
  let facts = 0
  for (const step of steps) {
    const decided: Accepted | string = again(session, step)
    if (typeof decided === "string") return diverged(step, 0, decided)
    for (const [index, recorded] of step.facts.entries()) {
      const present = decided.steps[index]
      if (present === undefined) return diverged(step, index, "no fact")
      const { data, schemaVersion, type, wallMs } = encodeFact(present.fact)
      const now = canonicalJson({ type, schemaVersion, wallMs, data, stateHash: hash(canonical(present.session)) })
      const { seq: _, ...then } = recorded
      if (now !== canonicalJson(then)) return diverged(step, index, now)
    }
    const more = decided.steps[step.facts.length]
    if (more !== undefined) return diverged(step, step.facts.length, JSON.stringify(encodeFact(more.fact)))
    session = decided.session
    facts += step.facts.length
  }
  return { _tag: "Same", facts }
}

/** What the input is decided to be now; a sentence where it causes nothing or cannot be read. */
const again = (session: Session | null, { facts, input, moment }: TraceStep): Accepted | string => {
  if (input.type !== "Create") {
    if (session === null) return "the recording does not begin with a create"
    const decided = decide(session, input, moment)
    return decided._tag === "Accepted" ? decided : JSON.stringify(decided)
  }
  const created = decodeFact(facts[0])
  if (Result.isFailure(created)) return created.failure.reason
  if (created.success.type !== "SessionCreated") return "a create begins with SessionCreated"
  return decideCreate(created.success.id, created.success.spec, created.success.by, moment)
}

const diverged = (step: TraceStep, index: number, present: string): Verdict => ({
  _tag: "Diverged",
  at: step.facts[0].seq + index,
  input: step.input.type,
  recorded: JSON.stringify(step.facts[index] ?? "no fact"),
  present
})
