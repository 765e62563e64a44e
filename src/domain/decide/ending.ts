/** The end of a generation, its cause, and what becomes of the session: in one decision, so that no crash can fall between them. */
import { daemon, type EndCause, type Fact } from "../facts.ts"
import { isResumable } from "./conversation.ts"
import { afterEnd } from "./keepalive.ts"
import { atEnd } from "./prompt-fates.ts"
import { cancelQueued } from "./prompts.ts"
import { fact, type Situation } from "./verdict.ts"

/** `reprise` stops an agent that never became ready: to its user that is a failed launch, not a stop. */
export const notReady = { by: daemon, reason: "not_ready" } as const

/** `fallback`: the cause where the leader's own exit is not known and no client asked for a stop. */
export const ended = (
  situation: Situation,
  how: { readonly holderSeq: number | null; readonly swept: number; readonly fallback?: EndCause },
  when?: { readonly wallMs: number; readonly offset: number }
): ReadonlyArray<Fact> => {
  const { context } = situation
  const cause = causeOf(situation, how.fallback, when?.wallMs ?? situation.now.wallMs)
  const end = fact(
    "GenerationEnded",
    situation,
    {
      generation: context.generation,
      cause,
      code: context.leaderExit?.code ?? null,
      signal: context.leaderExit?.signal ?? null,
      swept: how.swept,
      holderSeq: how.holderSeq
    },
    when
  )
  return [...atEnd(situation), end, ...sequel(situation, cause)]
}

const causeOf = ({ context, now }: Situation, fallback: EndCause | undefined, atMs: number): EndCause => {
  const { blocked, leaderExit, process, spec, stop } = context
  if (stop?.by === notReady.by && stop.reason === notReady.reason)
    return { type: "launch_failed", code: "ready_timeout", message: `the agent was not ready after ${spec.readyTimeoutMs} ms` }
  if (stop !== null) return { type: "stopped", by: stop.by, reason: stop.reason }
  if (leaderExit === null) return fallback ?? { type: "lost", lastSeenAt: process?.startedAt ?? now.wallMs }
  // Its exit code is no witness: several agents end with 0 when they cannot log in.
  if (blocked?.cause === "auth") return { type: "auth" }
  const isClean = leaderExit.code === 0 && leaderExit.signal === null
  // Where it is not known for how long, a clean exit is a person's wish.
  if (blocked !== null && (blocked.until === null ? !isClean : blocked.until > atMs))
    return { type: "rate_limited", until: blocked.until ?? now.wallMs }
  return isClean ? { type: "clean" } : { type: "crashed", ...leaderExit }
}

const sequel = (situation: Situation, cause: EndCause): ReadonlyArray<Fact> => {
  const { stop } = situation.context
  if (stop?.outcome === "terminate")
    return [...cancelQueued(situation, stop.by), fact("SessionTerminated", situation, { by: stop.by, reason: stop.reason })]
  if (stop?.outcome === "reload") return [fact("ResumeRequested", situation, { by: stop.by, why: "reload" })]
  if (stop?.outcome === "archive") return [fact("SessionArchived", situation, { by: stop.by })]
  const after = afterEnd(situation, cause)
  return after.length > 0 || stop !== null ? after : broughtBack(situation)
}

/** Prompts that came when the agent was gone already are what a resume is for; without a conversation to resume they are rejected. */
const broughtBack = (situation: Situation): ReadonlyArray<Fact> => {
  const late = situation.context.prompts.filter(({ resumes, stage }) => resumes && stage === "queued")
  if (late.length === 0) return []
  if (isResumable(situation.context)) return [fact("ResumeRequested", situation, { by: daemon, why: "prompt" })]
  const reason = "the agent has ended, and there is no conversation to resume"
  return late.map(({ id }) => fact("PromptCancelled", situation, { promptId: id, by: daemon, reason }))
}
