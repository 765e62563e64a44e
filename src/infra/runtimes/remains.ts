/** What lies on disk of launches, read without disturbing the holders that still write it. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Result, Schema } from "effect"
import type { ProcessIdentity } from "../../domain/facts.ts"
import { SessionId } from "../../domain/ids.ts"
import { JournalEntry } from "../../domain/inputs.ts"
import { limits } from "../../domain/limits.ts"
import { fileNames, launchDirectory, readEpoch, readIdentity, readOwner, readSpec, sessionDirectory } from "../holder/launch-directory.ts"
import { carriesAnotherNonce, isAlive } from "../holder/process-table.ts"
import { ProcessTree } from "../holder/tree.ts"
import { namesIn, readSmall } from "../regular-file.ts"
import type { LaunchRemains } from "./runtime.ts"

/** What the log knows of a launch; the files of the launch may say otherwise, since its agent can write to them. */
export interface Expected {
  readonly nonce: string
  readonly process: ProcessIdentity | null
}

export const remainsOf = (home: string, session: string, generation: number, expected?: Expected): LaunchRemains | null => {
  const directory = launchDirectory(home, session, generation)
  if (!existsSync(directory)) return null
  const identity = readIdentity(directory)
  const journal = readJournal(directory)
  const spawned = journal.flatMap(({ event }) => (event.type === "spawned" ? [event.process] : []))[0]
  const nonce = identity?.nonce ?? readOwner(directory)?.nonce ?? readSpec(directory)?.nonce ?? ""
  const process = ownProcess(identity?.process ?? spawned ?? null, nonce)
  const own = believed(journal, [{ process, nonce }, ...(expected === undefined ? [] : [expected])])
  return { session, generation, nonce, process, journal: own, isContradicted: own.length < journal.length }
}

/**
 * The agent can write to the journal: an end counts where nothing of the launch lives. A leader's exit counts where that leader is dead. What
 * follows an entry that does not count is left out with it.
 */
const believed = (journal: ReadonlyArray<JournalEntry>, traces: ReadonlyArray<Expected>): ReadonlyArray<JournalEntry> => {
  const end = journal.findIndex(({ event }) => isEnd(event.type))
  if (end < 0) return journal
  if (traces.some(({ process }) => process !== null && isAlive(process))) return journal.slice(0, end)
  const over = journal.findIndex(({ event }) => event.type !== "exited" && isEnd(event.type))
  if (over < 0 || !traces.some(({ nonce, process }) => nonce !== "" && hasMembers(process, nonce))) return journal
  return journal.slice(0, over)
}

const isEnd = (type: string) => type === "exited" || type === "cleared" || type === "launch_failed"
const hasMembers = (process: ProcessIdentity | null, nonce: string) => new ProcessTree(process, nonce, { watched: false }).scan().length > 0

/** Agents can write here: a process that lives and was launched for another session is not this one's, whatever the files say. */
const ownProcess = (process: ProcessIdentity | null, nonce: string): ProcessIdentity | null =>
  process !== null && isAlive(process) && carriesAnotherNonce(process.pid, nonce) ? null : process

export const listRemains = (home: string): ReadonlyArray<LaunchRemains> =>
  launches(home).flatMap(({ generation, session }) => remainsOf(home, session, generation) ?? [])

/** The highest epoch with which any daemon attached to a holder that is still here; 0 where there is none. */
export const highestEpoch = (home: string): number =>
  launches(home).reduce((highest, { generation, session }) => Math.max(highest, readEpoch(launchDirectory(home, session, generation))), 0)

/** Every whole line in order, up to the first that no holder writes; no daemon saw a torn last line. */
export const readJournal = (directory: string): ReadonlyArray<JournalEntry> => {
  const text = readSmall(join(directory, fileNames.journal), limits.journalBytes) ?? ""
  const entries: Array<JournalEntry> = []
  for (const line of text.split("\n").slice(0, -1)) {
    const entry = decodeEntry(line)
    if (Result.isFailure(entry) || entry.success.n !== entries.length + 1) return entries
    entries.push(entry.success)
  }
  return entries
}

const decodeEntry = Schema.decodeUnknownResult(Schema.fromJsonString(JournalEntry))

/** Directories of sessions and of launches alone: whatever else lies there is not looked at. */
const launches = (home: string): ReadonlyArray<{ readonly session: string; readonly generation: number }> =>
  namesIn(join(home, "sessions"), limits.sessionDirectories)
    .filter(isSession)
    .flatMap((session) =>
      namesIn(sessionDirectory(home, session), limits.directoryNames).flatMap((name) => {
        const generation = /^g([1-9]\d{0,8})$/.exec(name)?.[1]
        return generation === undefined ? [] : [{ session, generation: Number(generation) }]
      })
    )

const isSession = Schema.is(SessionId)

/** True also when there never was one. */
export const holderIsDead = (directory: string): boolean => {
  const owner = readOwner(directory)
  return owner === null || owner.role !== "holder" || !isAlive(owner.process)
}
