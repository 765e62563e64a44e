/** A recorded session, decided again by this code: the same facts, obligations and state at every step, or the first place where they differ. */
import { Result } from "effect"
import { limits } from "../limits.ts"
import { canonical, type Session } from "../session.ts"
import { decodeFact, encodeFact } from "../upcast.ts"
import { type Difference, differences, same } from "./difference.ts"
import type { TraceFact, TraceHeader, TraceStep } from "./format.ts"
import { makeLines } from "./lines.ts"
import { type Redecided, redecide } from "./redecide.ts"
import { type Hash, makeUnsealer, type TraceUnreadable } from "./seal.ts"

/** Where today's code parts from the recording. */
export interface Divergence {
  readonly _tag: "Diverged"
  readonly title: string | null
  readonly line: number
  /** The seq of the first fact that differs; of the step's last, where its facts do not. */
  readonly seq: number
  readonly what: "facts" | "effects" | "state"
  readonly input: TraceStep["input"]
  readonly wallMs: number
  readonly recorded: Outcome
  /** A sentence instead, where the input causes nothing now. */
  readonly present: Outcome | string
  /** After the whole step. Empty where the recorded state is not known, as `stateKnown` says. */
  readonly state: ReadonlyArray<Difference>
  readonly stateKnown: boolean
}
export interface Outcome {
  readonly facts: ReadonlyArray<Omit<TraceFact, "seq" | "stateHash">>
  readonly effects: ReadonlyArray<unknown> | null
}
export type Verdict =
  | { readonly _tag: "Same"; readonly title: string | null; readonly session: string; readonly steps: number; readonly facts: number }
  | Divergence
  | TraceUnreadable

/** Takes a trace piece by piece; the first verdict stands, and nothing after it is looked at. */
export const makeVerification = (hash: Hash) => {
  const unsealer = makeUnsealer(hash)
  let header: TraceHeader | null = null
  let session: Session | null = null
  let recorded: { readonly value: unknown; readonly context: Readonly<Record<string, unknown>> } | null = { value: null, context: {} }
  let steps = 0
  let facts = 0

  const judge = (step: TraceStep): Divergence | null => {
    recorded = recorded &&
      step.state && { value: step.state.value ?? recorded.value, context: { ...recorded.context, ...step.state.context } }
    const decided = redecide(session, step)
    const found = parting(step, decided, hash)
    if (found === null) {
      session = (decided as Extract<Redecided, { readonly _tag: "Accepted" }>).session
      steps += 1
      facts += step.facts.length
      return null
    }
    const present = decided._tag === "Accepted" ? decided.session : session
    return {
      _tag: "Diverged",
      title: header?.title ?? null,
      line: unsealer.line(),
      seq: step.facts[0].seq + Math.min(found.index, step.facts.length - (found.what === "facts" ? 0 : 1)),
      what: found.what,
      input: step.input,
      wallMs: step.moment.wallMs,
      recorded: { facts: step.facts.map(worded), effects: step.effects },
      present: outcomeOf(decided),
      state: recorded === null ? [] : differences(filled(recorded), present === null ? {} : filled(present)),
      stateKnown: recorded !== null
    }
  }

  const take = (text: string): Divergence | TraceUnreadable | null => {
    const line = unsealer.take(text)
    if (Result.isFailure(line)) return line.failure
    if (line.success.type === "header") header = line.success
    return line.success.type === "step" ? judge(line.success) : null
  }
  const lines = makeLines(limits.traceLineChars)

  return {
    /** Null while all is the same. */
    push: (bytes: Uint8Array): Divergence | TraceUnreadable | null => {
      const whole = lines.push(bytes)
      if (whole === null) return unsealer.no("damaged", `the line after this one has more than ${limits.traceLineChars} characters`)
      for (const line of whole) {
        const verdict = take(line)
        if (verdict !== null) return verdict
      }
      return null
    },
    /** When there are no more bytes. */
    end: (): Verdict =>
      unsealer.cut(lines.open()) ?? { _tag: "Same", title: header?.title ?? null, session: header?.session ?? "", steps, facts }
  }
}

/** A trace that is at hand as a whole. */
export const verify = (trace: Uint8Array, hash: Hash): Verdict => {
  const verification = makeVerification(hash)
  return verification.push(trace) ?? verification.end()
}

interface Parting {
  readonly what: Divergence["what"]
  /** Of the fact. */
  readonly index: number
}

/** The first of a step that is not as it was recorded. */
export const parting = (step: TraceStep, decided: Redecided, hash: Hash): Parting | null => {
  const present = decided._tag === "Accepted" ? decided.steps : []
  for (let index = 0; index < Math.max(step.facts.length, present.length); index++) {
    const then = step.facts[index]
    const now = present[index]
    if (then === undefined || now === undefined) return { what: "facts", index }
    const { seq: _, stateHash: __, ...row } = then
    const fact = encodeFact(now.fact)
    if (!same(row, fact) && !same(worded(then), fact)) return { what: "facts", index }
  }
  for (const [index, { session }] of present.entries())
    if (step.facts[index]!.stateHash !== hash(canonical(session))) return { what: "state", index }
  const effects = decided._tag === "Accepted" ? decided.effects : []
  return step.effects !== null && !same(step.effects, effects) ? { what: "effects", index: step.facts.length - 1 } : null
}

/** Brought up to today's version of its type, so that an old recording is compared by what it means. */
const worded = ({ seq: _, stateHash: __, ...row }: TraceFact) => {
  const fact = decodeFact(row)
  return Result.isSuccess(fact) ? encodeFact(fact.success) : row
}

const outcomeOf = (decided: Redecided): Divergence["present"] => {
  switch (decided._tag) {
    case "Accepted":
      return { facts: decided.steps.map(({ fact }) => encodeFact(fact)), effects: decided.effects }
    case "Refusal":
      return `refused: ${decided.detail} (${decided.code})`
    case "Nothing":
      return `nothing comes of it: ${decided.reason}`
    case "Unreplayable":
      return decided.reason
  }
}

/** What is empty is no difference, as it makes none to the state's hash. */
const filled = ({ context, value }: { readonly value: unknown; readonly context: object }) => ({
  value,
  context: Object.fromEntries(
    Object.entries(context).filter(([, part]) => part !== null && !(typeof part === "object" && Object.keys(part as object).length === 0))
  )
})
