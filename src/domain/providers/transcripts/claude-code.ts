/**
 * Lines of `~/.claude/projects/<directory>/<conversation>.jsonl`. They are not in the order of time: the first answer may stand
 * before its prompt. One model call is written as several lines, a block each, all with the call's id and its usage so far.
 */
import { at, countAt, listAt, textAt } from "../json.ts"
import { blockedBy, promptTaken, statusAt, type Told, turnEnded, used } from "../observing.ts"

export const readClaudeCodeEntry = (entry: unknown): Told => {
  switch (textAt(entry, "type")) {
    case "assistant":
      return answered(entry)
    case "user":
      return said(entry)
    case "system":
    case "summary":
      return []
    case null:
      return null
    default:
      return silent.has(textAt(entry, "type") ?? "") ? [] : null
  }
}

/** Of no meaning but to the agent itself. */
const silent: ReadonlySet<string> = new Set([
  "agent-name",
  "ai-title",
  "api-request",
  "api-request-blob",
  "api-request-shape",
  "atis-latch",
  "attachment",
  "cost-state",
  "custom-title",
  "file-history-delta",
  "file-history-snapshot",
  "last-prompt",
  "mode",
  "permission-mode",
  "pr-link",
  "progress",
  "queue-operation",
  "tag",
  "tools-used"
])

const answered = (entry: unknown): Told => {
  const message = at(entry, "message")
  const reason = textAt(message, "stop_reason")
  if (at(entry, "isApiErrorMessage") === true) {
    const detail = textOf(message)
    return [turnEnded("failed", detail), ...blockedBy(textAt(entry, "error") ?? statusAt(entry, "apiErrorStatus"), detail)]
  }
  const model = textAt(message, "model")
  // Written by the agent in the model's name.
  if (model === "<synthetic>") return []
  const usage = at(message, "usage")
  const call = used(textAt(message, "id"), model, {
    inputTokens: countAt(usage, "input_tokens"),
    outputTokens: countAt(usage, "output_tokens"),
    cacheReadTokens: countAt(usage, "cache_read_input_tokens"),
    cacheWriteTokens: countAt(usage, "cache_creation_input_tokens")
  })
  return ownTurn(entry) && (reason === "end_turn" || reason === "stop_sequence") ? [...call, turnEnded("completed")] : call
}

const said = (entry: unknown): Told => {
  const message = at(entry, "message")
  const content = at(message, "content")
  if (!ownTurn(entry) || at(entry, "isMeta") === true || at(entry, "isCompactSummary") === true) return []
  if (listAt(content).some((block) => textAt(block, "type") === "tool_result")) return []
  const text = textOf(message)
  if (text.startsWith("[Request interrupted by user")) return [turnEnded("interrupted")]
  if (/^<(?:local-command|bash-(?:stdout|stderr)|task-notification)/.test(text)) return []
  return [promptTaken(typed(text))]
}

/** A subagent's turns are no turns of ours. */
const ownTurn = (entry: unknown) => at(entry, "isSidechain") !== true

/** A command is written down in parts. */
const typed = (text: string): string => {
  const command = /<command-name>([^<]*)<\/command-name>/.exec(text)?.[1]
  if (command === undefined) return text
  const words = /<command-args>([^<]*)<\/command-args>/.exec(text)?.[1] ?? ""
  return `${command} ${words}`.trim()
}

export const textOf = (message: unknown): string =>
  textAt(message, "content") ??
  listAt(message, "content")
    .map((block) => (textAt(block, "type") === "text" ? (textAt(block, "text") ?? "") : ""))
    .filter((text) => text !== "")
    .join("\n")
