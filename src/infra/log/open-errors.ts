/** Why a log could not be opened: each reason has a name, what it concerns, and nothing has been written. */
import { Schema } from "effect"
import { FileRefused } from "../regular-file.ts"

/** Another daemon holds the home: one writer per log, for the whole life of the process. */
export class AlreadyRunning extends Schema.TaggedError<AlreadyRunning>()("AlreadyRunning", { lock: Schema.String }) {}
/** Locks and flushes of network file systems do not keep the promises this log is built on. */
export class NetworkFileSystem extends Schema.TaggedError<NetworkFileSystem>()("NetworkFileSystem", {
  path: Schema.String,
  fileSystem: Schema.String
}) {
  override get message() {
    return `${this.path} lies on a network file system (${this.fileSystem}), whose locks and flushes cannot be relied on`
  }
}
/** The file does not hold together; `detail` is what SQLite said of it. */
export class CorruptLog extends Schema.TaggedError<CorruptLog>()("CorruptLog", { path: Schema.String, detail: Schema.String }) {
  override get message() {
    return `${this.path} is damaged: ${this.detail}`
  }
}
/** Written by a newer version: this one would not understand what it reads, nor keep what it writes. */
export class NewerLog extends Schema.TaggedError<NewerLog>()("NewerLog", {
  path: Schema.String,
  found: Schema.Int,
  known: Schema.Int
}) {
  override get message() {
    return `${this.path} was written by a newer version: its shape is ${this.found}, and this one knows ${this.known}`
  }
}
/** The world said no: permissions, space, a lock held by a stranger. */
export class UnopenableLog extends Schema.TaggedError<UnopenableLog>()("UnopenableLog", {
  path: Schema.String,
  code: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return this.cause instanceof FileRefused ? this.cause.message : `${this.path} cannot be opened (${this.code})`
  }
}
export type OpenError = AlreadyRunning | NetworkFileSystem | CorruptLog | NewerLog | UnopenableLog
const openErrors = [AlreadyRunning, NetworkFileSystem, CorruptLog, NewerLog, UnopenableLog]

/** SQLite's and Node's own name of a failure (`SQLITE_BUSY`, `EACCES`), or `UNKNOWN`. */
export const codeOf = (cause: unknown): string => {
  const code = typeof cause === "object" && cause !== null ? (cause as { readonly code?: unknown }).code : undefined
  return typeof code === "string" ? code : "UNKNOWN"
}

/** Whatever was thrown while opening, as one of the named reasons. */
export const openErrorOf = (path: string, cause: unknown): OpenError => {
  const named = openErrors.find((error) => cause instanceof error)
  if (named !== undefined) return cause as OpenError
  const code = codeOf(cause)
  return code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB"
    ? new CorruptLog({ path, detail: (cause as Error).message })
    : new UnopenableLog({ path, code, cause })
}
