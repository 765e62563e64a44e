/** What our extension in pi reports. It speaks of the end of a turn once all retries are over. */
import { textAt } from "../json.ts"
import { being, conversation, idle, promptTaken, type Told, turnEnded, working } from "../observing.ts"

export const readPiHook = (event: string, payload: unknown): Told => {
  const id = textAt(payload, "sessionId")
  if (id === null) return null
  switch (event) {
    case "session_start":
      return [conversation(id, textAt(payload, "sessionFile"))]
    case "ready":
      return [idle]
    case "input":
      // An extension may speak as well.
      return textAt(payload, "source") === "extension" ? [] : [promptTaken(textAt(payload, "text"))]
    case "agent_start":
      return [working]
    case "agent_settled":
      return [settled(payload), idle]
    case "session_before_compact":
      return [being("compacting")]
    case "session_compact":
      return []
    default:
      return null
  }
}

const settled = (payload: unknown) => {
  switch (textAt(payload, "stopReason")) {
    case "aborted":
      return turnEnded("interrupted")
    case "error":
      return turnEnded("failed", textAt(payload, "errorMessage") ?? "")
    default:
      return turnEnded("completed")
  }
}
