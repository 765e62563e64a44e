/** Reads files that others write, off the event loop and slice by slice: opened as `regular-file.ts` opens them, and never beyond their size. */
import { constants } from "node:fs"
import { type FileHandle, open, readlink } from "node:fs/promises"
import { FileRefused, nonBlocking, type OpenRule, problemOf } from "./regular-file.ts"

export interface Reading {
  readonly handle: FileHandle
  readonly inode: number
  readonly device: number
  /** Fewer bytes at the end of the file. */
  readonly read: (from: number, length: number) => Promise<Buffer>
  /** Does not wait for a read that is under way. */
  readonly close: () => void
}

/**
 * Rejects with `FileRefused`. `path`: absolute. A file that need not be ours is named without links: where a directory of its path has
 * become one meanwhile, it is refused. Ours may lie in a home whose `sessions` a person has moved to another disk by a link.
 */
export const openForReading = async (path: string, rule: OpenRule): Promise<Reading> => {
  const refuse = (error: unknown) => {
    throw new FileRefused(path, (error as NodeJS.ErrnoException).code ?? "unreadable")
  }
  const handle = await open(path, constants.O_RDONLY | nonBlocking).catch(refuse)
  const close = () => void handle.close().catch(() => {})
  try {
    const found = await handle.stat()
    const isMoved = async () => rule.ours !== true && (await readlink(`/proc/self/fd/${handle.fd}`)) !== path
    const problem = problemOf(found, rule) ?? ((await isMoved()) ? "ELOOP" : null)
    if (problem !== null) throw new FileRefused(path, problem)
    return { handle, inode: found.ino, device: found.dev, close, read: (from, length) => readAt(handle, from, length) }
  } catch (error) {
    close()
    return error instanceof FileRefused ? Promise.reject(error) : refuse(error)
  }
}

const readAt = async (handle: FileHandle, from: number, length: number): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, from + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}
