/** Opens what agents say is a file, and nothing else: a pipe would hold up the whole daemon, and a device never ends. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs"

export interface OpenFile {
  readonly fd: number
  readonly inode: number
  readonly device: number
}

/** Null for what is not there, not ours to read, or no regular file. */
export const openRegular = (path: string): OpenFile | null => {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch {
    return null
  }
  const found = fstatSync(fd)
  if (found.isFile()) return { fd, inode: found.ino, device: found.dev }
  closeSync(fd)
  return null
}

/** Null as above, and for a file that is larger or cannot be read. */
export const readSmall = (path: string, maxBytes: number): string | null => {
  const file = openRegular(path)
  if (file === null) return null
  try {
    const bytes = Buffer.allocUnsafe(Math.min(fstatSync(file.fd).size, maxBytes + 1))
    const got = readSync(file.fd, bytes, 0, bytes.length, 0)
    return got > maxBytes ? null : bytes.toString("utf8", 0, got)
  } catch {
    return null
  } finally {
    closeSync(file.fd)
  }
}

/** Null also for what may not be looked at, and for what can be no path. */
export const statOrNull = (path: string): Stats | null => {
  try {
    return statSync(path)
  } catch {
    return null
  }
}
