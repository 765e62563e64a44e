/** What the passing of a deadline means. Deadlines are data; the actor only says that one has passed. */
import type { DeadlineName } from "../facts.ts"
import type { Report } from "../inputs.ts"
import { limits } from "../limits.ts"
import { agentOf } from "../providers/index.ts"
import { type Deadline, deadlineIn } from "../time.ts"
import { doubtDue } from "./activity.ts"
import { notReady } from "./ending.ts"
import { relaunchDue } from "./keepalive.ts"
import { acceptOverdue } from "./prompt-fates.ts"
import { expireDue } from "./prompts.ts"
import { ready } from "./readiness.ts"
import { stop, stopOverdue } from "./stopping.ts"
import { armIdleStop, interruptOverdue } from "./terminal.ts"
import { fact, nothing, type Policies, type Situation, type Verdict } from "./verdict.ts"

export const deadlines: Policies<Extract<Report, { readonly type: "DeadlineReached" }>> = {
  DeadlineReached: (situation, { deaf }) => {
    const due = earliest(situation.context.deadlines)
    return due === null || due.deadline.bootMs > situation.now.bootMs ? nothing("not_due") : passed[due.name](situation, deaf === true)
  }
}

/** The next thing to wait for; null when there is nothing. Of two at once the first by name: a state says nothing of the order of its keys. */
export const earliest = (
  pending: {
    readonly [name in DeadlineName]?: Deadline
  }
): { readonly name: DeadlineName; readonly deadline: Deadline } | null => {
  const sorted = (Object.entries(pending) as ReadonlyArray<[DeadlineName, Deadline]>).toSorted(
    ([name, a], [other, b]) => a.bootMs - b.bootMs || (name < other ? -1 : 1)
  )
  return sorted[0] === undefined ? null : { name: sorted[0][0], deadline: sorted[0][1] }
}

const passed: { readonly [name in DeadlineName]: (situation: Situation, deaf: boolean) => Verdict } = {
  launch: (situation) => [fact("HolderLost", situation, { generation: situation.context.generation, reason: "launch_overdue" })],
  ready: (situation) => {
    const { aliveMs } = agentOf(situation.context).ready
    if (aliveMs !== null) return ready(situation, `alive_for_${aliveMs}_ms`)
    return [
      fact("ReadinessTimedOut", situation, {
        generation: situation.context.generation,
        afterMs: situation.context.spec.readyTimeoutMs,
        deadline: deadlineIn(situation.now, limits.reclaimGraceMs)
      })
    ]
  },
  reclaim: (situation) => stop(situation, { mode: "stop", outcome: "end", ...notReady }),
  healthy: (situation) => [
    fact("HealthConfirmed", situation, { generation: situation.context.generation, attempts: situation.context.attempts })
  ],
  backoff: relaunchDue,
  stop: stopOverdue,
  accept: acceptOverdue,
  expire: expireDue,
  doubt: doubtDue,
  interrupt: interruptOverdue,
  idle: (situation) => {
    const { activity, idleOffset } = situation.context
    const quiet = situation.now.offset <= idleOffset && (activity.value === "idle" || activity.value === "unknown")
    return quiet ? stop(situation, { mode: "stop", outcome: "end", by: "reprise", reason: "idle" }) : armIdleStop(situation)
  }
}
