/** The life of a prompt, as the machine keeps it: every step from the stages it may follow, and from no other. */
import { isBusy } from "./activity.ts"
import type { FactOf, FactType } from "./facts.ts"
import { assignFact } from "./machine-setup.ts"
import { type Heard, markBegun, type OpenPrompt, type SessionContext, without } from "./session-context.ts"
import type { Deadline } from "./time.ts"

type PromptFact = Extract<FactType, `Prompt${string}`>
type Stage = OpenPrompt["stage"]

/** What must be so before each step. A prompt leaves the memory with its last step; its fate is in the log. */
const follows: { readonly [type in Exclude<PromptFact, "PromptQueued">]: ReadonlyArray<Stage> } = {
  PromptEdited: ["queued"],
  PromptPromoted: ["queued"],
  /** From `accepted`: its turn was interrupted. */
  PromptCancelled: ["queued", "accepted"],
  PromptExpired: ["queued"],
  PromptClaimed: ["queued"],
  PromptReleased: ["claimed"],
  PromptWritten: ["claimed"],
  PromptSubmitted: ["written"],
  PromptPassedOver: ["claimed", "written", "submitted"],
  PromptAccepted: ["submitted"],
  PromptAnswered: ["accepted"],
  /** From `accepted`: its turn failed. */
  PromptRejected: ["claimed", "submitted", "accepted"],
  PromptUncertain: ["claimed", "written", "submitted", "accepted"]
}

const isAt = (type: Exclude<PromptFact, "PromptQueued">) => ({ type: "isPromptAt", params: { stages: follows[type] } }) as const

const step = <T extends Exclude<PromptFact, "PromptQueued">>(
  type: T,
  change: (prompt: OpenPrompt, context: SessionContext, fact: FactOf<T>) => OpenPrompt | null,
  beside: (context: SessionContext) => Partial<SessionContext> = () => ({})
) => ({
  guard: isAt(type),
  actions: assignFact<T>(({ context, event: fact }) => {
    const prompts = context.prompts.flatMap((prompt) => {
      if (prompt.id !== promptIdOf(fact)) return [prompt]
      const changed = change(prompt, context, fact)
      return changed === null ? [] : [changed]
    })
    return { prompts, deadlines: dueOf(context, prompts), ...beside(context) }
  })
})

/** Every fact of a prompt but its queueing names it. */
const promptIdOf = (fact: unknown) => (fact as { readonly promptId: string }).promptId

const reach = (stage: Stage) => (prompt: OpenPrompt) => ({ ...prompt, stage })
const leave = () => null
const nothingHeard: Heard = { changes: 0, turns: 0 }

/** Where its turn is not known yet, the idleness that there is now belongs to the turn before. */
const accepted = (prompt: OpenPrompt, { activity, heard }: SessionContext): OpenPrompt => ({
  ...prompt,
  stage: "accepted",
  before:
    prompt.answers === undefined && activity.value === "idle" && heard !== null && heard.turns <= prompt.before.turns
      ? heard
      : prompt.before
})

/** Legal in every state but `terminated`: a fate is recorded whenever it becomes known. */
export const promptSteps = {
  PromptQueued: {
    guard: "isNewPrompt" as const,
    actions: assignFact<"PromptQueued">(({ context, event: fact }) => {
      const prompts = [
        ...context.prompts,
        {
          ...fact.prompt,
          stage: "queued" as const,
          writeId: null,
          held: false,
          resent: false,
          acceptBy: null,
          before: nothingHeard,
          ...(context.leaderExit === null ? {} : { resumes: true })
        }
      ]
      return { prompts, deadlines: dueOf(context, prompts) }
    })
  },
  PromptEdited: step("PromptEdited", ({ command: _, ...prompt }, __, { bytes, command, hash }) => ({
    ...prompt,
    bytes,
    hash,
    ...(command === undefined ? {} : { command })
  })),
  PromptPromoted: {
    guard: isAt("PromptPromoted"),
    actions: assignFact<"PromptPromoted">(({ context: { prompts }, event: { promptId } }) => ({
      prompts: [...prompts.filter(({ id }) => id === promptId), ...prompts.filter(({ id }) => id !== promptId)]
    }))
  },
  PromptCancelled: step("PromptCancelled", leave),
  PromptExpired: step("PromptExpired", leave),
  PromptReleased: step("PromptReleased", (prompt, _, { free }) => ({ ...prompt, stage: "queued", writeId: null, held: free !== true })),
  PromptWritten: step("PromptWritten", reach("written")),
  PromptSubmitted: step("PromptSubmitted", (prompt, { activity, heard }, { at, deadline, enteredAt }) => ({
    ...prompt,
    stage: "submitted",
    acceptBy: deadline,
    // What was so before Enter was pressed does not show that the agent took the prompt.
    before: heard !== null && wasSoBefore(activity, enteredAt, at) ? heard : prompt.before
  })),
  PromptPassedOver: step("PromptPassedOver", (prompt, context, { deadline }) => ({
    ...prompt,
    acceptBy: prompt.stage === "submitted" ? deadline : prompt.acceptBy,
    before: { ...prompt.before, turns: Math.max(prompt.before.turns, turnsOfOthers(context)) }
  })),
  PromptAccepted: step("PromptAccepted", accepted, markBegun),
  PromptAnswered: step("PromptAnswered", leave),
  PromptRejected: step("PromptRejected", leave),
  PromptUncertain: step("PromptUncertain", (prompt, _, { resend }) =>
    resend ? { ...prompt, stage: "queued", writeId: null, acceptBy: null, resent: true } : null
  )
}

/** The turn that another text began is under way, or about to be reported. */
export const turnsOfOthers = ({ activity, heard }: Pick<SessionContext, "activity" | "heard">): number =>
  (heard?.turns ?? 0) + (isBusy(activity.value) ? 0 : 1)

/** The turn of a prompt that was taken up, and that no source has reported yet, will be no other's. */
const foreseen = ({ activity, heard, prompts }: SessionContext): Heard => {
  const known = heard ?? nothingHeard
  const isComing = !isBusy(activity.value) && prompts.some(({ answers, stage }) => stage === "accepted" && answers === undefined)
  return isComing ? { ...known, turns: known.turns + 1 } : known
}

const claimed = step("PromptClaimed", (prompt, context, { at, offset, writeId }) => ({
  ...prompt,
  stage: "claimed",
  writeId,
  claimedAt: at,
  claimedOffset: offset,
  before: foreseen(context)
}))
/** Legal only where the holder can type: the agent is up and ready. */
export const promptClaim = {
  guard: claimed.guard,
  actions: [claimed.actions, "deliverClaimed" as const]
}

/** When it came, epoch milliseconds, and of which place of the output or which time it speaks, where its source says so. */
export interface Dated {
  readonly at: number
  readonly evidenceOffset?: number
  readonly observedAt?: number
}

/** Whether evidence is of a time before the prompt was typed. */
export const precedes = (
  { claimedAt, claimedOffset }: Pick<OpenPrompt, "claimedAt" | "claimedOffset">,
  { at, evidenceOffset, observedAt }: Dated
): boolean =>
  (observedAt !== undefined && isBefore(observedAt, claimedAt ?? 0, at)) ||
  (evidenceOffset !== undefined && claimedOffset !== undefined && evidenceOffset <= claimedOffset)

/** Evidence that came late, of a time before they were typed: what they wait for comes after it. */
export const unmovedBy = (prompts: SessionContext["prompts"], evidence: Dated, heard: Heard): SessionContext["prompts"] =>
  prompts.some((prompt) => precedes(prompt, evidence))
    ? prompts.map((prompt) => (precedes(prompt, evidence) ? { ...prompt, before: heard } : prompt))
    : prompts

/** Whether it may be taken up later than that. */
export const isSlower = ({ acceptBy, stage }: OpenPrompt, deadline: Deadline): boolean =>
  stage === "submitted" && acceptBy !== null && acceptBy.bootMs > deadline.bootMs

/** What was submitted is taken up by then, or its time is up. */
export const hasten = (
  { deadlines }: Pick<SessionContext, "deadlines">,
  prompts: SessionContext["prompts"],
  acceptBy: Deadline
): Pick<SessionContext, "prompts" | "deadlines"> => {
  const hastened = prompts.map((prompt) => (isSlower(prompt, acceptBy) ? { ...prompt, acceptBy } : prompt))
  return { prompts: hastened, deadlines: dueOf({ deadlines }, hastened) }
}

/** Nothing follows from what lies in the future: the wall clock was set back since, and proves nothing of the order. */
export const isBefore = (observedAt: number, claimedAt: number, nowMs: number): boolean => observedAt < claimedAt && claimedAt <= nowMs

/** What is known of the agent was so before Enter was pressed; never where the holder did not say when that was. */
export const wasSoBefore = (
  { at, observedAt }: Pick<SessionContext["activity"], "at" | "observedAt">,
  enteredAt: number | undefined,
  nowMs: number
): boolean => enteredAt !== undefined && isBefore(observedAt ?? at, enteredAt, nowMs)

/** The holder can type again. */
export const unheld = ({ prompts }: SessionContext) => ({
  prompts: prompts.some(({ held }) => held) ? prompts.map((prompt) => ({ ...prompt, held: false })) : prompts
})

/** The next acceptance that is overdue, and the next of those that wait to expire. */
const dueOf = ({ deadlines }: Pick<SessionContext, "deadlines">, prompts: ReadonlyArray<OpenPrompt>): SessionContext["deadlines"] => {
  const accept = soonest(prompts.map(({ acceptBy, stage }) => (stage === "submitted" ? acceptBy : null)))
  const expire = soonest(prompts.map(({ expires, stage }) => (stage === "queued" ? expires : null)))
  return { ...without(deadlines, "expire", "accept"), ...(expire && { expire }), ...(accept && { accept }) }
}

const soonest = (deadlines: ReadonlyArray<Deadline | null>): Deadline | undefined =>
  deadlines.filter((deadline) => deadline !== null).toSorted((a, b) => a.bootMs - b.bootMs)[0]
