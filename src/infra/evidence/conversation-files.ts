/** Which conversations a launch's processes hold open: what an agent writes to is its own, whatever else lies in the same folder. */
import { readdirSync, readlinkSync } from "node:fs"
import type { ProcessTree } from "../holder/tree.ts"

export interface OpenConversation {
  readonly id: string
  /** The file that it is written to; null while only its lock is held. */
  readonly transcript: string | null
}

/** How a conversation's files are named. The first group of each is the conversation's id; null where there are no such files. */
export interface ConversationPaths {
  readonly transcript: RegExp | null
  readonly lock: RegExp | null
}

const uuid = "([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"

/** Codex 0.169 holds the lock from its start on, and the transcript from the first prompt. Ids are UUIDs of version 7, which sort by age. */
export const codexPaths: ConversationPaths = {
  transcript: new RegExp(`/sessions/(?:.*/)?rollout-[^/]*-${uuid}\\.jsonl$`),
  lock: new RegExp(`/thread-writer-locks/${uuid}\\.lock$`)
}

/**
 * Those with a lock first, else by id. A scan reads the whole process table (measured: some milliseconds), and is for when something is
 * expected to have changed, such as the first word of an activity.
 */
export const openConversations = (tree: ProcessTree, paths: ConversationPaths): ReadonlyArray<OpenConversation> => {
  const locked = new Set<string>()
  const transcripts = new Map<string, string | null>()
  for (const { identity } of tree.scan()) {
    for (const path of openFiles(identity.pid)) {
      const lock = paths.lock?.exec(path)?.[1]
      if (lock !== undefined) locked.add(lock)
      const transcript = paths.transcript?.exec(path)?.[1]
      const id = lock ?? transcript
      if (id !== undefined) transcripts.set(id, transcript === undefined ? (transcripts.get(id) ?? null) : path)
    }
  }
  return [...transcripts]
    .map(([id, transcript]) => ({ id, transcript }))
    .sort((a, b) => Number(locked.has(b.id)) - Number(locked.has(a.id)) || (a.id < b.id ? -1 : 1))
}

/** None of a process that ended, or changed its user. */
const openFiles = (pid: number): ReadonlyArray<string> => {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => targetOf(`/proc/${pid}/fd/${fd}`))
  } catch {
    return []
  }
}

/** proc(5): a file that was removed is shown with a word behind its path, and matches nothing. */
const targetOf = (link: string): ReadonlyArray<string> => {
  try {
    return [readlinkSync(link)]
  } catch {
    // Closed in between.
    return []
  }
}
