/** What keeps the daemon from typing though the agent is up: its processes are stopped, its terminal echoes nothing, or a person is typing. */
import type { Fact } from "../facts.ts"
import type { Command, Report } from "../inputs.ts"
import { isUp } from "../session.ts"
import { isChoosing, type SessionContext } from "../session-context.ts"
import { uncertain } from "./prompt-fates.ts"
import { fact, nothing, type Policies, refuse, type Situation } from "./verdict.ts"

type SuspendingInput = Extract<Command | Report, { readonly type: "Continue" | "SuspensionObserved" | "EchoObserved" | "Typing" }>

export const suspending: Policies<SuspendingInput> = {
  SuspensionObserved: (situation, { generation, suspended }) => {
    const { context, session } = situation
    if (generation !== context.generation) return nothing("stale_generation")
    if (!isUp(session) || isSuspended(context) === suspended) return nothing("unchanged")
    return suspended
      ? [fact("AgentSuspended", situation, { generation }), ...typedBefore(situation)]
      : [fact("AgentContinued", situation, { generation })]
  },
  EchoObserved: (situation, { echo, generation }) => {
    const { context, session } = situation
    if (generation !== context.generation) return nothing("stale_generation")
    if (!isUp(session) || (context.echoOffAt == null) === echo) return nothing("unchanged")
    return [fact(echo ? "EchoTurnedOn" : "EchoTurnedOff", situation, { generation })]
  },
  Continue: (situation, { by }) => {
    const { context, session } = situation
    if (isUp(session) && !isSuspended(context)) return refuse("not_suspended", "the agent is not stopped")
    return [fact("ContinueRequested", situation, { generation: context.generation, by })]
  },
  Typing: (situation, { by, client, open }) => {
    const { context, session } = situation
    if (!isUp(session) || (context.typing != null) === open) return nothing("unchanged")
    // A key that picks a choice leaves no text behind, and sends none.
    if (isChoosing(context.activity)) return nothing("not_now")
    return [fact(open ? "TypingBegan" : "TypingEnded", situation, { client, by })]
  }
}

export const isSuspended = ({ suspendedAt }: SessionContext): boolean => suspendedAt != null

/** Whether a stopped agent has read it is not known. */
const typedBefore = (situation: Situation): ReadonlyArray<Fact> =>
  situation.context.prompts
    .filter(({ stage }) => stage === "written" || stage === "submitted")
    .map((prompt) => uncertain(situation, prompt, "the agent was stopped after it was typed"))
