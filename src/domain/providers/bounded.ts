/** What an agent says of itself, within limits: it reaches facts, views and the command line of the next launch. */
import { limits } from "../limits.ts"
import type { Observation, Question, Usage } from "../observations.ts"
import { latestMs } from "../time.ts"
import { shown } from "./json.ts"

/** Conversations are named in the command line of a launch: none may look like an option, a path or a second word. */
export const conversationPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

/** Null where nothing usable is left of it. */
export const bounded = (observed: Observation): Observation | null => {
  switch (observed.type) {
    case "Activity":
      return { ...observed, question: observed.question && boundedQuestion(observed.question) }
    case "Conversation":
      return isConversation(observed.id) ? { ...observed, transcript: pathOf(observed.transcript) } : null
    case "PromptTaken":
      return observed.text !== null && observed.text.length > limits.promptBytes ? { ...observed, text: null } : observed
    case "TurnEnded":
      return { ...observed, detail: shown(observed.detail) }
    case "Used":
      return {
        ...observed,
        model: observed.model && shown(observed.model, limits.modelChars),
        call: callOf(observed.call),
        usage: saturated(observed.usage)
      }
    case "Blocked":
      return { ...observed, detail: shown(observed.detail), until: timeOf(observed.until) }
    case "Unknown":
      return { ...observed, kind: shown(observed.kind), raw: observed.raw.slice(0, limits.unknownRawChars) }
  }
}

const boundedQuestion = ({ choices, kind, text }: Question): Question => ({
  kind,
  text: shown(text),
  choices: choices.slice(0, limits.choices).map((choice) => shown(choice, limits.choiceChars))
})

export const isConversation = (id: string): boolean => id.length <= limits.conversationChars && conversationPattern.test(id)

/** The absolute path of a file, as a kernel takes it. */
const pathOf = (path: string | null): string | null =>
  path?.startsWith("/") && path.length <= limits.cwdChars && !path.includes("\0") ? path : null

/** A name that is too long names nothing: then its call counts like any other. */
const callOf = (call: string | null): string | null => (call !== null && call.length <= limits.conversationChars ? call : null)

const timeOf = (ms: number | null): number | null => (ms !== null && Number.isInteger(ms) && ms >= 0 && ms <= latestMs ? ms : null)

/** When something was so, by an agent that may say anything: nothing was so later than now. */
export const observedBy = (atMs: number, nowMs: number): number => Math.max(0, Math.min(Math.trunc(atMs) || 0, nowMs))

/** Sums stay whole numbers that every reader of JSON can hold. */
export const saturated = (usage: Usage): Usage => ({
  inputTokens: within(usage.inputTokens),
  outputTokens: within(usage.outputTokens),
  cacheReadTokens: within(usage.cacheReadTokens),
  cacheWriteTokens: within(usage.cacheWriteTokens)
})
const within = (tokens: number) => Math.max(-limits.tokens, Math.min(limits.tokens, Math.trunc(tokens) || 0))
