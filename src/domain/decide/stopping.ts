/** Ending what runs: a stop that is asked for wins over everything, and `ended` is said only when nothing is left. */

import { isBusy } from "../activity.ts"
import { daemon, type Fact } from "../facts.ts"
import type { Command } from "../inputs.ts"
import { limits } from "../limits.ts"
import { insideOf, isUp, lifeOf, mayRun } from "../session.ts"
import type { StopOrder } from "../session-context.ts"
import { ladderMs } from "../spec.ts"
import { deadlineIn } from "../time.ts"
import { firmest } from "../transitions.ts"
import { ended } from "./ending.ts"
import { cancelQueued } from "./prompts.ts"
import { type Facts, fact, type Policies, refuse, type Situation, type Verdict } from "./verdict.ts"

type StoppingCommand = Extract<Command, { readonly type: "Stop" | "Kill" | "Reload" | "Terminate" | "Archive" | "Unarchive" }>

export const stopping: Policies<StoppingCommand> = {
  Stop: (situation, { by, reason }) => stop(situation, { mode: "stop", outcome: "end", by, reason }),
  Kill: (situation, { by, reason }) => stop(situation, { mode: "kill", outcome: "end", by, reason }),
  Reload: (situation, { by, reason }) => {
    const { session } = situation
    const { activity, prompts, stop: under } = situation.context
    if (!mayRun(lifeOf(session))) return [fact("ResumeRequested", situation, { by, why: "reload" })]
    if (under !== null) return refuse("already_stopping", `a ${under.mode} by ${under.by} is under way`)
    if (lifeOf(session) !== "streaming") return refuse("not_ready", "the agent is being launched")
    if (isUp(session) && (isBusy(activity.value) || prompts.some(({ stage }) => stage !== "queued")))
      return refuse("turn_running", "a turn is running: interrupt it, or wait for its end")
    return stop(situation, { mode: "stop", outcome: "reload", by, reason })
  },
  Terminate: (situation, { by, reason }) =>
    lifeOf(situation.session) === "ended"
      ? [...cancelQueued(situation, by), fact("SessionTerminated", situation, { by, reason })]
      : stop(situation, { mode: "stop", outcome: "terminate", by, reason }),
  Archive: (situation, { by }) =>
    lifeOf(situation.session) === "ended"
      ? [fact("SessionArchived", situation, { by })]
      : stop(situation, { mode: "stop", outcome: "archive", by, reason: "archived" }),
  Unarchive: (situation, { by }) => [fact("SessionUnarchived", situation, { by })]
}

type Wish = Omit<StopOrder, "at">

export const stop = (situation: Situation, wish: Wish): Verdict => {
  const { context, session } = situation
  if (insideOf(session) === "backingOff") return [fact("RelaunchCancelled", situation, { by: wish.by, reason: wish.reason })]
  if (insideOf(session) === "preparing") return stopBeforeLaunch(situation, wish)
  const under = context.stop
  if (under === null) return [fact("StopRequested", situation, { ...wish, deadline: overdue(situation) })]
  const firmer = (under.mode === "stop" && wish.mode === "kill") || firmest(under.outcome, wish.outcome) !== under.outcome
  const taken = under.by === daemon && wish.by !== daemon
  if (!firmer && !taken) return refuse("already_stopping", `a ${under.mode} by ${under.by} is under way`)
  return [fact("StopEscalated", situation, { ...wish, deadline: overdue(situation) })]
}

/** Nothing was launched yet, so nothing has to be waited for. */
const stopBeforeLaunch = (situation: Situation, wish: Wish): Facts => [
  fact("StopRequested", situation, { ...wish, deadline: overdue(situation) }),
  (stopping) => ended(stopping, { holderSeq: null, swept: 0 })
]

/** The holder has promised to be through by now. */
export const stopOverdue = (situation: Situation): ReadonlyArray<Fact> => {
  const { generation, leftovers, stop: under } = situation.context
  if (under === null) return []
  const again = fact("StopEscalated", situation, {
    mode: "kill",
    outcome: under.outcome,
    by: daemon,
    reason: "overdue",
    deadline: overdue(situation)
  })
  // A holder names what does not die and goes on. One that has named nothing by now does not act: the daemon ends the tree itself.
  return leftovers.length > 0 ? [again] : [fact("HolderLost", situation, { generation, reason: "stop_overdue" })]
}

const overdue = ({ context, now }: Situation) => deadlineIn(now, limits.stopMarginMs + ladderMs(context.spec.stop.ladder))
