/** What a policy may say of an input: these facts, a refusal by name, or that it changes nothing. */
import type { Fact, FactOf, FactType } from "../facts.ts"
import type { Input, InputOf, InputType } from "../inputs.ts"
import type { Session } from "../session.ts"
import type { SessionContext } from "../session-context.ts"
import type { Moment } from "../time.ts"

/** A rule said no: part of the contract, and the caller's answer. */
export interface Refusal {
  readonly _tag: "Refusal"
  readonly code: string
  readonly detail: string
}
/** The input is of no consequence now: a report of an old generation, a repeated one, a wish that is already true. */
export interface Nothing {
  readonly _tag: "Nothing"
  readonly reason: "stale_generation" | "repeated" | "unchanged" | "not_due" | "not_now" | "weaker_evidence"
}
/** A rule reads the state after the facts before it, and adds to them. */
export type Rule = (situation: Situation) => ReadonlyArray<Fact>
export type Facts = ReadonlyArray<Fact | Rule>
export type Verdict = Facts | Refusal | Nothing

export const refuse = (code: string, detail: string): Refusal => ({ _tag: "Refusal", code, detail })
export const nothing = (reason: Nothing["reason"]): Nothing => ({ _tag: "Nothing", reason })

/** What every policy is given: the session before the input, and the moment. */
export interface Situation {
  readonly session: Session
  readonly context: SessionContext
  readonly now: Moment
}
export type Policy<T extends InputType> = (situation: Situation, input: InputOf<T>) => Verdict
export type Policies<I extends Input = Input> = { readonly [T in I["type"]]: Policy<T> }

type Draft<T extends FactType> = Omit<FactOf<T>, "type" | "at" | "offset">

/** A fact of this moment; of another one, when `when` says so (a journal reports what happened while no daemon listened). */
export const fact = <T extends FactType>(
  type: T,
  situation: Situation,
  draft: Draft<T>,
  when?: { readonly wallMs: number; readonly offset: number }
): FactOf<T> =>
  ({
    type,
    at: when?.wallMs ?? situation.now.wallMs,
    offset: Math.max(situation.context.offset, when?.offset ?? situation.now.offset),
    ...draft
  }) as unknown as FactOf<T>
