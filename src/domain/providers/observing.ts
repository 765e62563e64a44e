/** The observations that every reader makes. */
import type { Activity } from "../activity.ts"
import { limits } from "../limits.ts"
import type { Observation, Question, Usage } from "../observations.ts"
import { at, isObject, listAt, shown, textAt } from "./json.ts"

/** What one message of a source reports, in its order; null: it is of a kind that this version does not know. */
export type Told = ReadonlyArray<Observation> | null

export const being = (activity: Exclude<Activity, "waiting">): Observation => ({ type: "Activity", activity, question: null })
export const working = being("working")
export const idle = being("idle")

export const waiting = (question: Question | null): Observation => ({ type: "Activity", activity: "waiting", question })

export const conversation = (id: string, transcript: string | null): Observation => ({ type: "Conversation", id, transcript })

export const promptTaken = (text: string | null): Observation => ({ type: "PromptTaken", text })

export const turnEnded = (outcome: "completed" | "interrupted" | "failed", detail = ""): Observation => ({
  type: "TurnEnded",
  outcome,
  detail: shown(detail)
})

/** A call that was aborted or failed may have cost nothing: then there is nothing to report. */
export const used = (call: string | null, model: string | null, usage: Usage): ReadonlyArray<Observation> =>
  Object.values(usage).some((tokens) => tokens > 0) ? [{ type: "Used", call, model, usage }] : []

/** Where the model is named apart from what it costs. */
export const modelUsed = (model: string): Observation => ({
  type: "Used",
  call: null,
  model,
  usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 }
})

export const blocked = (cause: "auth" | "rate_limited", detail: string, until: number | null = null): Observation => ({
  type: "Blocked",
  cause,
  until,
  detail: shown(detail)
})

export const unknown = (kind: string, raw: unknown): Observation => ({
  type: "Unknown",
  kind: shown(kind),
  raw: (typeof raw === "string" ? raw : (JSON.stringify(raw) ?? "")).slice(0, limits.unknownRawChars)
})

export const question = (kind: Question["kind"], text: string, choices: ReadonlyArray<string> = []): Question => ({
  kind,
  text: shown(text),
  choices: choices.map((choice) => shown(choice))
})

/** `Bash: touch x`: the tool, and what of its input a person would look at first. */
export const toolQuestion = (tool: string, input: unknown): Question => {
  const [asked] = listAt(input, "questions")
  const choices = listAt(asked, "options").flatMap((option) => textAt(option, "label") ?? [])
  const text = textAt(asked, "question")
  if (text !== null) return question("input", text, choices)
  const telling = tellingKeys.map((key) => textAt(input, key)).find((value) => value !== null && value !== "")
  const empty = !isObject(input) || Object.keys(input).length === 0
  return question("permission", telling === undefined ? (empty ? tool : `${tool}: ${JSON.stringify(input)}`) : `${tool}: ${telling}`)
}

const tellingKeys = ["command", "file_path", "filePath", "path", "url", "query", "pattern", "plan", "prompt", "description"]

/** An error of the model's provider, by its own code or HTTP status: some of them stop all work until a person or time helps. */
export const blockedBy = (code: string | number | null, detail: string): ReadonlyArray<Observation> => {
  if (code === null) return []
  if (withoutLogin.has(code)) return [blocked("auth", detail)]
  return overLimit.has(code) ? [blocked("rate_limited", detail)] : []
}

const withoutLogin: ReadonlySet<string | number> = new Set([
  401,
  "account_on_hold",
  "authentication_error",
  "authentication_failed",
  "cloud_credential_error",
  "oauth_org_not_allowed",
  "unauthorized",
  "verification_required"
])
const overLimit: ReadonlySet<string | number> = new Set([429, "rate_limit", "rate_limit_error", "usage_limit_exceeded"])

export const statusAt = (value: unknown, ...path: ReadonlyArray<string>): number | null => {
  const found = at(value, ...path)
  return typeof found === "number" ? found : null
}
