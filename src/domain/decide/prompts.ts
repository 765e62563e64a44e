/** Prompts: queued durably, claimed before a byte leaves, and moved on by evidence. A fate that is not known is called uncertain, never guessed. */

import { isBusy } from "../activity.ts"
import type { Fact } from "../facts.ts"
import type { Command, InputOf, Report } from "../inputs.ts"
import { limits } from "../limits.ts"
import { isBefore, turnsOfOthers } from "../prompt-transitions.ts"
import { insideOf, isUp, lifeOf } from "../session.ts"
import { isChoosing, type OpenPrompt } from "../session-context.ts"
import { deadlineIn, type Moment } from "../time.ts"
import { isResumable } from "./conversation.ts"
import { isResent, openQuestion, undeliverable } from "./prompt-fates.ts"
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

export const expireDue = (situation: Situation): ReadonlyArray<Fact> =>
  situation.context.prompts
    .filter(({ expires, stage }) => stage === "queued" && expires !== null && expires.bootMs <= situation.now.bootMs)
    .map(({ id }) => fact("PromptExpired", situation, { promptId: id }))

/** The session is over for good: prompts that wait, also those that the end of the agent sent back to wait, are cancelled. */
export const cancelQueued = (situation: Situation, by: string): ReadonlyArray<Fact> =>
  situation.context.prompts
    .filter((prompt) => (prompt.stage === "queued" && prompt.answers === undefined) || isResent(prompt))
    .map(({ id }) => fact("PromptCancelled", situation, { promptId: id, by, reason: "the session was terminated" }))

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
  // What was typed and not sent would become one prompt with this one, and one answer.
  if (context.typing != null && !isChoosing(activity)) return undefined
  if (activity.value === "waiting") {
    const ours = open.filter(({ answers }) => answers !== undefined && answers === activity.asked?.id)
    // Older logs hold several answers to one question: the next one waits until the first has its fate.
    return ours.some(({ stage }) => stage !== "queued") ? undefined : ours.find((prompt) => isFree(prompt, now))
  }
  // A dialog on the screen would take the prompt for its answer, whether or not the stronger source reports it.
  if (activity.value === "compacting" || context.doubt?.value === "waiting") return undefined
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
