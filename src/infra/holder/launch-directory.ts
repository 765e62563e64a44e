/** The directory of one launch: what lies in it under which name, and who may write it. Creating it is the right to launch. */
import { linkSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { ProcessIdentity } from "../../domain/facts.ts"
import type { JournalEntry } from "../../domain/inputs.ts"
import type { Rung, Size } from "../../domain/spec.ts"
import { writeSynced } from "../durable-file.ts"

/** Written by the daemon before the holder starts, removed by the holder: `env` holds secrets. */
export interface HolderSpec {
  readonly session: string
  readonly generation: number
  readonly nonce: string
  readonly executable: string
  readonly args: ReadonlyArray<string>
  readonly cwd: string
  /** The child's whole environment, the three names of the launch included. */
  readonly env: Readonly<Record<string, string>>
  readonly size: Size
  readonly ladder: ReadonlyArray<Rung>
  readonly outputDirectory: string
  readonly outputRetentionBytes: number
  readonly build: string
  readonly crashAt?: string
}

/** Who has the launch. `abandoned`: a daemon gave the directory up, and a holder that comes late must not go on. */
export interface Owner {
  readonly nonce: string
  readonly process: ProcessIdentity
  readonly role: "holder" | "abandoned"
}

export interface LaunchIdentity {
  readonly nonce: string
  readonly generation: number
  readonly process: ProcessIdentity
  readonly holder: ProcessIdentity
  readonly protocol: { readonly min: number; readonly max: number }
  readonly build: string
}

export const fileNames = {
  spec: "spec.json",
  owner: "owner",
  identity: "identity.json",
  journal: "journal.ndjson",
  /** Given up when the disk is full, so that an exit can still be written down. */
  reserve: "journal.reserve",
  epoch: "epoch",
  socket: "sock",
  log: "log"
} as const

export const sessionDirectory = (home: string, session: string) => join(home, "sessions", session)
export const launchDirectory = (home: string, session: string, generation: number) =>
  join(sessionDirectory(home, session), `g${generation}`)
export const outputDirectory = (home: string, session: string) => join(sessionDirectory(home, session), "output")

/** Exactly one caller wins; the file has its whole content from the first moment on. */
export const claim = (directory: string, owner: Owner): boolean => {
  const temporary = join(directory, `${fileNames.owner}.${process.pid}.tmp`)
  writeSynced(temporary, JSON.stringify(owner))
  try {
    linkSync(temporary, join(directory, fileNames.owner))
    return true
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error
    return false
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** Null when there is no such file, or nothing in it that can be read. */
export const readJson = <A>(path: string): A | null => {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as A
  } catch {
    return null
  }
}

/** Every whole line in order; a torn last line was told to nobody. */
export const readJournal = (directory: string): ReadonlyArray<JournalEntry> => {
  let text: string
  try {
    text = readFileSync(join(directory, fileNames.journal), "utf8")
  } catch {
    return []
  }
  const entries: Array<JournalEntry> = []
  for (const line of text.split("\n").slice(0, -1)) {
    try {
      entries.push(JSON.parse(line) as JournalEntry)
    } catch {
      return entries
    }
  }
  return entries
}

export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException)?.code ?? "unknown"
