/**
 * Lines of `~/.gemini/tmp/<project>/chats/session-<time>-<conversation, 8 characters>.jsonl`: a header, messages, and changes of either.
 * A message is written again, under its id, when something of it changed.
 */
import { at, countAt, isObject, listAt, textAt } from "../json.ts"
import { conversation, promptTaken, type Told, turnEnded, used } from "../observing.ts"

export const readGeminiEntry = (entry: unknown): Told => {
  if (!isObject(entry)) return null
  if (Object.hasOwn(entry, "$set") || Object.hasOwn(entry, "$rewindTo")) return []
  const id = textAt(entry, "sessionId")
  if (id !== null) return [conversation(id, null)]
  switch (textAt(entry, "type")) {
    case "user":
      return isToolResult(entry) ? [] : [promptTaken(textOf(entry))]
    case "gemini":
      return spent(entry)
    case "info":
      return textOf(entry) === "Request cancelled." ? [turnEnded("interrupted")] : []
    case "error":
    case "warning":
      return []
    default:
      return null
  }
}

const isToolResult = (entry: unknown) => listAt(entry, "content").some((part) => at(part, "functionResponse") !== undefined)

const textOf = (entry: unknown) =>
  textAt(entry, "content") ??
  listAt(entry, "content")
    .map((part) => textAt(part, "text") ?? "")
    .join("")

/** Counts come after the text, with the message written again. Those of the input include what was cached. */
const spent = (entry: unknown): Told => {
  const tokens = at(entry, "tokens")
  if (!isObject(tokens)) return []
  const cached = countAt(tokens, "cached")
  return used(textAt(entry, "id"), textAt(entry, "model"), {
    inputTokens: Math.max(0, countAt(tokens, "input") - cached) + countAt(tokens, "tool"),
    outputTokens: countAt(tokens, "output") + countAt(tokens, "thoughts"),
    cacheReadTokens: cached,
    cacheWriteTokens: 0
  })
}
