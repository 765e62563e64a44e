/** Prompts: queued durably, claimed before a byte leaves, and moved on by evidence. A fate that is not known is called uncertain, never guessed. */

import { isBusy } from "../activity.ts"
import type { Evidence, Fact } from "../facts.ts"
import type { Command, InputOf, Report } from "../inputs.ts"
import { limits } from "../limits.ts"
import { isBefore, turnsOfOthers } from "../prompt-transitions.ts"
import { insideOf, isUp, lifeOf } from "../session.ts"
import type { OpenPrompt } from "../session-context.ts"
import { deadlineIn, type Moment } from "../time.ts"
import { isResumable } from "./conversation.ts"
import { fact, nothing, type Policies, refuse, type Situation, type Verdict } from "./verdict.ts"

type PromptInput = Extract<
  Command | Report,
  { readonly type: "Prompt" | "EditPrompt" | "PromotePrompt" | "CancelPrompt" | "PromptObserved" | "PromptUndeliverable" }
>

export const prompts: Policies<PromptInput> = {
  Prompt: (situation, { by, prompt }) => {
    const { context, session } = situation
    if (context.prompts.some(({ id }) => id === prompt.id)) return refuse("prompt_exists", `a prompt ${prompt.id} is open`)
    if (context.prompts.length >= limits.prompts) return refuse("queue_full", `at most ${limits.prompts} prompts may be open`)
    // It would wait for an agent that a client has just sent away.
    if (context.stop !== null) return refuse("already_stopping", `a ${context.stop.mode} by ${context.stop.by} is under way`)
    if (prompt.answers !== undefined && prompt.answers !== openQuestion(situation))
      return refuse("question_closed", `no question ${prompt.answers} is open`)
    // Typed after the first, it would be read by whatever the first answer opens.
    const first = prompt.answers === undefined ? undefined : context.prompts.find(({ answers }) => answers === prompt.answers)
    if (first !== undefined)
      return refuse("answer_under_way", `the prompt ${first.id} answers the question ${prompt.answers} and is ${first.stage}`)
    const queue = fact("PromptQueued", situation, { prompt, by })
    if (lifeOf(session) !== "ended" || insideOf(session) === "backingOff") return [queue]
    if (insideOf(session) === "archived") return refuse("archived", "the session is archived")
    if (!isResumable(context)) return refuse("no_conversation", "the agent has ended, and there is no conversation to resume")
    return [queue, fact("ResumeRequested", situation, { by, why: "prompt" })]
  },
  EditPrompt: (situation, { type: _, ...edited }) => queued(situation, edited.promptId, () => [fact("PromptEdited", situation, edited)]),
  PromotePrompt: (situation, { by, promptId }) =>
    queued(situation, promptId, () =>
      situation.context.prompts[0]?.id === promptId ? nothing("unchanged") : [fact("PromptPromoted", situation, { promptId, by })]
    ),
  CancelPrompt: (situation, { by, promptId, reason }) =>
    queued(situation, promptId, () => [fact("PromptCancelled", situation, { promptId, by, reason })]),
  PromptUndeliverable: (situation, { code, generation, promptId }) => {
    const claimed = situation.context.prompts.some(({ id, stage }) => id === promptId && stage === "claimed")
    if (!claimed || generation !== situation.context.generation) return nothing("stale_generation")
    return [
      fact("PromptRejected", situation, {
        promptId,
        code,
        evidence: { source: "reprise", detail: undeliverable.get(code) ?? "nothing was typed" }
      })
    ]
  },
  PromptObserved: (situation, observed) => {
    const { detail, generation, hash, source } = observed
    if (generation !== situation.context.generation) return nothing("stale_generation")
    const submitted = situation.context.prompts.find(
      (prompt) => prompt.stage === "submitted" && (hash === undefined || prompt.hash === hash)
    )
    if (submitted !== undefined) return [fact("PromptAccepted", situation, { promptId: submitted.id, evidence: { source, detail } })]
    const passed = passedOver(situation, observed)
    return passed.length === 0 ? nothing("not_now") : passed
  }
}

const undeliverable: ReadonlyMap<string, string> = new Map([
  ["line_too_long", `nothing was typed: the terminal reads lines, and keeps ${limits.canonicalLineBytes} bytes of one`],
  ["echo_off", "nothing was typed: the terminal echoed nothing, as one that asks for a password"],
  ["suspended", "nothing was typed: the agent is stopped"]
])

/** An earlier prompt, whose arrival was not known, is taken up after all: the turn is that one's. */
const passedOver = (situation: Situation, { hash, observedAt, ours, source }: InputOf<"PromptObserved">): ReadonlyArray<Fact> => {
  const { context, now } = situation
  if (ours !== true || observedAt === undefined) return []
  return context.prompts
    .filter(
      (prompt) =>
        (prompt.stage === "claimed" || prompt.stage === "written" || prompt.stage === "submitted") &&
        prompt.answers === undefined &&
        prompt.hash !== hash &&
        !isBefore(observedAt, prompt.claimedAt ?? 0, now.wallMs) &&
        prompt.before.turns < turnsOfOthers(context)
    )
    .map(({ id }) =>
      fact("PromptPassedOver", situation, {
        promptId: id,
        evidence: { source, detail: "the agent took up another prompt" },
        deadline: deadlineIn(now, limits.acceptWhileBusyMs)
      })
    )
}

const queued = (situation: Situation, promptId: string, then: () => Verdict): Verdict => {
  const prompt = situation.context.prompts.find(({ id }) => id === promptId)
  if (prompt === undefined) return refuse("prompt_not_found", `no prompt ${promptId} is open`)
  return prompt.stage === "queued" ? then() : refuse("prompt_under_way", `prompt ${promptId} is ${prompt.stage} already`)
}

/** What became of a prompt's write. Text and Enter are one operation, so one word of the holder settles both. */
export const promptWriteSettled = (
  situation: Situation,
  prompt: OpenPrompt,
  { asked, enteredAt, outcome, why }: InputOf<"WriteSettled">
): ReadonlyArray<Fact> => {
  const told = (detail: string): Evidence => ({ source: "holder", detail })
  const promptId = prompt.id
  if (outcome === "not_written")
    return [
      fact("PromptReleased", situation, {
        promptId,
        evidence: told(why === undefined ? "nothing was typed" : (undeliverable.get(why) ?? "nothing was typed")),
        ...(asked === true || why === "suspended" || why === "echo_off" || isOther(situation, prompt) ? { free: true } : {})
      })
    ]
  if (outcome === "uncertain") return [uncertain(situation, prompt, "the terminal went while it was typed")]
  if (outcome === "withheld")
    return [
      uncertain(
        situation,
        prompt,
        "a question opened while its text was typed: Enter was not pressed, and the text may have reached the question"
      )
    ]
  if (isOther(situation, prompt) && isKnownBefore(situation, enteredAt))
    return [uncertain(situation, prompt, "a question opened before Enter was pressed, and may have taken it")]
  if (situation.context.suspendedAt != null) return [uncertain(situation, prompt, "the agent was stopped while it was typed")]
  const busy = situation.context.activity.value === "working"
  return [
    fact("PromptWritten", situation, { promptId, evidence: told("every byte of the text reached the terminal") }),
    fact("PromptSubmitted", situation, {
      promptId,
      evidence: told("Enter was pressed once"),
      deadline: deadlineIn(situation.now, busy ? limits.acceptWhileBusyMs : limits.acceptMs),
      ...(enteredAt === undefined ? {} : { enteredAt })
    })
  ]
}

/** The agent waits, and for something else than this prompt. */
const isOther = ({ context: { activity } }: Situation, { answers }: OpenPrompt) =>
  activity.value === "waiting" && (answers === undefined || answers !== activity.asked?.id)

/** What is known of the agent now was so before Enter was pressed. */
const isKnownBefore = ({ context: { activity }, now }: Situation, enteredAt: number | undefined) =>
  enteredAt !== undefined && isBefore(activity.observedAt ?? activity.at, enteredAt, now.wallMs)

/** No source said that the agent took the prompt. Where a source would have said so, it did not; else it is not known. Enter is not pressed again. */
export const acceptOverdue = (situation: Situation, deaf: boolean): ReadonlyArray<Fact> =>
  situation.context.prompts
    .filter(({ acceptBy, stage }) => stage === "submitted" && acceptBy !== null && acceptBy.bootMs <= situation.now.bootMs)
    .map((prompt) => {
      const { activity, heard } = situation.context
      const { source, value } = activity
      // Its last words may lie behind its end: an agent that has ended did not stay idle.
      if (!isUp(situation.session)) return uncertain(situation, prompt, endedWhile(prompt))
      if (deaf) return uncertain(situation, prompt, "the daemon did not observe the agent when its time was up")
      const unmoved = (heard?.changes ?? 0) === prompt.before.changes
      if (prompt.answers !== undefined && prompt.answers === openQuestion(situation))
        return fact("PromptRejected", situation, {
          promptId: prompt.id,
          code: "not_accepted",
          evidence: { source, detail: "the question is still open" }
        })
      const stayed = prompt.answers === undefined && source !== "none" && value === "idle" && unmoved
      // Done or not: sent again it might be done twice.
      if (stayed && prompt.command) return { ...uncertain(situation, prompt, "the agent may have done it without a turn"), resend: false }
      return stayed
        ? fact("PromptRejected", situation, {
            promptId: prompt.id,
            code: "not_accepted",
            evidence: { source, detail: "the agent stayed idle" }
          })
        : uncertain(situation, prompt, "nothing tells whether the agent took it")
    })

export const expireDue = (situation: Situation): ReadonlyArray<Fact> =>
  situation.context.prompts
    .filter(({ expires, stage }) => stage === "queued" && expires !== null && expires.bootMs <= situation.now.bootMs)
    .map(({ id }) => fact("PromptExpired", situation, { promptId: id }))

/** The agent is gone: what was typed and not answered can no longer be known; what only waits, waits on. */
export const atEnd = (situation: Situation): ReadonlyArray<Fact> => {
  const { activity, generation, prompts: open } = situation.context
  const inTurn = open.find(({ stage }) => stage === "accepted")
  return [
    ...(inTurn !== undefined || isBusy(activity.value)
      ? [fact("TurnAbandoned", situation, { generation, prompt: inTurn?.id ?? null })]
      : []),
    ...open
      .filter(({ answers, stage }) => stage === "queued" && answers !== undefined)
      .map(({ id }) => fact("PromptExpired", situation, { promptId: id })),
    ...open.filter(({ stage }) => stage !== "queued").map((prompt) => uncertain(situation, prompt, endedWhile(prompt)))
  ]
}

const endedWhile = ({ stage }: OpenPrompt) => `the agent ended while the prompt was ${stage}`

/** Whether a turn that ended then may have been this prompt's. */
export const isTurnOf = ({ now }: Situation, { claimedAt, stage }: OpenPrompt, endedAt: number | undefined): boolean =>
  stage === "accepted" && (endedAt === undefined || !isBefore(endedAt, claimedAt ?? 0, now.wallMs))

/**
 * The agent was idle when a prompt was typed, and says that a turn has ended since: the prompt began it, though no source reported its beginning.
 * Null where there is no such prompt.
 */
export const unheardTurn = (situation: Situation, observed: InputOf<"TurnObserved">): ReadonlyArray<Fact> | null => {
  const {
    context: { activity, prompts: open },
    now
  } = situation
  const { detail, generation, observedAt, outcome, source } = observed
  // The rest that is known may be the one after this very turn.
  if (activity.value !== "idle" || observedAt === undefined || observedAt <= (activity.observedAt ?? activity.at)) return null
  const prompt = open.find(
    ({ answers, claimedAt, stage }) =>
      answers === undefined && claimedAt !== undefined && (stage === "submitted" || (stage !== "queued" && outcome === "completed"))
  )
  if (prompt?.claimedAt === undefined || isBefore(observedAt, prompt.claimedAt, now.wallMs)) return null
  const ended = fact("TurnEnded", situation, { generation, outcome, detail, source, unheard: true })
  if (outcome === "completed") return [ended]
  const accepted = fact("PromptAccepted", situation, { promptId: prompt.id, evidence: { source, detail: "its turn has ended" } })
  return [ended, accepted, fateOf(situation, prompt.id, observed)]
}

/** What a turn's end means for the prompts that it was about. */
export const turnEnded = (situation: Situation, observed: TurnsEnd): ReadonlyArray<Fact> =>
  situation.context.prompts
    .filter((prompt) => isTurnOf(situation, prompt, observed.observedAt))
    .map(({ id }) => fateOf(situation, id, observed))

type TurnsEnd = Pick<InputOf<"TurnObserved">, "detail" | "observedAt" | "outcome" | "source">

const fateOf = (situation: Situation, promptId: string, { detail, outcome, source }: TurnsEnd): Fact => {
  const evidence = { source, detail }
  if (outcome === "failed") return fact("PromptRejected", situation, { promptId, code: "turn_failed", evidence })
  return outcome === "completed"
    ? fact("PromptAnswered", situation, { promptId, evidence })
    : fact("PromptCancelled", situation, { promptId, by: situation.context.interrupt?.by ?? source, reason: "its turn was interrupted" })
}

/** The session is over for good: prompts that wait, also those that the end of the agent sent back to wait, are cancelled. */
export const cancelQueued = (situation: Situation, by: string): ReadonlyArray<Fact> =>
  situation.context.prompts
    .filter((prompt) => (prompt.stage === "queued" && prompt.answers === undefined) || isResent(prompt))
    .map(({ id }) => fact("PromptCancelled", situation, { promptId: id, by, reason: "the session was terminated" }))

export const uncertain = (situation: Situation, prompt: OpenPrompt, reason: string) =>
  fact("PromptUncertain", situation, { promptId: prompt.id, reason, resend: isResent(prompt) })

/** Once: a second doubt is no better than the first. Not an answer: the next question is another one. What the agent has taken is not sent again; whether it was answered is another question. */
const isResent = ({ answers, onUncertain, resent, stage }: OpenPrompt) =>
  onUncertain === "resend" && !resent && stage !== "accepted" && answers === undefined

/** Undefined while no question is open. */
const openQuestion = ({ context: { activity }, session }: Situation): string | undefined =>
  isUp(session) && activity.value === "waiting" ? activity.asked?.id : undefined

/** What follows from the state itself, whatever input led there: evidence about what was submitted, then the next claim. */
export const sequel = (situation: Situation): ReadonlyArray<Fact> => {
  const { context, session } = situation
  if (!isUp(session) || context.stop !== null) return []
  const { activity, generation, heard } = context
  const interrupted = interruptSettled(situation)
  if (interrupted.length > 0) return interrupted
  const open = openQuestion(situation)
  const late = context.prompts.filter(({ answers, stage }) => answers !== undefined && answers !== open && stage === "queued")
  if (late.length > 0) return late.map(({ id }) => fact("PromptExpired", situation, { promptId: id }))
  for (const prompt of context.prompts) {
    const evidence = { source: activity.source, detail: `the agent is ${activity.value}` }
    if (prompt.answers !== undefined) {
      const { stage } = prompt
      if ((stage !== "submitted" && stage !== "accepted") || prompt.answers === open || activity.value === "unknown") continue
      const closed = { source: activity.source, detail: "the question is closed" }
      return [
        ...(stage === "submitted" ? [fact("PromptAccepted", situation, { promptId: prompt.id, evidence: closed })] : []),
        fact("PromptAnswered", situation, { promptId: prompt.id, evidence: closed })
      ]
    }
    // The word may have come before the holder's own: what counts is that the turn began after the claim.
    if (prompt.stage === "submitted" && (heard?.turns ?? 0) > prompt.before.turns)
      return [fact("PromptAccepted", situation, { promptId: prompt.id, evidence: { ...evidence, detail: "the agent began a turn" } })]
    // Idle as it was before says nothing: one source may report the prompt before another reports the turn.
    if (prompt.stage === "accepted" && activity.value === "idle" && (heard?.changes ?? 0) > prompt.before.changes)
      return [fact("PromptAnswered", situation, { promptId: prompt.id, evidence })]
  }
  const next = claimable(situation)
  return next === undefined
    ? []
    : [
        fact("PromptClaimed", situation, {
          promptId: next.id,
          generation,
          writeId: `${next.id}.${generation}.${situation.now.nonce.slice(0, 8)}`
        })
      ]
}

/** The turn that a client interrupted is over, as far as the evidence shows. */
const interruptSettled = (situation: Situation): ReadonlyArray<Fact> => {
  const { activity, generation, interrupt, prompts: open } = situation.context
  if (interrupt === null || isBusy(activity.value)) return []
  const { by, writeId } = interrupt
  const settled = (outcome: "turn_ended" | "unconfirmed") => fact("InterruptSettled", situation, { generation, writeId, outcome })
  if (activity.value === "unknown") return [settled("unconfirmed")]
  const accepted = open.filter(({ stage }) => stage === "accepted")
  return [
    settled("turn_ended"),
    ...accepted.map(({ id }) => fact("PromptCancelled", situation, { promptId: id, by, reason: "its turn was interrupted" }))
  ]
}

/** First come, first served among those whose time it is; one at a time, for as long as a source will report what became of it. */
const claimable = ({ context, now }: Situation): OpenPrompt | undefined => {
  const { activity, interrupt, prompts: open } = context
  const informed = activity.source !== "none"
  const underWay = open.some(({ stage }) => stage === "claimed" || stage === "written" || (stage === "submitted" && informed))
  if (underWay || interrupt !== null || context.suspendedAt != null || context.echoOffAt != null) return undefined
  if (activity.value === "waiting") {
    const ours = open.filter(({ answers }) => answers !== undefined && answers === activity.asked?.id)
    // Older logs hold several answers to one question: the next one waits until the first has its fate.
    return ours.some(({ stage }) => stage !== "queued") ? undefined : ours.find((prompt) => isFree(prompt, now))
  }
  // What a person has typed and not sent would become one prompt with this one.
  if (activity.value === "compacting" || context.typing != null) return undefined
  const inTurn = open.some(({ stage }) => stage === "accepted") || activity.value === "working"
  return open.find((prompt) => {
    const { deliver } = prompt
    if (!isFree(prompt, now)) return false
    if (deliver === "now") return true
    // Where no source reports turns there is no turn to wait for the end of; `idle` asks for more than `unknown`.
    return deliver === "turn_boundary" ? !inTurn : !inTurn && activity.value === "idle"
  })
}

const isFree = ({ expires, held, stage }: OpenPrompt, now: Moment) =>
  stage === "queued" && !held && (expires === null || expires.bootMs > now.bootMs)
