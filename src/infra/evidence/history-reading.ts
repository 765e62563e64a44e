/** Reads a conversation's file line by line, however large: only what a list of its messages needs is held. */
import { closeSync, constants, fstatSync, fsyncSync, readlinkSync, readSync, renameSync, rmSync, writeSync } from "node:fs"
import { limits } from "../../domain/limits.ts"
import {
  type Entry,
  entryOf,
  type HistoryKind,
  keptIn,
  type Message,
  messagesIn,
  renamed
} from "../../domain/providers/transcripts/history.ts"
import { temporaryOf } from "../durable-file.ts"
import { FileRefused, openRegular } from "../regular-file.ts"
import { LineCutter } from "./line-cutter.ts"
import { isOwnSecret } from "./own-secrets.ts"

/** What a thread is asked for. `kind` is null where the file is only looked at. */
export type Reading =
  | { readonly type: "look"; readonly home: string; readonly path: string }
  | { readonly type: "list"; readonly home: string; readonly path: string; readonly kind: HistoryKind }
  | {
      readonly type: "branch"
      readonly home: string
      readonly path: string
      readonly kind: HistoryKind
      /** Null: the newest message. */
      readonly atMessage: string | null
      readonly newId: string
      readonly target: string
    }

export interface Listed {
  readonly messages: ReadonlyArray<Message>
  /** Older messages that the list leaves out. */
  readonly omitted: number
  /** Lines that are longer than any that is read. */
  readonly skipped: number
}

export type Result =
  | { readonly type: "looked" }
  | { readonly type: "listed"; readonly listed: Listed }
  | { readonly type: "branched" }
  | { readonly type: "noSuchMessage" }

/** Blocks its thread. Throws `FileRefused`, and what the disk says of the branch. */
export const perform = (reading: Reading): Result => {
  const file = opened(reading.home, reading.path)
  try {
    switch (reading.type) {
      case "look":
        readSync(file, Buffer.alloc(1), 0, 1, 0)
        return { type: "looked" }
      case "list":
        return { type: "listed", listed: list(file, reading.path, reading.kind) }
      case "branch":
        return branch(file, reading)
    }
  } finally {
    closeSync(file)
  }
}

/** `path` has no links: where a directory of it has become one meanwhile, the file is refused. */
const opened = (home: string, path: string): number => {
  const { fd, ...file } = openRegular(path, constants.O_RDONLY, {})
  const problem = isOwnSecret(home, file)
    ? "NOT_OURS"
    : file.size > limits.transcriptBytes
      ? "TOO_LARGE"
      : readlinkSync(`/proc/self/fd/${fd}`) === path
        ? null
        : "ELOOP"
  if (problem === null) return fd
  closeSync(fd)
  throw new FileRefused(path, problem)
}

const list = (file: number, path: string, kind: HistoryKind): Listed => {
  const { entries, skipped } = entriesOf(file, path, kind)
  const messages = messagesIn(entries)
  const omitted = Math.max(0, messages.length - limits.historyMessages)
  return { messages: messages.slice(omitted), omitted, skipped }
}

const entriesOf = (file: number, path: string, kind: HistoryKind) => {
  const entries: Array<Entry> = []
  let whole = 0
  const skipped = eachLine(file, path, (line, index, isWhole) => {
    if (isWhole && line !== "") whole += 1
    const entry = entryOf(kind, line, index)
    if (entry === null) return
    if (entries.length >= limits.historyEntries) throw new FileRefused(path, "TOO_MANY_LINES")
    entries.push(entry)
  })
  // Whatever it holds, it is no conversation; a file whose first line is still being written says nothing yet.
  if (entries.length === 0 && whole > 0) throw new FileRefused(path, "NOT_JSON")
  return { entries, skipped }
}

const branch = (file: number, { atMessage, kind, newId, path, target }: Extract<Reading, { readonly type: "branch" }>): Result => {
  const { entries, skipped } = entriesOf(file, path, kind)
  if (skipped > 0) throw new FileRefused(path, "LINE_TOO_LONG")
  const at = atMessage ?? messagesIn(entries).at(-1)?.id
  const kept = at === undefined ? "no_such_message" : keptIn(entries, at)
  if (kept === "no_such_message") return { type: "noSuchMessage" }
  const temporary = temporaryOf(target)
  const { fd: made } = openRegular(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL)
  try {
    try {
      eachLine(file, path, (line, index) => {
        const copy = kept.has(index) ? renamed(kind, line, newId) : null
        if (copy !== null) writeWhole(made, Buffer.from(`${copy}\n`))
      })
      fsyncSync(made)
    } finally {
      closeSync(made)
    }
    renameSync(temporary, target)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  return { type: "branched" }
}

const writeWhole = (fd: number, bytes: Buffer): void => {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
}

/**
 * As far as the file goes at the start. `isWhole` is false for what stands behind the last LF. Returns how many lines were too long.
 * A file that shrinks meanwhile is refused: what was read belongs to two files.
 */
const eachLine = (file: number, path: string, onLine: (line: string, index: number, isWhole: boolean) => void): number => {
  const { size } = fstatSync(file)
  const cutter = new LineCutter(0, limits.transcriptLineBytes)
  const slice = Buffer.allocUnsafe(sliceBytes)
  let index = 0
  let skipped = 0
  let at = 0
  while (at < size) {
    const got = readSync(file, slice, 0, Math.min(slice.length, size - at), at)
    if (got === 0) throw new FileRefused(path, "CHANGED")
    at += got
    for (const cut of cutter.cut(slice.subarray(0, got))) {
      if (cut._tag === "Lines") for (const line of cut.lines) onLine(line, index++, true)
      else {
        index += 1
        skipped += 1
      }
    }
  }
  if (fstatSync(file).size < size) throw new FileRefused(path, "CHANGED")
  const rest = size - cutter.lineFrom
  if (rest > limits.transcriptLineBytes) throw new FileRefused(path, "LINE_TOO_LONG")
  if (rest > 0) {
    const torn = Buffer.allocUnsafe(rest)
    onLine(torn.toString("utf8", 0, readSync(file, torn, 0, rest, cutter.lineFrom)), index, false)
  }
  return skipped
}

const sliceBytes = 1_048_576
