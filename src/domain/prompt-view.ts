/** A prompt's fate as people and programs see it: folded from the facts that name it, and from nothing else. */
import { Schema } from "effect"
import { type Fact, Prompt } from "./facts.ts"
import { PromptWait } from "./prompt-wait.ts"
import { iso } from "./time.ts"

export const PromptState = Schema.Literals([
  "queued",
  "claimed",
  "written",
  "submitted",
  "accepted",
  "answered",
  "rejected",
  "cancelled",
  "expired",
  "uncertain"
])
export type PromptState = typeof PromptState.Type

/** Nothing follows these. */
export const settledStates: ReadonlySet<PromptState> = new Set(["answered", "rejected", "cancelled", "expired", "uncertain"])

export const PromptStep = Schema.Struct({
  state: PromptState,
  seq: Schema.Int,
  at: Schema.String,
  /** The source of the step, and what it reported. */
  source: Schema.String,
  detail: Schema.String
})

const { expires: _, ...asked } = Prompt.fields

export const PromptView = Schema.Struct({
  ...asked,
  session: Schema.String,
  state: PromptState,
  expiresAt: Schema.NullOr(Schema.String),
  steps: Schema.Array(PromptStep),
  /** Why a queued prompt is not typed now; absent where nothing is in its way. */
  waits: Schema.optionalKey(PromptWait)
})
export type PromptView = typeof PromptView.Type

/** Every prompt of a session in the order in which they were queued; the facts are the session's, in order, with their seqs. */
export const promptViews = (
  session: string,
  facts: ReadonlyArray<{ readonly seq: number; readonly fact: Fact }>
): ReadonlyArray<PromptView> => {
  const views = new Map<string, PromptView>()
  for (const { fact, seq } of facts) {
    if (fact.type === "PromptQueued") {
      const { expires, ...prompt } = fact.prompt
      const expiresAt = expires === null ? null : iso(expires.wallMs)
      const queued = { state: "queued" as const, seq, at: iso(fact.at), source: fact.by, detail: "durable in the log" }
      views.set(prompt.id, { ...prompt, session, expiresAt, state: "queued", steps: [queued] })
    } else if ("promptId" in fact) {
      const before = views.get(fact.promptId)
      if (before !== undefined) views.set(fact.promptId, after(before, fact, seq))
    }
  }
  return [...views.values()]
}

const path: ReadonlyArray<PromptState> = ["queued", "claimed", "written", "submitted", "accepted", "answered"]

/** Whether the prompt is there, or came by on its present way: one that was sent back to the queue starts again. */
export const hasReached = ({ state, steps }: PromptView, wanted: PromptState): boolean => {
  if (state === wanted) return true
  const before = settledStates.has(state) ? steps.slice(0, -1) : steps
  const setOut = before.findLastIndex((step) => step.state === "queued" || step.state === "uncertain")
  const goal = path.indexOf(wanted)
  // What was uncertain and goes on all the same was queued again.
  return goal !== -1 && before.slice(Math.max(0, setOut)).some((step) => Math.max(0, path.indexOf(step.state)) >= goal)
}

type PromptFact = Extract<Fact, { readonly promptId: string }>

const after = (view: PromptView, fact: PromptFact, seq: number): PromptView => {
  if (fact.type === "PromptEdited") return { ...view, hash: fact.hash, bytes: fact.bytes }
  if (fact.type === "PromptPromoted") return view
  if (fact.type === "PromptPassedOver")
    return { ...view, steps: [...view.steps, { state: view.state, seq, at: iso(fact.at), ...fact.evidence }] }
  const { detail, source, state } = told(fact)
  const step = { state, seq, at: iso(fact.at), source, detail }
  // Sent again where its user preferred twice to never: the doubt stays among the steps.
  const resent = fact.type === "PromptUncertain" && fact.resend
  return { ...view, state: resent ? "queued" : state, steps: [...view.steps, step] }
}

const told = (fact: Exclude<PromptFact, { readonly type: "PromptEdited" | "PromptPromoted" | "PromptPassedOver" }>) => {
  switch (fact.type) {
    case "PromptClaimed":
      return { state: "claimed" as const, source: "reprise", detail: `generation ${fact.generation}` }
    case "PromptReleased":
      return { state: "queued" as const, ...fact.evidence }
    case "PromptWritten":
      return { state: "written" as const, ...fact.evidence }
    case "PromptSubmitted":
      return { state: "submitted" as const, ...fact.evidence }
    case "PromptAccepted":
      return { state: "accepted" as const, ...fact.evidence }
    case "PromptAnswered":
      return { state: "answered" as const, ...fact.evidence }
    case "PromptRejected":
      return { state: "rejected" as const, source: fact.evidence.source, detail: `${fact.code}: ${fact.evidence.detail}` }
    case "PromptCancelled":
      return { state: "cancelled" as const, source: fact.by, detail: fact.reason }
    case "PromptExpired":
      return { state: "expired" as const, source: "reprise", detail: "its time was up" }
    case "PromptUncertain":
      return { state: "uncertain" as const, source: "reprise", detail: fact.reason }
  }
}
