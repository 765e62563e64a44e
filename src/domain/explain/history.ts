/** The log of one session as an explanation reads it: any fact with its input, any state, and the way back. */
import type { Effect } from "effect"
import type { Fact } from "../facts.ts"
import type { Input } from "../inputs.ts"
import type { Session } from "../session.ts"
import type { Moment } from "../time.ts"

export interface Told {
  readonly seq: number
  readonly fact: Fact
  readonly inputId: string
  /** The client or component that is recorded as its cause. */
  readonly actor: string
  /** The seq of the first fact of the same decision. */
  readonly first: number
  /** Null where the log does not hold it. */
  readonly cause: { readonly input: Input | { readonly type: "Create" }; readonly moment: Moment } | null
}

/** A fact as it lies in the log, not decoded: enough to pass over it. */
export interface Raw {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface History<E> {
  /** Null where there is no such fact. */
  readonly told: (seq: number) => Effect.Effect<Told | null, E>
  /** The session before this fact; null before the first. */
  readonly before: (seq: number) => Effect.Effect<Session | null, E>
  /** The newest fact below `seq` that matches. */
  readonly newest: (below: number, matches: (raw: Raw) => boolean) => Effect.Effect<number | null, E>
}
