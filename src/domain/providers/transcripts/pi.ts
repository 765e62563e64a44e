/** Lines of `~/.pi/agent/sessions/--<directory>--/<time>_<conversation>.jsonl`: a header, then entries in the order of time. */
import { at, countAt, textAt } from "../json.ts"
import { conversation, promptTaken, type Told, turnEnded, used } from "../observing.ts"
import { textOf } from "./claude-code.ts"

export const readPiEntry = (entry: unknown): Told => {
  switch (textAt(entry, "type")) {
    case "session": {
      const id = textAt(entry, "id")
      return id === null ? null : [conversation(id, null)]
    }
    case "message":
      return said(entry)
    case "usage":
      return spent(entry, textAt(entry, "id"))
    case "branch_summary":
    case "compaction":
      return at(entry, "usage") === undefined ? [] : spent(entry, textAt(entry, "id"))
    case "context_edit":
    case "custom":
    case "custom_message":
    case "label":
    case "model_change":
    case "session_info":
    case "thinking_level_change":
      return []
    default:
      return null
  }
}

const said = (entry: unknown): Told => {
  const message = at(entry, "message")
  switch (textAt(message, "role")) {
    case "user":
      return [promptTaken(textOf(message))]
    case "assistant":
      return [...spent(message, textAt(entry, "id")), ...ended(message)]
    case null:
      return null
    // Results of tools, shell commands of the user's own, words of extensions.
    default:
      return []
  }
}

const ended = (message: unknown) => {
  switch (textAt(message, "stopReason")) {
    case "stop":
      return [turnEnded("completed")]
    case "aborted":
      return [turnEnded("interrupted")]
    // After an error it tries again by itself: only its extension knows when it has given up.
    default:
      return []
  }
}

/** The same places in an answer and in an entry of its own. */
const spent = (holder: unknown, call: string | null) => {
  const usage = at(holder, "usage")
  return used(call, textAt(holder, "model"), {
    inputTokens: countAt(usage, "input"),
    outputTokens: countAt(usage, "output"),
    cacheReadTokens: countAt(usage, "cacheRead"),
    cacheWriteTokens: countAt(usage, "cacheWrite")
  })
}
