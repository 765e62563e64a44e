/** How a fact is remembered and what it obliges us to: the two words in which every transition is written. */
import { assign } from "xstate"
import type { Activity } from "./activity.ts"
import type { SessionEffect } from "./effects.ts"
import type { DeadlineName, Fact, FactOf, FactType } from "./facts.ts"
import type { Conversation, SessionContext, Word } from "./session-context.ts"

/** What a word means, apart from how XState is told of it. */
export type Act = { readonly remembered: (context: SessionContext, fact: Fact) => Partial<SessionContext> } | { readonly owed: Owed }

const acts = new WeakMap<object, Act>()

/** Undefined for an action that was written in other words than these two. */
export const actOf = (action: unknown): Act | undefined => acts.get(action as object)

/** Every fact leaves its time and offset behind; `change` says what else it leaves. */
export const remember = <T extends FactType>(
  change: (context: SessionContext, fact: FactOf<T>) => Partial<SessionContext> = () => ({})
) => {
  const remembered = (context: SessionContext, fact: FactOf<T>) => ({
    updatedAt: fact.at,
    offset: Math.max(context.offset, fact.offset),
    ...change(context, fact)
  })
  const action = assign<SessionContext, FactOf<T>, undefined, Fact, never>(({ context, event }) => remembered(context, event))
  acts.set(action, { remembered: remembered as (context: SessionContext, fact: Fact) => Partial<SessionContext> })
  return action
}

export type Owed = (context: SessionContext) => ReadonlyArray<SessionEffect>
export const perform = (owed: Owed) => {
  const action = { type: "perform" as const, params: ({ context }: { readonly context: SessionContext }) => owed(context) }
  acts.set(action, { owed })
  return action
}

export const without = (deadlines: SessionContext["deadlines"], ...names: ReadonlyArray<DeadlineName>): SessionContext["deadlines"] =>
  Object.fromEntries(Object.entries(deadlines).filter(([name]) => !names.includes(name as DeadlineName)))

/** What a prompt waits for outlives processes; every other deadline belongs to the launch or the wait that set it. */
export const lasting = ({ expire }: SessionContext["deadlines"]): SessionContext["deadlines"] => (expire === undefined ? {} : { expire })

/** What an agent does in a turn: a question that it asks is part of one. */
export const isBusy = (activity: Activity): boolean => activity === "working" || activity === "compacting" || activity === "waiting"

export const wordOf = (fact: Omit<FactOf<"ActivityChanged">, "type">): Word => ({
  value: fact.activity,
  source: fact.source,
  at: fact.at,
  question: fact.question,
  ...(fact.asked === undefined ? {} : { asked: fact.asked }),
  ...(fact.evidenceOffset === undefined ? {} : { evidenceOffset: fact.evidenceOffset }),
  ...(fact.speaker === undefined ? {} : { speaker: fact.speaker }),
  ...(fact.behindBytes === undefined ? {} : { behindBytes: fact.behindBytes }),
  ...(fact.observedAt === undefined ? {} : { observedAt: fact.observedAt })
})

/** Something was said in the conversation: from here on there is something to resume. */
export const begun = ({ conversation }: SessionContext): { readonly conversation: Conversation | null } => ({
  conversation: conversation && { ...conversation, begun: true }
})
