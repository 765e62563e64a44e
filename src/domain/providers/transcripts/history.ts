/** The messages of a transcript, and a copy of it that ends at one of them: what a fork at a message resumes. */
import { limits } from "../../limits.ts"
import { at, isObject, listAt, parsed, shown, textAt, timeAt } from "../json.ts"
import { textOf } from "./claude-code.ts"

/** Agents whose transcripts are trees of entries with ids, written to a file per conversation that we can write as well. */
export type HistoryKind = "claude-code" | "pi"

/** Whether a conversation of this kind can be copied up to one of its messages. */
export const canBeCut = (kind: string | null): kind is HistoryKind => kind === "claude-code" || kind === "pi"

export interface Message {
  readonly id: string
  readonly role: "user" | "assistant"
  /** Its beginning. */
  readonly text: string
  /** Epoch milliseconds, where the line says. */
  readonly at: number | null
}

/** What was said, in the order of the file: no results of tools, no words that the agent put in itself, no subagents. */
export const messages = (kind: HistoryKind, lines: ReadonlyArray<string>): ReadonlyArray<Message> => {
  const entries = tree(kind, lines)
  return entries
    .filter((entry) => entry.role !== null && entry.text !== "")
    .map(({ id, role, text, time }) => ({ id: id!, role: role!, text: shown(text, limits.questionChars), at: time }))
}

/**
 * The lines up to and including that message, with whatever led to it and nothing that followed from it; the conversation's id is
 * the new one. Lines keep their order, and end without LF.
 */
export const prune = (
  kind: HistoryKind,
  lines: ReadonlyArray<string>,
  atMessage: string,
  newId: string
): ReadonlyArray<string> | "no_such_message" => {
  const entries = tree(kind, lines)
  const target = entries.findIndex(({ id, role }) => id === atMessage && role !== null)
  if (target === -1) return "no_such_message"
  const before = ancestors(entries, atMessage)
  const after = descendants(entries, atMessage)
  const known = new Set(entries.flatMap(({ id }) => id ?? []))
  const kept = entries.filter(({ id, index, value }) =>
    id === null ? index < target && !leftOut.has(textAt(value, "type") ?? "") : before.has(id) || (index <= target && !after.has(id))
  )
  const keptIds = new Set(kept.flatMap(({ id }) => id ?? []))
  return kept
    .filter(({ refersTo }) => refersTo.every((id) => keptIds.has(id) || !known.has(id)))
    .map(({ value }) => JSON.stringify(renamed(kind, value, newId)))
}

/** Records of what was sent, spent and queued, which the agent's own forks leave behind. */
const leftOut: ReadonlySet<string> = new Set([
  "api-request",
  "api-request-blob",
  "api-request-shape",
  "cost-state",
  "last-prompt",
  "queue-operation"
])

interface Entry {
  readonly index: number
  readonly value: Readonly<Record<string, unknown>>
  readonly id: string | null
  readonly parent: string | null
  /** Entries that this one speaks of without following from them. */
  readonly refersTo: ReadonlyArray<string>
  readonly role: "user" | "assistant" | null
  readonly text: string
  readonly time: number | null
}

/** Lines that are no JSON objects belong to no message: a torn one is the last, and what a crash left of it. */
const tree = (kind: HistoryKind, lines: ReadonlyArray<string>): ReadonlyArray<Entry> =>
  lines.flatMap((line, index) => {
    const value = parsed(line)
    if (!isObject(value)) return []
    const role = kind === "pi" ? piRole(value) : claudeRole(value)
    return [
      {
        index,
        value,
        id: value.type === "session" ? null : textAt(value, kind === "pi" ? "id" : "uuid"),
        // A compaction begins a new root, and names what it follows.
        parent: textAt(value, kind === "pi" ? "parentId" : "parentUuid") ?? textAt(value, "logicalParentUuid"),
        refersTo: ["leafUuid", "messageId", "targetId"].flatMap((key) => textAt(value, key) ?? []),
        role,
        text: role === null ? "" : textOf(value.message),
        time: timeAt(value, "timestamp")
      }
    ]
  })

const piRole = (value: unknown) => {
  const role = textAt(value, "message", "role")
  return textAt(value, "type") === "message" && (role === "user" || role === "assistant") ? role : null
}

const claudeRole = (value: unknown) => {
  const role = textAt(value, "type")
  if ((role !== "user" && role !== "assistant") || at(value, "isSidechain") === true || at(value, "isMeta") === true) return null
  const told = listAt(value, "message", "content").some((block) => textAt(block, "type") === "tool_result")
  const byTheAgent =
    textAt(value, "message", "model") === "<synthetic>" || textOf(at(value, "message")).startsWith("[Request interrupted by user")
  return told || byTheAgent ? null : role
}

const ancestors = (entries: ReadonlyArray<Entry>, id: string): ReadonlySet<string> => {
  const parents = new Map(entries.map((entry) => [entry.id, entry.parent]))
  const found = new Set<string>()
  for (let next: string | null = id; next !== null && !found.has(next); next = parents.get(next) ?? null) found.add(next)
  return found
}

const descendants = (entries: ReadonlyArray<Entry>, id: string): ReadonlySet<string> => {
  const children = Map.groupBy(entries, ({ parent }) => parent)
  const found = new Set<string>()
  const due = [id]
  for (let next = due.pop(); next !== undefined; next = due.pop())
    for (const child of children.get(next) ?? [])
      if (child.id !== null && !found.has(child.id)) {
        found.add(child.id)
        due.push(child.id)
      }
  return found
}

const renamed = (kind: HistoryKind, value: Readonly<Record<string, unknown>>, newId: string) => {
  if (kind === "pi") return value.type === "session" ? { ...value, id: newId } : value
  const own = ["sessionId", "session_id"].filter((key) => Object.hasOwn(value, key))
  return { ...value, ...Object.fromEntries(own.map((key) => [key, newId])) }
}
