/** The program that holders and hooks run on, beside them: an agent's launch and hooks need nothing of a checkout that may be deleted. */
import { accessSync, constants, existsSync, linkSync, realpathSync, rmSync, statfsSync, statSync } from "node:fs"
import { copyFile } from "node:fs/promises"
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

/** A disk that a copy would fill is needed for what agents say. */
const hasRoom = (directory: string, bytes: number): boolean => {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize > bytes * timesTheSize
}
const timesTheSize = 8
