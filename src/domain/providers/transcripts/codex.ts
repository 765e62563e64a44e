/**
 * Lines of `~/.codex/sessions/<year>/<month>/<day>/rollout-<time>-<conversation>.jsonl`: each an object in an envelope of time and type.
 * A fork has a file of its own, which repeats what its parent said.
 */
import { at, countAt, listAt, textAt } from "../json.ts"
import { blockedBy, conversation, modelUsed, promptTaken, type Told, turnEnded, used } from "../observing.ts"

export const readCodexEntry = (entry: unknown): Told => {
  const payload = at(entry, "payload")
  switch (textAt(entry, "type")) {
    case "session_meta": {
      const id = textAt(payload, "id")
      return id === null ? null : [conversation(id, null)]
    }
    case "event_msg":
      return happened(payload)
    case "turn_context": {
      const model = textAt(payload, "model")
      return model === null ? [] : [modelUsed(model)]
    }
    case "token_usage_record":
      return spent(payload)
    case "compacted":
    case "response_item":
    case "world_state":
      return []
    default:
      return null
  }
}

const happened = (payload: unknown): Told => {
  switch (textAt(payload, "type")) {
    case "item_completed":
      return textAt(payload, "item", "type") === "UserMessage" ? [promptTaken(textOf(at(payload, "item")))] : []
    case "task_complete":
      return [turnEnded("completed")]
    case "turn_aborted":
      return [turnEnded("interrupted")]
    case "error": {
      const detail = textAt(payload, "message") ?? ""
      return [turnEnded("failed", detail), ...blockedBy(textAt(payload, "codex_error_info"), detail)]
    }
    case null:
      return null
    // The conversation itself, in more words than are needed here; and what a call cost, a second time.
    default:
      return []
  }
}

const textOf = (item: unknown): string =>
  listAt(item, "content")
    .map((part) => (textAt(part, "type") === "text" ? (textAt(part, "text") ?? "") : ""))
    .join("")

/** What was cached is among the input. */
const spent = (payload: unknown): Told => {
  const usage = at(payload, "usage")
  const cached = countAt(usage, "cached_input_tokens")
  return used(textAt(payload, "response_id"), null, {
    inputTokens: Math.max(0, countAt(usage, "input_tokens") - cached),
    outputTokens: countAt(usage, "output_tokens"),
    cacheReadTokens: cached,
    cacheWriteTokens: countAt(usage, "cache_write_input_tokens")
  })
}
