/** The one way to open a file that an agent or another user can put in place: no waiting, no link, a regular file, a bounded size. */
import { closeSync, constants, fstatSync, lstatSync, mkdirSync, opendirSync, openSync, readSync, type Stats, statSync } from "node:fs"

/** `code`: an errno, or `NOT_REGULAR`, `NOT_OURS`, `HARD_LINKED`, `TOO_LARGE`. */
export class FileRefused extends Error {
  readonly path: string
  readonly code: string
  constructor(path: string, code: string) {
    super(`${path} ${sayings.get(code) ?? `cannot be opened (${code})`}`)
    this.path = path
    this.code = code
  }
}

const sayings = new Map([
  ["ENOENT", "does not exist"],
  ["ELOOP", "is a link, and links are not followed there"],
  ["EACCES", "may not be opened by this user"],
  ["ENXIO", "is not a regular file"],
  ["EISDIR", "is a directory"],
  ["NOT_REGULAR", "is not a regular file"],
  ["NOT_OURS", "belongs to another user"],
  ["MALFORMED", "does not hold what the daemon writes there"],
  ["HARD_LINKED", "has a second name, and what is written to it would change the other file too"],
  ["TOO_LARGE", "is larger than any that is read there"]
])

export interface OpenFile {
  readonly fd: number
  readonly inode: number
  readonly device: number
  readonly size: number
}

/**
 * `ours`: the file belongs to this user. `written`: it has one name only, so that a write changes nothing else. A pipe would be waited
 * for, and a device never ends: neither is opened to be read, and both are refused before anything is written.
 */
export interface OpenRule {
  readonly ours?: boolean
  readonly written?: boolean
  /** Links are followed: a user has named the file, and no other process could. */
  readonly links?: boolean
}

const never = constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY

/** Throws `FileRefused`. `flags`: `O_RDONLY`, or those of a write; a file that is made is private to the user. */
export const openRegular = (path: string, flags = constants.O_RDONLY, rule: OpenRule = { ours: true }): OpenFile => {
  let fd: number
  try {
    fd = openSync(path, flags | (rule.links === true ? never & ~constants.O_NOFOLLOW : never), 0o600)
  } catch (error) {
    throw new FileRefused(path, codeOf(error))
  }
  const found = fstatSync(fd)
  const problem = problemOf(found, rule)
  if (problem === null) return { fd, inode: found.ino, device: found.dev, size: found.size }
  closeSync(fd)
  throw new FileRefused(path, problem)
}

/** Why a file with these properties is not opened under the rule; null where it may be. */
export const problemOf = (found: Stats, rule: OpenRule): string | null => {
  if (!found.isFile()) return "NOT_REGULAR"
  if (rule.ours === true && found.uid !== ownUid()) return "NOT_OURS"
  return rule.written === true && found.nlink > 1 ? "HARD_LINKED" : null
}

export const nonBlocking = never

/** All of it, as far as it went when it was opened. Throws `FileRefused`, also for a file that is larger. */
export const readRegular = (path: string, maxBytes: number, rule: OpenRule = { ours: true }): Buffer => {
  const { fd, size } = openRegular(path, constants.O_RDONLY, rule)
  try {
    if (size > maxBytes) throw new FileRefused(path, "TOO_LARGE")
    const bytes = Buffer.allocUnsafe(size)
    let filled = 0
    // Never beyond the size that the file had: files of the kernel say 0 and have no end.
    while (filled < size) {
      const got = readSync(fd, bytes, filled, size - filled, filled)
      if (got === 0) break
      filled += got
    }
    return bytes.subarray(0, filled)
  } catch (error) {
    throw error instanceof FileRefused ? error : new FileRefused(path, codeOf(error))
  } finally {
    closeSync(fd)
  }
}

/** Null for everything that `readRegular` refuses. */
export const readSmall = (path: string, maxBytes: number, rule: OpenRule = { ours: true }): string | null => {
  try {
    return readRegular(path, maxBytes, rule).toString("utf8")
  } catch {
    return null
  }
}

/** What `decode` makes of the JSON in it; null for a file that is refused, for what is no JSON, and for what `decode` does not know. */
export const readJson = <A>(path: string, maxBytes: number, decode: (value: unknown) => A | null): A | null => {
  const text = readSmall(path, maxBytes)
  if (text === null) return null
  try {
    return decode(JSON.parse(text))
  } catch {
    return null
  }
}

/** At most so many names, in no order: an agent can make millions. None where there is no directory, or a link to one. */
export const namesIn = (path: string, most: number): ReadonlyArray<string> => {
  const names: Array<string> = []
  try {
    if (!lstatSync(path).isDirectory()) return names
    const directory = opendirSync(path, { bufferSize: 256 })
    try {
      for (let entry = directory.readSync(); entry !== null && names.length < most; entry = directory.readSync()) names.push(entry.name)
    } finally {
      directory.closeSync()
    }
  } catch {
    // It is not there, or not ours to read: what was read up to here is all there is.
  }
  return names
}

/**
 * Made where it is missing, with its parents, mode 0700; gives the first that was made. Throws `FileRefused` for a link, a file, or
 * another user's directory.
 */
export const ownDirectory = (path: string): string | undefined => {
  let made: string | undefined
  try {
    made = mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error
  }
  const found = lstatSync(path)
  if (!found.isDirectory()) throw new FileRefused(path, found.isSymbolicLink() ? "ELOOP" : "ENOTDIR")
  if (found.uid !== ownUid()) throw new FileRefused(path, "NOT_OURS")
  return made
}

/** Follows links. Null also for what may not be looked at, and for what can be no path. */
export const statOrNull = (path: string): Stats | null => {
  try {
    return statSync(path)
  } catch {
    return null
  }
}

const ownUid = () => process.geteuid?.() ?? 0
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException)?.code ?? "unreadable"
