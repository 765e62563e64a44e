/** A session is the fold of its facts: open it with the first, apply each next one; replaying is the same with effects dropped. */
import { type ActorLogic, initialTransition, type SnapshotFrom, transition } from "xstate"
import { canonicalJson, writtenFields } from "./canonical.ts"
import type { SessionEffect } from "./effects.ts"
import type { Fact, FactOf } from "./facts.ts"
import { machine } from "./machine.ts"
import { effects } from "./machine-setup.ts"
import type { SessionContext } from "./session-context.ts"

/** XState's own snapshot: kept from one fact to the next. */
export type Session = SnapshotFrom<typeof machine>
export type Applied = readonly [session: Session, effects: ReadonlyArray<SessionEffect>]

/** A stream begins with `SessionCreated`; its effects are the first obligations. */
export const open = (created: FactOf<"SessionCreated">): Applied => {
  const [session, actions] = initialTransition(machine, created)
  return [session, actions.map(effectOf)]
}

/** Null when the machine does not take the fact in its present state. */
export const tryApply = (session: Session, fact: Fact): Applied | null => {
  const [after, actions] = transition(stepLogic, session, fact)
  return after === session ? null : [after, actions.map(effectOf)]
}

/**
 * XState's `transition()` makes an actor for each step, and for it an initial snapshot that nothing reads. Without an input that
 * snapshot is an exception: two thirds of the time of a step. This logic steps as the machine does, and has a snapshot ready.
 */
const stepLogic = {
  transition: (session, fact, scope) => machine.transition(session, fact, scope),
  getInitialSnapshot: () => unread,
  getPersistedSnapshot: (session) => session
} satisfies ActorLogic<Session, Fact, FactOf<"SessionCreated">>
const unread = {} as Session

/** An action that the machine names and does not implement is an effect. */
const effectOf = ({ params, type }: { readonly type: string; readonly params: unknown }): SessionEffect => {
  if (!(type in effects)) throw new Error(`${type}: the machine may own neither timers nor actors`)
  return { type, ...(params as object) } as SessionEffect
}

/** Throws when the fact is not legal: in a log that is corruption, before an append it is a defect of ours. */
export const apply = (session: Session, fact: Fact): Applied => {
  const applied = tryApply(session, fact)
  if (applied === null) throw new IllegalFact(fact.type, stateName(session))
  return applied
}

export const replay = (facts: ReadonlyArray<Fact>): Session => {
  const [created, ...rest] = facts
  if (created?.type !== "SessionCreated") throw new IllegalFact(created?.type ?? "nothing", "an empty stream")
  return rest.reduce((session, fact) => apply(session, fact)[0], open(created)[0])
}

export class IllegalFact extends Error {
  readonly factType: string
  readonly state: string
  constructor(factType: string, state: string) {
    super(`${factType} is not legal in ${state}`)
    this.factType = factType
    this.state = state
  }
}

/** `starting`, `streaming`, `ended`, `resuming` or `terminated`. */
export const lifeOf = (session: Session) => {
  const life = session.value.life
  return (typeof life === "string" ? life : Object.keys(life)[0]!) as "starting" | "streaming" | "ended" | "resuming" | "terminated"
}

/** The agent is there and takes input: neither on its way nor gone. */
export const isUp = (session: Session): boolean => lifeOf(session) === "streaming" && insideOf(session) !== "reaping"

/** In these states a process may be, or is on its way. */
export const mayRun = (life: string): boolean => life === "starting" || life === "streaming" || life === "resuming"

/** The state within: `booting`, `idle`, `backingOff`, …; the life itself where nothing lies inside. */
export const insideOf = (session: Session): string => {
  const life = session.value.life
  return typeof life === "string" ? life : (Object.values(life)[0] as string)
}

export const stoppingOf = (session: Session): "none" | "asked" | "hungUp" | "killed" => session.value.stopping

/** For people: `streaming/idle`, with the stop that is under way. */
export const stateName = (session: Session): string => {
  const inside = insideOf(session)
  const life = lifeOf(session)
  const stop = stoppingOf(session)
  return `${life}${inside === life ? "" : `/${inside}`}${stop === "none" ? "" : ` (stop: ${stop})`}`
}

/**
 * One text for one state: what `state_hash` is taken over. What is empty is left out, so that a memory which gains a place for
 * something new keeps the hashes of every state in which that place is still empty.
 */
export const canonical = ({ context, value }: Session): string => {
  const fields = context as unknown as Readonly<Record<string, unknown>>
  const filled = Object.keys(fields).filter((name) => !isEmpty(fields[name]))
  return `[${textOf(value)},${writtenFields(fields, filled.sort(), textOf)}]`
}

/** What a session remembers is never changed in place, so a part that stays is written once. */
const texts = new WeakMap<object, string>()

const textOf = (part: unknown): string => {
  if (typeof part !== "object" || part === null) return canonicalJson(part)
  const known = texts.get(part)
  if (known !== undefined) return known
  const text = canonicalJson(part)
  texts.set(part, text)
  return text
}

/** The format of a checkpoint: a change of the machine's states or of its context's shape is a new one, and older ones are ignored. */
export const checkpointFormat = 2

export const toCheckpoint = (session: Session): string => JSON.stringify({ value: session.value, context: session.context })

/** Throws where the text holds no session, or a state that this version does not know. */
export const fromCheckpoint = (text: string): Session => {
  const { context, value } = JSON.parse(text) as { readonly value: Session["value"]; readonly context: SessionContext }
  if (typeof context !== "object" || context === null || Array.isArray(context)) throw new Error("the checkpoint holds no context")
  return machine.resolveState({ value, context })
}

const isEmpty = (value: unknown) =>
  value === null ||
  value === undefined ||
  (typeof value === "object" && (Array.isArray(value) ? value.length : Object.keys(value).length) === 0)
