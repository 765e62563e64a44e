/** The program that holders and hooks run on, beside them: an agent's launch and hooks need nothing of a checkout that may be deleted. */
import { accessSync, constants, existsSync, linkSync, lstatSync, realpathSync, rmSync, type Stats, statfsSync, statSync } from "node:fs"
import { copyFile, open } from "node:fs/promises"
import { dirname, join } from "node:path"

const name = "node"

/** What a program in this directory is run with: the copy beside it, or this process's own where there is none. */
export const nodeFor = (program: string): string => {
  const beside = join(dirname(program), name)
  return existsSync(beside) ? beside : process.execPath
}

/**
 * Puts a copy into the directory where this process runs on a Node that came with a package: that of the system outlives every
 * checkout. A second name of the same file, where the file system has one; else a copy, where there is ample room. Never rejects: without
 * a copy everything runs as long as the checkout stays.
 */
export const placeNode = async (directory: string): Promise<void> => {
  const own = realpathSync(process.execPath)
  const copy = join(directory, name)
  if (!own.includes("/node_modules/")) return
  try {
    try {
      linkSync(own, copy)
    } catch {
      // EXDEV, EPERM, EMLINK: another file system, another user's file.
      if (!hasRoom(directory, statSync(own).size)) return
      await copyFile(own, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    }
    // A file system that runs no programs says so here.
    accessSync(copy, constants.X_OK)
  } catch {
    rmSync(copy, { force: true })
  }
}

/**
 * Whether what stands in the directory is this process's own Node, by its inode or its content; also where none stands there and
 * there is no room for one. Throws where it cannot be read.
 */
export const isOwnNode = async (directory: string): Promise<boolean> => {
  const own = realpathSync(process.execPath)
  const copy = join(directory, name)
  const found = lstatSync(copy, { throwIfNoEntry: false })
  if (!own.includes("/node_modules/")) return found === undefined
  const source = statSync(own)
  if (found === undefined) return !hasRoom(directory, source.size)
  if (!found.isFile()) return false
  if (found.ino === source.ino && found.dev === source.dev) return true
  if (found.size !== source.size || (found.mode & 0o100) === 0) return false
  if (compared.get(copy) === stampOf(found)) return true
  if (!(await hasSameContent(own, copy))) return false
  compared.set(copy, stampOf(found))
  return true
}

/** Copies as they were when their content was compared. No user sets the time of the last change of an inode (inode(7)). */
const compared = new Map<string, string>()
const stampOf = ({ ctimeMs, dev, ino, size }: Stats) => `${dev} ${ino} ${size} ${ctimeMs}`

const hasSameContent = async (one: string, other: string): Promise<boolean> => {
  await using first = await open(one)
  await using second = await open(other, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  const [a, b] = [Buffer.allocUnsafe(comparedBytes), Buffer.allocUnsafe(comparedBytes)]
  for (let at = 0; ; ) {
    const { bytesRead } = await first.read(a, 0, comparedBytes, at)
    const { bytesRead: same } = await second.read(b, 0, bytesRead === 0 ? 1 : bytesRead, at)
    if (same !== bytesRead || !a.subarray(0, bytesRead).equals(b.subarray(0, same))) return false
    if (bytesRead === 0) return true
    at += bytesRead
  }
}
const comparedBytes = 1_048_576

/** A disk that a copy would fill is needed for what agents say. */
const hasRoom = (directory: string, bytes: number): boolean => {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize > bytes * timesTheSize
}
const timesTheSize = 8
