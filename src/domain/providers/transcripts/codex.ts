/** Lines of `~/.codex/sessions/<year>/<month>/<day>/rollout-<time>-<conversation>.jsonl`: each an object in an envelope of time and type. */
import { at, countAt, textAt } from "../json.ts"
import { blockedBy, conversation, promptTaken, type Told, turnEnded, used } from "../observing.ts"

export const readCodexEntry = (entry: unknown): Told => {
  const payload = at(entry, "payload")
  switch (textAt(entry, "type")) {
    case "session_meta": {
      const id = textAt(payload, "id")
      return id === null ? null : [conversation(id, null)]
    }
    case "event_msg":
      return happened(payload)
    case "compacted":
    case "response_item":
    case "turn_context":
    case "world_state":
      return []
    default:
      return null
  }
}

const happened = (payload: unknown): Told => {
  const type = textAt(payload, "type")
  switch (type) {
    case "user_message":
      return [promptTaken(textAt(payload, "message"))]
    case "task_complete":
    case "turn_complete":
      return [turnEnded("completed")]
    case "turn_aborted":
      return [turnEnded("interrupted", textAt(payload, "reason") ?? "")]
    case "error": {
      const detail = textAt(payload, "message") ?? ""
      return [turnEnded("failed", detail), ...blockedBy(textAt(payload, "codex_error_info"), detail)]
    }
    case "token_count":
      return counted(payload)
    case null:
      return null
    // The conversation itself, in more words than are needed here; the type of every message is the model provider's to choose.
    default:
      return []
  }
}

/** The same count is told again when only the limits changed: what is spent in all tells one call from the next. */
const counted = (payload: unknown): Told => {
  const last = at(payload, "info", "last_token_usage")
  if (last === undefined) return []
  const cached = countAt(last, "cached_input_tokens")
  return [
    used(`total ${countAt(payload, "info", "total_token_usage", "total_tokens")}`, null, {
      inputTokens: Math.max(0, countAt(last, "input_tokens") - cached),
      outputTokens: countAt(last, "output_tokens"),
      cacheReadTokens: cached,
      cacheWriteTokens: countAt(last, "cache_write_input_tokens")
    })
  ]
}
