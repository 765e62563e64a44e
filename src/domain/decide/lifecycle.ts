/** A launch from its preparation to its end: what each report of the holder, or its silence, makes true. */
import type { HolderEvent, JournalEntry, Report } from "../inputs.ts"
import { limits } from "../limits.ts"
import { agentOf } from "../providers/index.ts"
import { insideOf, lifeOf, mayRun } from "../session.ts"
import { deadlineIn, rebase } from "../time.ts"
import { beginningOf, isPoisoned } from "./conversation.ts"
import { ended } from "./ending.ts"
import { ready } from "./readiness.ts"
import { stop } from "./stopping.ts"
import { fact, nothing, type Policies, type Policy, type Situation, type Verdict } from "./verdict.ts"

type LifecycleReport = Extract<
  Report,
  {
    readonly type:
      | "Prepared"
      | "PrepareFailed"
      | "LaunchFailed"
      | "HolderReported"
      | "Reattached"
      | "HolderGone"
      | "SweepDelayed"
      | "Swept"
      | "HostRebooted"
  }
>

/** A report of another generation, or of one that is over, changes nothing. */
const ofThisGeneration =
  <T extends Exclude<LifecycleReport["type"], "HostRebooted">>(policy: Policy<T>): Policy<T> =>
  (situation, report) =>
    (report as { readonly generation: number }).generation === situation.context.generation && isLive(situation)
      ? policy(situation, report)
      : nothing("stale_generation")

const isLive = ({ session }: Situation) => mayRun(lifeOf(session))

export const lifecycle: Policies<LifecycleReport> & { readonly Resume: Policy<"Resume"> } = {
  Resume: (situation, { by }) => [fact("ResumeRequested", situation, { by })],

  Prepared: ofThisGeneration((situation, { executable, history }) => {
    const { context, now, session } = situation
    const conversation = beginningOf(situation, history ?? false)
    const { conversation: known } = context
    return [
      ...(conversation !== null && isPoisoned(context)
        ? [fact("ConversationAbandoned", situation, { id: known?.id ?? "", launches: context.poisoned ?? 0 })]
        : []),
      fact("LaunchIntended", situation, {
        generation: context.generation,
        nonce: now.nonce,
        reason: lifeOf(session) === "starting" ? "create" : context.attempts > 0 ? "relaunch" : "resume",
        executable,
        bootId: now.bootId,
        deadline: deadlineIn(now, limits.launchMs),
        ...(conversation === null ? {} : { conversation })
      })
    ]
  }),
  PrepareFailed: ofThisGeneration((situation, { code, message }) =>
    insideOf(situation.session) === "preparing"
      ? ended(situation, { holderSeq: null, swept: 0, fallback: { type: "launch_failed", code, message } })
      : nothing("not_now")
  ),
  LaunchFailed: ofThisGeneration((situation, { code, message }) =>
    insideOf(situation.session) === "launching"
      ? ended(situation, { holderSeq: null, swept: 0, fallback: { type: "launch_failed", code, message } })
      : nothing("not_now")
  ),
  HolderReported: ofThisGeneration((situation, { entry }) =>
    entry.n > situation.context.holderSeq ? reported(atLeastAt(situation, entry.offset), entry, entry.event) : nothing("repeated")
  ),
  Reattached: ofThisGeneration((situation, { downMs, process }) => [
    fact("Adopted", situation, { generation: situation.context.generation, process, downMs })
  ]),
  /** Before the intent there is no holder, and no nonce that a sweep could look for. */
  HolderGone: ofThisGeneration((situation, { reason }) =>
    insideOf(situation.session) === "preparing"
      ? nothing("not_now")
      : [fact("HolderLost", situation, { generation: situation.context.generation, reason })]
  ),
  SweepDelayed: ofThisGeneration((situation, { leftovers }) => {
    const { generation, holderSeq } = situation.context
    return insideOf(situation.session) === "reaping"
      ? [fact("LeftoversRemain", situation, { generation, leftovers, holderSeq })]
      : nothing("not_now")
  }),
  Swept: ofThisGeneration((situation, { lastSeenAt, swept }) => {
    if (insideOf(situation.session) !== "reaping") return nothing("not_now")
    const fallback =
      situation.context.process === null
        ? ({ type: "launch_failed", code: "holder_lost", message: "the launch did not come about" } as const)
        : ({ type: "lost", lastSeenAt } as const)
    return ended(situation, { holderSeq: null, swept, fallback })
  }),

  HostRebooted: (situation) => {
    const { context, now, session } = situation
    const { backoff, expire } = context.deadlines
    const moved = expire === undefined ? {} : { expire: rebase(expire, now, limits.promptExpiryMs.maximum) }
    // A backoff before the first launch belongs to an unknown boot: moving it is right after a reboot, and harmless without one.
    if (context.bootId === now.bootId || (context.bootId === "" && backoff === undefined && expire === undefined))
      return nothing("unchanged")
    if (isLive(situation) && insideOf(session) !== "preparing")
      return [
        fact("ClockRebased", situation, { bootId: now.bootId, deadlines: moved }),
        (rebased) => ended(rebased, { holderSeq: null, swept: 0, fallback: { type: "host_rebooted" } })
      ]
    return [
      fact("ClockRebased", situation, {
        bootId: now.bootId,
        deadlines: {
          ...moved,
          ...(backoff === undefined ? {} : { backoff: rebase(backoff, now, context.relaunch?.delayMs ?? 0) })
        }
      })
    ]
  }
}

/** The holder knows of more output than the session does: what follows from its report lies no earlier than that. */
const atLeastAt = ({ now, ...situation }: Situation, offset: number): Situation => ({
  ...situation,
  now: { ...now, offset: Math.max(now.offset, offset) }
})

/** One line of the holder's journal. It says when and where in the output the thing happened, which may be long ago. */
const reported = (situation: Situation, entry: JournalEntry, event: HolderEvent): Verdict => {
  const { context, now, session } = situation
  const { generation } = context
  const holderSeq = entry.n
  switch (event.type) {
    case "spawned":
      return [
        fact(
          "ProcessSpawned",
          situation,
          { generation, process: event.process, holderSeq, deadline: deadlineIn(now, readyAfterMs(situation)) },
          entry
        )
      ]
    case "launch_failed":
      return ended(situation, { holderSeq, swept: 0, fallback: { type: "launch_failed", code: event.code, message: event.message } }, entry)
    case "output_began":
      return insideOf(session) === "booting" && agentOf(context).ready.firstOutput
        ? ready(situation, "first_output", entry)
        : nothing("not_now")
    case "stop_step":
      return [
        fact("StopStepTaken", situation, { generation, step: event.step, signals: event.signals, pids: event.pids, holderSeq }, entry)
      ]
    case "stop_ordered":
      return context.stop === null && insideOf(session) !== "reaping"
        ? stop(situation, { mode: event.mode, outcome: event.outcome, by: event.by, reason: event.reason })
        : nothing("repeated")
    case "exited":
      return [fact("ProcessExited", situation, { generation, code: event.code, signal: event.signal, holderSeq }, entry)]
    case "leftovers":
      return [fact("LeftoversRemain", situation, { generation, leftovers: event.leftovers, holderSeq }, entry)]
    case "cleared":
      return ended(situation, { holderSeq, swept: event.swept }, entry)
    case "output_dropped":
      return [fact("OutputDropped", situation, { generation, from: event.from, to: event.to, reason: event.reason, holderSeq }, entry)]
  }
}

const readyAfterMs = ({ context }: Situation) => {
  const { aliveMs } = agentOf(context).ready
  return aliveMs === null ? context.spec.readyTimeoutMs : Math.min(aliveMs, context.spec.readyTimeoutMs)
}
