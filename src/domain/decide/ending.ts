/** The end of a generation, its cause, and what becomes of the session: in one decision, so that no crash can fall between them. */
import { daemon, type EndCause, type Fact } from "../facts.ts"
import { afterEnd } from "./keepalive.ts"
import { atEnd, cancelQueued } from "./prompts.ts"
import { fact, type Situation } from "./verdict.ts"

/** `reprise` stops an agent that never became ready: to its user that is a failed launch, not a stop. */
export const notReady = { by: daemon, reason: "not_ready" } as const

/** `fallback`: the cause where the leader's own exit is not known and nobody asked for a stop. */
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
  // Its exit code is no witness: several agents end with 0 when they cannot go on.
  const isBlocked = blocked !== null && (blocked.until === null || blocked.until > atMs)
  if (isBlocked && leaderExit !== null)
    return blocked.cause === "auth" ? { type: "auth" } : { type: "rate_limited", until: blocked.until ?? now.wallMs }
  if (leaderExit === null) return fallback ?? { type: "lost", lastSeenAt: process?.startedAt ?? now.wallMs }
  return leaderExit.code === 0 && leaderExit.signal === null ? { type: "clean" } : { type: "crashed", ...leaderExit }
}

const sequel = (situation: Situation, cause: EndCause): ReadonlyArray<Fact> => {
  const { stop } = situation.context
  if (stop?.outcome === "terminate")
    return [...cancelQueued(situation, stop.by), fact("SessionTerminated", situation, { by: stop.by, reason: stop.reason })]
  if (stop?.outcome === "reload") return [fact("ResumeRequested", situation, { by: stop.by, why: "reload" })]
  if (stop?.outcome === "archive") return [fact("SessionArchived", situation, { by: stop.by })]
  return afterEnd(situation, cause)
}
