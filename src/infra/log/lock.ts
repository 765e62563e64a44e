/** One daemon per log: an exclusive lock on a small file beside it, which the kernel lets go of when the process dies, however it dies. */
import Sqlite from "better-sqlite3"
import { ensurePrivateFile } from "./disk.ts"
import { AlreadyRunning, codeOf, openErrorOf } from "./open-errors.ts"

export interface Lock {
  readonly path: string
  readonly release: () => void
}

export const lockPathOf = (logPath: string): string => `${logPath}.lock`

/**
 * A database of its own, so that readers of the log are never locked out, and so that the lock is the kernel's record lock and not
 * a file with a pid in it, which outlives its writer. Throws `AlreadyRunning` at once when another process holds it.
 */
export const takeLock = (logPath: string): Lock => {
  const path = lockPathOf(logPath)
  ensurePrivateFile(path)
  const handle = new Sqlite(path, { timeout: 0 })
  try {
    // In WAL mode an exclusive transaction would still let a second connection in.
    handle.pragma("journal_mode = DELETE")
    handle.exec("BEGIN EXCLUSIVE")
  } catch (cause) {
    handle.close()
    // By the name of this file: the log is whole.
    throw codeOf(cause).startsWith("SQLITE_BUSY") ? new AlreadyRunning({ lock: path }) : openErrorOf(path, cause)
  }
  return { path, release: () => void handle.close() }
}
