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
export const messages = (kind: HistoryKind, lines: ReadonlyArray<string>): ReadonlyArray<Message> => messagesIn(tree(kind, lines))

export const messagesIn = (entries: ReadonlyArray<Entry>): ReadonlyArray<Message> =>
  entries.flatMap(({ id, role, text, time }) => (role === null || text === null || id === null ? [] : [{ id, role, text, at: time }]))

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
  const kept = keptIn(tree(kind, lines), atMessage)
  if (kept === "no_such_message") return kept
  return lines.flatMap((line, index) => (kept.has(index) ? (renamed(kind, line, newId) ?? []) : []))
}

/** The places of the lines that a branch at that message keeps. */
export const keptIn = (entries: ReadonlyArray<Entry>, atMessage: string): ReadonlySet<number> | "no_such_message" => {
  const target = entries.findIndex(({ id, role }) => id === atMessage && role !== null)
  if (target === -1) return "no_such_message"
  const last = entries[target]!.index
  const before = ancestors(entries, atMessage)
  const after = descendants(entries, atMessage)
  const known = new Set(entries.flatMap(({ id }) => id ?? []))
  const kept = entries.filter(({ id, index, type }) =>
    id === null ? index < last && !leftOut.has(type) : before.has(id) || (index <= last && !after.has(id))
  )
  const keptIds = new Set(kept.flatMap(({ id }) => id ?? []))
  return new Set(kept.filter(({ refersTo }) => refersTo.every((id) => keptIds.has(id) || !known.has(id))).map(({ index }) => index))
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

/** What is held of a line while its file is read: never the line itself, which may be megabytes. */
export interface Entry {
  /** Its place among the lines of the file, from 0. */
  readonly index: number
  readonly type: string
  readonly id: string | null
  readonly parent: string | null
  /** Entries that this one speaks of without following from them. */
  readonly refersTo: ReadonlyArray<string>
  readonly role: "user" | "assistant" | null
  /** Its beginning; null where nothing was said. */
  readonly text: string | null
  readonly time: number | null
}

/** Lines that are no JSON objects belong to no message: a torn one is the last, and what a crash left of it. */
const tree = (kind: HistoryKind, lines: ReadonlyArray<string>): ReadonlyArray<Entry> =>
  lines.flatMap((line, index) => entryOf(kind, line, index) ?? [])

/** Null for a line that is no JSON object. */
export const entryOf = (kind: HistoryKind, line: string, index: number): Entry | null => {
  const value = parsed(line)
  if (!isObject(value)) return null
  const role = kind === "pi" ? piRole(value) : claudeRole(value)
  const text = role === null ? "" : textOf(value.message)
  return {
    index,
    type: textAt(value, "type") ?? "",
    id: value.type === "session" ? null : textAt(value, kind === "pi" ? "id" : "uuid"),
    // A compaction begins a new root, and names what it follows.
    parent: textAt(value, kind === "pi" ? "parentId" : "parentUuid") ?? textAt(value, "logicalParentUuid"),
    refersTo: ["leafUuid", "messageId", "targetId"].flatMap((key) => textAt(value, key) ?? []),
    role,
    text: text === "" ? null : shown(text, limits.questionChars),
    time: timeAt(value, "timestamp")
  }
}

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

/** The line in a conversation of another id; null for a line that is no JSON object. */
export const renamed = (kind: HistoryKind, line: string, newId: string): string | null => {
  const value = parsed(line)
  if (!isObject(value)) return null
  if (kind === "pi") return JSON.stringify(value.type === "session" ? { ...value, id: newId } : value)
  const own = ["sessionId", "session_id"].filter((key) => Object.hasOwn(value, key))
  return JSON.stringify({ ...value, ...Object.fromEntries(own.map((key) => [key, newId])) })
}
