/** Why a queued prompt is not typed now, in a word for programs and a sentence for people. */
import { Schema } from "effect"
import { isUp, type Session } from "./session.ts"
import { isChoosing } from "./session-context.ts"

export const PromptWait = Schema.Struct({
  code: Schema.Literals([
    "no_agent",
    "stopping",
    "suspended",
    "echo",
    "typing",
    "question",
    "compacting",
    "interrupting",
    "other_prompt",
    "turn",
    "activity"
  ]),
  detail: Schema.String
})
export type PromptWait = typeof PromptWait.Type

/** Null where the prompt is not queued, and where it is about to be typed. */
export const waitOf = (session: Session, promptId: string): PromptWait | null => {
  const { context } = session
  const prompt = context.prompts.find(({ id }) => id === promptId)
  if (prompt?.stage !== "queued") return null
  const { activity, echoOffAt, id, interrupt, prompts, stop, suspendedAt, typing } = context
  if (!isUp(session)) return { code: "no_agent", detail: "no agent is up" }
  if (stop !== null) return { code: "stopping", detail: "the agent is being stopped" }
  if (suspendedAt != null) return { code: "suspended", detail: `the agent is stopped (SIGSTOP, SIGTSTP): reprise continue ${id}` }
  if (echoOffAt != null)
    return {
      code: "echo",
      detail: "the terminal echoes nothing, as one that asks for a password: answer it with reprise input or attach, or cancel the prompt"
    }
  if (typing != null && !isChoosing(activity))
    return {
      code: "typing",
      detail:
        typing.ofPrompt === undefined
          ? `${typing.by} has typed text at an attached terminal that was not sent: Enter or ctrl-c there ends the wait`
          : `the text of prompt ${typing.ofPrompt} was typed without its Enter, and stays in the agent's line: reprise input ${id} --key ctrl-c clears it in most programs, --key enter ${activity.value === "waiting" ? "answers the question with it" : "sends it"}`
    }
  if (interrupt !== null) return { code: "interrupting", detail: "an interrupt is under way" }
  if (prompts.some(({ stage }) => stage === "claimed" || stage === "written" || stage === "submitted"))
    return { code: "other_prompt", detail: "another prompt is under way" }
  if (activity.value === "waiting") return { code: "question", detail: "the agent asks a question" }
  if (context.doubt?.value === "waiting") return { code: "question", detail: "a dialog stands on the agent's screen" }
  if (activity.value === "compacting") return { code: "compacting", detail: "the agent compacts its conversation" }
  if (prompt.deliver === "now") return null
  if (activity.value === "working" || prompts.some(({ stage }) => stage === "accepted"))
    return { code: "turn", detail: "a turn is running" }
  return prompt.deliver === "idle" && activity.value !== "idle"
    ? { code: "activity", detail: `the agent is ${activity.value}, and the prompt waits for idle` }
    : null
}
