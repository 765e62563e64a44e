/** What our plugin in opencode reports: events of its bus. A subagent has a session of its own, whose turns are no turns of ours. */
import { at, countAt, listAt, textAt } from "../json.ts"
import {
  blockedBy,
  conversation,
  idle,
  promptTaken,
  question,
  statusAt,
  type Told,
  toolQuestion,
  turnEnded,
  used,
  waiting,
  working
} from "../observing.ts"

export const readOpencodeHook = (event: string, payload: unknown): Told => {
  const own = at(payload, "subagent") !== true
  switch (event) {
    case "session.created": {
      const id = textAt(payload, "info", "id")
      return id === null ? null : own ? [conversation(id, null)] : []
    }
    case "session.status":
      return own ? status(payload) : []
    case "session.error":
      return own ? failed(payload) : []
    case "session.compacted":
      return []
    case "permission.asked":
    case "permission.updated":
      return [waiting(permission(payload))]
    case "question.asked":
      return [waiting(toolQuestion("question", payload))]
    case "permission.replied":
    case "question.replied":
    case "question.rejected":
      return [working]
    case "message.updated":
      return message(payload, own)
    default:
      return null
  }
}

const status = (payload: unknown): Told => {
  const id = textAt(payload, "sessionID")
  switch (textAt(payload, "status", "type")) {
    // A session that was resumed is not created: its first turn names it.
    case "busy":
    case "retry":
      return id === null ? [working] : [conversation(id, null), working]
    case "idle":
      return [ended(at(payload, "error")), idle]
    default:
      return null
  }
}

/** The error of a turn comes before its end: the plugin repeats it there. */
const ended = (error: unknown) => {
  if (error === undefined) return turnEnded("completed")
  return byPerson.has(textAt(error, "name") ?? "") ? turnEnded("interrupted") : turnEnded("failed", detailOf(error))
}

const byPerson: ReadonlySet<string> = new Set(["MessageAbortedError", "PermissionRejected"])

const failed = (payload: unknown): Told => {
  const error = at(payload, "error")
  return blockedBy(statusAt(error, "data", "statusCode"), detailOf(error))
}

const detailOf = (error: unknown) => textAt(error, "data", "message") ?? textAt(error, "name") ?? ""

const permission = (payload: unknown) => {
  const title = textAt(payload, "title")
  const tool = textAt(payload, "permission") ?? textAt(payload, "type") ?? "tool"
  const patterns = listAt(payload, "patterns").filter((pattern): pattern is string => typeof pattern === "string")
  return question("permission", title ?? (patterns.length === 0 ? tool : `${tool}: ${patterns.join(", ")}`))
}

const message = (payload: unknown, own: boolean): Told => {
  const written = at(payload, "info")
  const tokens = at(written, "tokens")
  if (textAt(written, "role") === "user") return own ? [promptTaken(null)] : []
  if (textAt(written, "role") !== "assistant") return null
  return used(textAt(written, "id"), textAt(written, "modelID"), {
    inputTokens: countAt(tokens, "input"),
    outputTokens: countAt(tokens, "output") + countAt(tokens, "reasoning"),
    cacheReadTokens: countAt(tokens, "cache", "read"),
    cacheWriteTokens: countAt(tokens, "cache", "write")
  })
}
