/** How a fact is remembered and what it obliges us to: the two words in which every transition is written. */
import { assign } from "xstate"
import type { Activity } from "./activity.ts"
import type { SessionEffect } from "./effects.ts"
import type { DeadlineName, Fact, FactOf, FactType } from "./facts.ts"
import type { Conversation, SessionContext, Word } from "./session-context.ts"

/** Every fact leaves its time and offset behind; `change` says what else it leaves. */
export const remember = <T extends FactType>(change: (context: SessionContext, fact: FactOf<T>) => Partial<SessionContext> = () => ({})) =>
  assign<SessionContext, FactOf<T>, undefined, Fact, never>(({ context, event }) => ({
    updatedAt: event.at,
    offset: Math.max(context.offset, event.offset),
    ...change(context, event)
  }))

export type Owed = (context: SessionContext) => ReadonlyArray<SessionEffect>
export const perform = (owed: Owed) => ({
  type: "perform" as const,
  params: ({ context }: { readonly context: SessionContext }) => owed(context)
})

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
  ...(fact.evidenceOffset === undefined ? {} : { evidenceOffset: fact.evidenceOffset })
})

/** Something was said in the conversation: from here on there is something to resume. */
export const begun = ({ conversation }: SessionContext): { readonly conversation: Conversation | null } => ({
  conversation: conversation && { ...conversation, begun: true }
})
