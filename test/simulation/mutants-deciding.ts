/** Defects in what is decided: policies that forget, hurry, or look away. */
import type { decide as Decide } from "../../src/domain/decide/index.ts"
import { decide } from "../../src/domain/decide/index.ts"
import type { SessionEffect } from "../../src/domain/effects.ts"
import type { Fact } from "../../src/domain/facts.ts"
import type { Input } from "../../src/domain/inputs.ts"
import { type Session, tryApply } from "../../src/domain/session.ts"
import type { SessionContext } from "../../src/domain/session-context.ts"
import type { Moment } from "../../src/domain/time.ts"
import type { Mutants } from "./mutants.ts"

/** These facts, if they can follow from the session as it is; else what is right. */
const taking = (session: Session, input: Input, now: Moment, facts: ReadonlyArray<Fact>): ReturnType<typeof Decide> => {
  const steps: Array<{ readonly fact: Fact; readonly session: Session }> = []
  const effects: Array<SessionEffect> = []
  let at = session
  for (const fact of facts) {
    const taken = tryApply(at, fact)
    if (taken === null) return decide(session, input, now)
    at = taken[0]
    steps.push({ fact, session: at })
    effects.push(...taken[1])
  }
  return steps.length === 0 ? decide(session, input, now) : { _tag: "Accepted", steps, session: at, effects }
}

/** Decides as if the session remembered something else. */
const misremembering =
  (change: (context: SessionContext, input: Input, now: Moment) => Partial<SessionContext> | null): typeof Decide =>
  (session, input, now) => {
    const wrong = change(session.context, input, now)
    if (wrong === null) return decide(session, input, now)
    const decided = decide({ ...session, context: { ...session.context, ...wrong } } as Session, input, now)
    return decided._tag === "Accepted"
      ? taking(
          session,
          input,
          now,
          decided.steps.map(({ fact }) => fact)
        )
      : decided
  }

/** Other facts than those that were right. */
const saying =
  (change: (fact: Fact, session: Session, now: Moment) => Fact | null): typeof Decide =>
  (session, input, now) => {
    const decided = decide(session, input, now)
    if (decided._tag !== "Accepted") return decided
    const facts = decided.steps.map(({ fact }) => fact)
    const wrong = facts.flatMap((fact) => change(fact, session, now) ?? [])
    const same = wrong.length === facts.length && wrong.every((fact, index) => fact === facts[index])
    return same ? decided : taking(session, input, now, wrong)
  }

/** More facts than those that were right. */
const adding =
  (more: (session: Session, now: Moment) => ReadonlyArray<Fact>): typeof Decide =>
  (session, input, now) => {
    const decided = decide(session, input, now)
    if (decided._tag !== "Accepted") return decided
    const extra = more(decided.session, now)
    return extra.length === 0 ? decided : taking(session, input, now, [...decided.steps.map(({ fact }) => fact), ...extra])
  }

const planted = (how: typeof Decide) => () => ({ decide: how })
const free = (context: SessionContext) =>
  context.prompts.find(({ answers, held, stage }) => stage === "queued" && !held && answers === undefined)
const claim = (context: SessionContext, promptId: string, now: Moment): Fact => ({
  type: "PromptClaimed",
  at: now.wallMs,
  offset: context.offset,
  promptId,
  generation: context.generation,
  writeId: `${promptId}.${context.generation}.${now.nonce.slice(0, 8)}`
})

export const decidingMutants: Mutants = {
  /** A stop that a client asked for counts as a crash. */
  relaunchAfterStop: planted(
    misremembering(({ leaderExit, stop }, input) =>
      stop !== null && stop.by !== "reprise" && input.type === "HolderReported" && input.entry.event.type === "cleared"
        ? { stop: null, leaderExit: leaderExit && { code: 1, signal: null } }
        : null
    )
  ),
  /** A launch that came about is health enough. */
  refillBudgetOnSpawn: planted(misremembering(() => ({ attempts: 0 }))),
  noBackoff: planted(saying((fact) => (fact.type === "RelaunchScheduled" ? { ...fact, delayMs: 0 } : fact))),
  /** What is written off may be tried again, whatever was wished. */
  resendUncertain: planted(saying((fact) => (fact.type === "PromptUncertain" ? { ...fact, resend: true } : fact))),
  claimTwoAtOnce: planted(
    adding(({ context }, now) => {
      const next = free(context)
      const underWay = context.prompts.some(({ stage }) => stage === "claimed" || stage === "written")
      return next === undefined || !underWay ? [] : [claim(context, next.id, now)]
    })
  ),
  typeDuringStop: planted(
    adding(({ context }, now) => {
      const next = free(context)
      return next === undefined || context.stop === null ? [] : [claim(context, next.id, now)]
    })
  ),
  typeDuringInterrupt: planted(
    adding(({ context }, now) => {
      const next = free(context)
      return next === undefined || context.interrupt === null ? [] : [claim(context, next.id, now)]
    })
  ),
  typeIntoTurns: planted(
    adding(({ context }, now) => {
      const next = free(context)
      return next === undefined || context.activity.value !== "working" ? [] : [claim(context, next.id, now)]
    })
  ),
  typeIntoQuestions: planted(
    adding(({ context }, now) => {
      const next = free(context)
      return next === undefined || context.activity.value !== "waiting" ? [] : [claim(context, next.id, now)]
    })
  ),
  /** The newest prompt is the first. */
  lastComeFirstServed: planted(misremembering(({ prompts }) => (prompts.length > 1 ? { prompts: prompts.toReversed() } : null))),
  neverExpire: planted(misremembering(({ prompts }) => ({ prompts: prompts.map((prompt) => ({ ...prompt, expires: null })) }))),
  reloadInTurn: planted(
    misremembering(({ activity }, input) => (input.type === "Reload" ? { activity: { ...activity, value: "idle" }, prompts: [] } : null))
  ),
  /** Taken is done. */
  answeredWhenTaken: planted(
    adding(({ context }, now) => {
      const accepted = context.prompts.find(({ answers, stage }) => stage === "accepted" && answers === undefined)
      if (accepted === undefined || context.activity.value === "idle") return []
      const evidence = { source: "hook", detail: "it took it" }
      return [{ type: "PromptAnswered", at: now.wallMs, offset: context.offset, promptId: accepted.id, evidence }]
    })
  ),
  /** Typed is taken. */
  acceptedWhenTyped: planted(
    adding(({ context }, now) => {
      const submitted = context.prompts.find(({ stage }) => stage === "submitted")
      const evidence = { source: "holder", detail: "it was typed" }
      return submitted === undefined
        ? []
        : [{ type: "PromptAccepted", at: now.wallMs, offset: context.offset, promptId: submitted.id, evidence }]
    })
  ),
  /** Every launch begins a new conversation. */
  forgetConversation: planted(
    misremembering(({ conversation }, input) => (input.type === "Prepared" && conversation !== null ? { conversation: null } : null))
  ),
  /** Any session may have any conversation. */
  noLeases: () => ({
    leases: () => ({ observe: () => {}, heldByAnother: () => null, livedInByAnother: () => null, claim: () => null, moveIn: () => {} })
  }),
  /** A client that left is never let go. */
  keepClients: planted((session, input, now) =>
    input.type === "Detach" && input.by === "reprise" ? { _tag: "Nothing", reason: "unchanged" } : decide(session, input, now)
  ),
  /** A doubt never comes true. */
  ignoreDueDeadlines: planted((session, input, now) =>
    input.type === "DeadlineReached" && session.context.deadlines.backoff !== undefined
      ? { _tag: "Nothing", reason: "not_due" }
      : decide(session, input, now)
  ),
  /** What a holder does not know of was not written; what it has written it reported. */
  believeEveryWrite: planted((session, input, now) =>
    decide(session, input.type === "WriteSettled" && input.outcome === "uncertain" ? { ...input, outcome: "written" } : input, now)
  ),
  /** A gap in the hearing is silence. */
  rejectUnheard: planted((session, input, now) =>
    decide(session, input.type === "DeadlineReached" ? { type: "DeadlineReached" } : input, now)
  )
}
