/** Why a fact happened: from it back through inputs, effects and deadlines to what happened outside the log, each step found and none guessed. */
import { Effect } from "effect"
import { canonicalJson } from "../canonical.ts"
import type { SessionEffect } from "../effects.ts"
import { limits } from "../limits.ts"
import { open, type Session, tryApply } from "../session.ts"
import { iso } from "../time.ts"
import { type Cause, cannotTell, causeOf } from "./causes.ts"
import { factSentence } from "./fact-sentences.ts"
import type { History, Raw, Told } from "./history.ts"
import { effectSentence, inputSentence } from "./input-sentences.ts"
import type { Link } from "./link.ts"

/** The fact itself first; the last link is an origin, or says that the origin is not known. */
export const explain = Effect.fnUntraced(function* <E>(history: History<E>, seq: number) {
  const links: Array<Link> = []
  let at = seq
  while (links.length < limits.explainLinks) {
    const told: Told | null = yield* history.told(at)
    if (told === null) return [...links, cannotTell(`fact ${at} cannot be read`).link]
    links.push(factLink(told), ...inputLinks(told))
    const before: Session | null = yield* history.before(told.first)
    const next: Next = yield* follow(history, told, causeOf(told, before))
    links.push(...next.links)
    if (next.seq === null) return links
    at = next.seq
  }
  return [...links, cannotTell(`the chain goes on; ask for fact ${at}`).link]
})

interface Next {
  readonly links: ReadonlyArray<Link>
  /** The fact that the chain goes on with; null at its end. */
  readonly seq: number | null
}

const follow = Effect.fnUntraced(function* <E>(history: History<E>, told: Told, cause: Cause) {
  switch (cause._tag) {
    case "Ends":
      return { links: [cause.link], seq: null } satisfies Next
    case "Owed":
      return yield* owedBy(history, told.first, cause)
    case "Due": {
      const setBy = yield* history.newest(told.first, holds(cause.deadline))
      const due = iso(cause.deadline.wallMs)
      const link: Link = { kind: "deadline", name: cause.name, due, setBy, sentence: `The deadline "${cause.name}" had passed: ${due}.` }
      return setBy === null
        ? ({ links: [link, cannotTell("no fact that is left set it").link], seq: null } satisfies Next)
        : ({ links: [link], seq: setBy } satisfies Next)
    }
    case "After": {
      const seq = yield* history.newest(told.first, cause.fact)
      const { sentence } = cause
      return seq === null
        ? ({ links: [cannotTell("the fact that it followed is not in the log").link], seq } satisfies Next)
        : ({ links: [{ kind: "after", seq, sentence }], seq } satisfies Next)
    }
  }
})

/** Effects are not in the log: the fact is applied again to the state before it, and says what it obliges to. */
const owedBy = Effect.fnUntraced(function* <E>(history: History<E>, below: number, { by, effect }: Extract<Cause, { _tag: "Owed" }>) {
  const types: ReadonlySet<string> = new Set(by)
  for (let from = below; ; ) {
    const seq: number | null = yield* history.newest(from, ({ type }) => types.has(type))
    if (seq === null) return { links: [cannotTell("no fact in the log obliged the daemon to this").link], seq } satisfies Next
    const obliged = (yield* effectsOf(history, seq)).find(effect)
    if (obliged !== undefined) {
      const link: Link = { kind: "effect", type: obliged.type, owedBy: seq, effect: { ...obliged }, sentence: effectSentence(obliged) }
      return { links: [link], seq } satisfies Next
    }
    from = seq
  }
})

const effectsOf = Effect.fnUntraced(function* <E>(history: History<E>, seq: number) {
  const told: Told | null = yield* history.told(seq)
  if (told === null) return []
  const before: Session | null = yield* history.before(seq)
  if (before !== null) return tryApply(before, told.fact)?.[1] ?? []
  const none: ReadonlyArray<SessionEffect> = []
  return told.fact.type === "SessionCreated" ? open(told.fact)[1] : none
})

/** Some field of it, however deep, is this deadline. */
const holds = (deadline: object) => {
  const wanted = canonicalJson(deadline)
  const within = (value: unknown): boolean =>
    typeof value === "object" && value !== null && (canonicalJson(value) === wanted || Object.values(value).some(within))
  return ({ data }: Raw) => within(data)
}

const factLink = ({ fact, seq }: Told): Link => ({
  kind: "fact",
  seq,
  type: fact.type,
  at: iso(fact.at),
  offset: fact.offset,
  sentence: factSentence(fact)
})

const inputLinks = ({ actor, cause, first, inputId, seq }: Told): ReadonlyArray<Link> => {
  if (cause === null) return []
  const { input, moment } = cause
  const together = first === seq ? "" : ` It caused fact ${first} first.`
  const sentence = inputSentence(input) + together
  return [{ kind: "input", inputId, type: input.type, by: actor, at: iso(moment.wallMs), input: { ...input }, sentence }]
}
