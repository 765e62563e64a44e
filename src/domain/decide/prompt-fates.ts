/** The fates of prompts: what the holder, the agent's turns and its end say of a prompt that was typed. What is not known is uncertain. */
import { isBusy } from "../activity.ts"
import type { Evidence, Fact } from "../facts.ts"
import type { InputOf } from "../inputs.ts"
import { limits } from "../limits.ts"
import { isBefore, wasSoBefore } from "../prompt-transitions.ts"
import { agentOf } from "../providers/index.ts"
import { isUp } from "../session.ts"
import { isHeldBack, type OpenPrompt, waitsForOther } from "../session-context.ts"
import { deadlineIn } from "../time.ts"
import { fact, type Situation } from "./verdict.ts"

export const undeliverable: ReadonlyMap<string, string> = new Map([
  ["line_too_long", `nothing was typed: the terminal reads lines, and keeps ${limits.canonicalLineBytes} bytes of one`],
  ["echo_off", "nothing was typed: the terminal echoed nothing, as one that asks for a password"],
  ["suspended", "nothing was typed: the agent is stopped"]
])

const questionOpened = "a question opened while its text was typed: Enter was not pressed, and the text may have reached the question"
const questionWent = "its question was over while the text was typed: Enter was not pressed, and the text may stand in the agent's line"
const withheldFor: ReadonlyMap<string, string> = new Map([
  ["echo_off", "the terminal echoed no more when its text was typed, as one that asks for a password: Enter was not pressed"],
  ["suspended", "the agent was stopped while its text was typed: Enter was not pressed"]
])

/** What became of a prompt's write. Text and Enter are one operation, so one word of the holder settles both. */
export const promptWriteSettled = (
  situation: Situation,
  prompt: OpenPrompt,
  { asked, enteredAt, outcome, why }: InputOf<"WriteSettled">
): ReadonlyArray<Fact> => {
  const told = (detail: string): Evidence => ({ source: "holder", detail })
  const promptId = prompt.id
  const { activity, suspendedAt } = situation.context
  const isOther = waitsForOther(activity, prompt.answers)
  if (outcome === "not_written")
    return [
      fact("PromptReleased", situation, {
        promptId,
        evidence: told(why === undefined ? "nothing was typed" : (undeliverable.get(why) ?? "nothing was typed")),
        ...(asked === true || why === "suspended" || why === "echo_off" || isHeldBack(situation.context, prompt.answers)
          ? { free: true }
          : {})
      })
    ]
  if (outcome === "uncertain") return [uncertain(situation, prompt, "the terminal went while it was typed")]
  if (outcome === "withheld")
    return [
      uncertain(situation, prompt, withheldFor.get(why ?? "") ?? (prompt.answers === undefined ? questionOpened : questionWent)),
      ...leftIn(situation, promptId)
    ]
  if (isOther && wasSoBefore(activity, enteredAt, situation.now.wallMs))
    return [uncertain(situation, prompt, "a question opened before Enter was pressed, and may have taken it")]
  if (suspendedAt != null) return [uncertain(situation, prompt, "the agent was stopped while it was typed")]
  const busy = activity.value === "working"
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

/** The next prompt would be typed behind the text of this one, and both be one message; but where the agent's composer is emptied first. */
const leftIn = (situation: Situation, promptId: string): ReadonlyArray<Fact> =>
  situation.context.typing != null || agentOf(situation.context).submit.clear !== ""
    ? []
    : [fact("TypingBegan", situation, { client: "", by: "reprise", ofPrompt: promptId })]

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

export const uncertain = (situation: Situation, prompt: OpenPrompt, reason: string) =>
  fact("PromptUncertain", situation, { promptId: prompt.id, reason, resend: isResent(prompt) })

/** Once: a second doubt is no better than the first. Not an answer: the next question is another one. What the agent has taken is not sent again; whether it was answered is another question. */
export const isResent = ({ answers, onUncertain, resent, stage }: OpenPrompt) =>
  onUncertain === "resend" && !resent && stage !== "accepted" && answers === undefined

/** Undefined while no question is open. */
export const openQuestion = ({ context: { activity }, session }: Situation): string | undefined =>
  isUp(session) && activity.value === "waiting" ? activity.asked?.id : undefined
