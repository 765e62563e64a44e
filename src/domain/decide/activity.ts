/** What the agent is doing, by the best evidence there is: a weaker source never overrides a stronger one that is still fresh. */
import type { EvidenceSource } from "../activity.ts"
import type { Asked, Fact } from "../facts.ts"
import type { InputOf, Report } from "../inputs.ts"
import { limits } from "../limits.ts"
import { isBefore, isSlower, precedes } from "../prompt-transitions.ts"
import { insideOf, isUp } from "../session.ts"
import type { SessionContext, Word } from "../session-context.ts"
import { deadlineIn } from "../time.ts"
import { ready } from "./readiness.ts"
import { fact, nothing, type Policies, type Situation, type Verdict } from "./verdict.ts"

/**
 * How long a source's word stands against a weaker one, best source first. Hooks report a turn's end only when it ends well: an
 * interrupted one must not look busy for longer than a minute.
 */
const freshMs: { readonly [source in EvidenceSource]: number } = {
  protocol: 600_000,
  hook: 60_000,
  transcript: 30_000,
  osc: 15_000,
  screen: 5_000,
  silence: 0,
  none: 0
}
const strength = Object.keys(freshMs).toReversed()
const isWeaker = (source: EvidenceSource, than: EvidenceSource) => strength.indexOf(source) < strength.indexOf(than)

/** Whether what is known now outweighs a word of `source`. An `unknown` activity never outweighs another. */
export const outweighs = ({ activity }: SessionContext, source: EvidenceSource, nowMs: number): boolean =>
  activity.value !== "unknown" && isWeaker(source, activity.source) && nowMs - activity.at < freshMs[activity.source]

type Observed = InputOf<"ActivityObserved">

export const activity: Policies<Extract<Report, { readonly type: "ActivityObserved" }>> = {
  ActivityObserved: (situation, observed) => {
    const { context, session } = situation
    if (observed.generation !== context.generation) return nothing("stale_generation")
    // An agent that says what it is doing is up: its word may be faster than the holder's.
    if (insideOf(session) === "booting" && observed.activity !== "unknown")
      return [...ready(situation, observed.source), changed(situation, observed)]
    if (!isUp(session)) return nothing("not_now")
    if (isOvertaken(context.activity, observed, situation.now.wallMs) || isOfTurnBefore(situation, observed)) return nothing("repeated")
    if (observed.evidenceOffset !== undefined && observed.evidenceOffset <= (context.activity.evidenceOffset ?? -1))
      return nothing("repeated")
    return outweighs(context, observed.source, situation.now.wallMs) ? weaker(situation, observed) : heard(situation, observed)
  }
}

/** A word that was sent and left behind comes twice, and may come late: its source has said something newer by then. */
const isOvertaken = (known: Word, { observedAt, source }: Observed, nowMs: number) =>
  source === known.source && observedAt !== undefined && known.observedAt !== undefined && isBefore(observedAt, known.observedAt, nowMs)

/** It comes late: the agent has taken up what was typed after it, as a faster source says, and this is no end of that turn. */
const isOfTurnBefore = ({ context, now }: Situation, observed: Observed) => {
  const accepted = context.prompts.filter(({ answers, stage }) => stage === "accepted" && answers === undefined)
  return accepted.length > 0 && accepted.every((prompt) => precedes(prompt, { ...observed, at: now.wallMs }))
}

const heard = (situation: Situation, observed: Observed): Verdict => {
  const { context, now } = situation
  const { activity: known, doubt } = context
  if (isAskedAgain(situation, observed)) return [changed(situation, { ...observed, redrawn: true })]
  if (saysLess(known, observed)) return nothing("unchanged")
  if (
    known.source !== observed.source ||
    known.value !== observed.activity ||
    known.question !== observed.question ||
    known.speaker !== observed.speaker ||
    observed.redrawn ||
    (known.behindBytes === undefined) !== (observed.behindBytes === undefined) ||
    offersMore(known, observed)
  )
    return [changed(situation, observed)]
  const isHalfOver = now.wallMs - known.at >= freshMs[known.source] / 2 && freshMs[known.source] > 0
  return doubt !== null || isHalfOver || isRestAgain(known, observed) ? [confirmed(situation, observed)] : nothing("unchanged")
}

/** Its agent was answered, and asks in the same words: it is another question, and no answer to the first one may reach it. */
const isAskedAgain = ({ context: { activity: known, prompts } }: Situation, { activity: value, source }: Observed) =>
  source === "protocol" &&
  known.source === source &&
  known.value === "waiting" &&
  value === "waiting" &&
  prompts.some(({ answers, stage }) => stage === "submitted" && answers !== undefined && answers === known.asked?.id)

/** Between two rests there was work, of which a word may still come: it must not pass for a newer one. */
const isRestAgain = (known: Word, { activity: value, observedAt }: Observed) =>
  value === "idle" && observedAt !== undefined && observedAt > (known.observedAt ?? known.at)

/** It may know more about a question that both see; else it agrees, or it is a doubt that counts once the stronger word is old. */
const weaker = (situation: Situation, observed: Observed): Verdict => {
  const { context, now } = situation
  const { activity: known, doubt } = context
  // An answer to the question before must not reach this one, whatever the better source said last.
  if (observed.redrawn && known.value === "waiting") return [changed(situation, { ...observed, source: known.source })]
  if (known.value === observed.activity) {
    if (knowsMore(known, observed)) return [changed(situation, joined(known, observed))]
    return doubt !== null && !isWeaker(observed.source, doubt.source) ? [confirmed(situation, observed)] : nothing("weaker_evidence")
  }
  if (doubt !== null && isWeaker(observed.source, doubt.source)) return nothing("weaker_evidence")
  if (doubt !== null && doubt.value === observed.activity && doubt.source === observed.source) return nothing("repeated")
  const freshForMs = known.at + freshMs[known.source] - now.wallMs
  // A person may open a dialog of which the agent says nothing: an idle agent draws none that soon goes away by itself.
  const isDialog = known.value === "idle" && observed.activity === "waiting" && observed.source === "screen"
  const standsMs = isDialog ? Math.min(freshForMs, limits.dialogStandsMs) : freshForMs
  return [fact("ActivityDoubted", situation, { ...wordsOf(situation, observed), deadline: deadlineIn(now, standsMs) })]
}

/** The same source reports the same question in another place, with fewer words. */
const saysLess = (known: Word, observed: Observed) =>
  known.source === observed.source &&
  known.value === "waiting" &&
  known.behindBytes === undefined &&
  observed.activity === "waiting" &&
  known.question !== null &&
  observed.question === null &&
  !offersMore(known, observed)

const knowsMore = (known: Word, observed: Observed) =>
  offersMore(known, observed) || (observed.activity === "waiting" && known.question === null && observed.question !== null)

const offersMore = (known: Word, { activity: value, asked }: Observed) =>
  value === "waiting" && known.asked?.choices.length === 0 && (asked?.choices.length ?? 0) > 0

/** What the stronger source said stands; only what it left open is filled in. */
const joined = (known: Word, observed: Observed): Observed => ({
  ...observed,
  source: known.source,
  question: known.question ?? observed.question,
  asked: {
    kind: observed.asked?.kind ?? known.asked?.kind ?? "input",
    choices: known.asked?.choices.length ? known.asked.choices : (observed.asked?.choices ?? [])
  }
})

/** The stronger word has grown old unconfirmed. */
export const doubtDue = (situation: Situation): ReadonlyArray<Fact> => {
  const { doubt, generation } = situation.context
  if (doubt === null) return []
  const { asked, at: _, value, ...word } = doubt
  return [
    changed(situation, {
      type: "ActivityObserved",
      generation,
      activity: value,
      ...word,
      ...(asked === undefined ? {} : { asked })
    })
  ]
}

const confirmed = (situation: Situation, { generation, observedAt, source }: Observed) =>
  fact("ActivityConfirmed", situation, { generation, source, ...(observedAt === undefined ? {} : { observedAt }) })

const changed = (situation: Situation, observed: Observed) =>
  fact("ActivityChanged", situation, { ...wordsOf(situation, observed), ...(observed.activity === "idle" ? hastened(situation) : {}) })

/** The work that a prompt had to wait for is over: it is taken up now, as by any idle agent, or not at all. */
const hastened = ({ context, now }: Situation) => {
  const acceptBy = deadlineIn(now, limits.acceptMs)
  return context.prompts.some((prompt) => isSlower(prompt, acceptBy)) ? { acceptBy } : {}
}

const wordsOf = (
  situation: Situation,
  { activity: value, asked, behindBytes, evidenceOffset, generation, observedAt, question, redrawn, source, speaker }: Observed
) => ({
  generation,
  activity: value,
  source,
  question,
  ...(value === "waiting"
    ? { asked: redrawn ? askedAnew(situation.context, asked) : askedOf(situation.context, source, question, asked) }
    : {}),
  ...(evidenceOffset === undefined ? {} : { evidenceOffset }),
  ...(speaker === undefined ? {} : { speaker }),
  ...(behindBytes === undefined ? {} : { behindBytes }),
  ...(observedAt === undefined ? {} : { observedAt })
})

/** What several sources report while the agent waits is one question, until one of them reports another. */
const askedOf = (
  { activity: known, generation, heard }: SessionContext,
  source: EvidenceSource,
  question: string | null,
  asked: Observed["asked"]
) => {
  const same =
    known.value === "waiting" &&
    known.asked !== undefined &&
    (known.source !== source || known.question === null || known.question === question)
  // A source that knows no choices takes none away: the screen that shows them may not change any more, and is not read again.
  if (same && known.asked.choices.length > 0 && (asked?.choices.length ?? 0) === 0) return known.asked
  return {
    id: same ? known.asked.id : nextId({ generation, heard }),
    kind: asked?.kind ?? known.asked?.kind ?? "input",
    choices: asked?.choices ?? []
  } satisfies Asked
}

const askedAnew = (context: SessionContext, asked: Observed["asked"]): Asked => ({
  id: nextId(context),
  kind: asked?.kind ?? context.activity.asked?.kind ?? "input",
  choices: asked?.choices ?? []
})

const nextId = ({ generation, heard }: Pick<SessionContext, "generation" | "heard">) => `${generation}.${(heard?.changes ?? 0) + 1}`
