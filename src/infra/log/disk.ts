/** The log's files are private to their user, on a local disk, and a ballast beside them keeps room for a last stop on a full one. */
import { chmodSync, lstatSync, rmSync, statfsSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { writeSynced } from "../durable-file.ts"
import { FileRefused, ownDirectory, problemOf } from "../regular-file.ts"
import { NetworkFileSystem } from "./open-errors.ts"

/** Magic numbers of statfs(2), as the kernel's linux/magic.h and fs/smb/client name them. 9p is what WSL mounts Windows drives with. */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, "nfs"],
  [0x517b, "smb"],
  [0xff534d42, "cifs"],
  [0xfe534d42, "smb2"],
  [0x01021997, "9p"]
])

/** `type` may arrive sign-extended on some platforms: the low 32 bits decide. */
export const networkFileSystemOf = (type: number): string | undefined => networkFileSystems.get(type >>> 0)

export const refuseNetworkFileSystem = (
  path: string,
  typeOf: (directory: string) => number = (directory) => statfsSync(directory).type
) => {
  const fileSystem = networkFileSystemOf(typeOf(dirname(path)))
  if (fileSystem !== undefined) throw new NetworkFileSystem({ path, fileSystem })
}

/**
 * Creates the file with mode 0600 before SQLite would with the umask's; `-wal` and `-shm` take their mode from it. An existing one
 * is never opened here: closing any descriptor of a file drops all of the process's POSIX locks on it, SQLite's with them.
 */
export const ensurePrivateFile = (path: string) => {
  ownDirectory(dirname(path))
  for (const companion of ["-wal", "-shm", "-journal"]) assertOwn(`${path}${companion}`)
  const mode = assertOwn(path)
  if (mode === null) writeSynced(path, "")
  else if ((mode & 0o077) !== 0) chmodSync(path, 0o600)
}

/** Its mode; null where there is none. Throws `FileRefused` for what SQLite would follow, wait for, or change under another name. */
const assertOwn = (path: string): number | null => {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return null
  const problem = found.isSymbolicLink() ? "ELOOP" : problemOf(found, { ours: true, written: true })
  if (problem !== null) throw new FileRefused(path, problem)
  return found.mode
}

/** On a full disk even a DELETE fails in WAL mode: this much is set aside, enough for thousands of facts. */
const ballastBytes = 1_048_576
/** For keys, the first launches and their output, before a ballast takes its share. */
const leastRoom = 4 * ballastBytes
const ballastOf = (path: string) => `${path}.ballast`

export const roomFor = (path: string): boolean => {
  const { bavail, bsize } = statfsSync(dirname(path))
  return bavail * bsize >= leastRoom
}

/** Short commits leave a write-ahead log many times the size of what they wrote. */
const heavyWalBytes = 1_048_576

/** Whether the write-ahead log is worth being copied into the database where the disk is short. */
export const isHeavy = (path: string): boolean => (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) >= heavyWalBytes

/** Written for real and not as a hole, so that its blocks are ours. On a disk that is nearly full there is more urgent need of the room. */
export const layBallast = (path: string) => {
  const ballast = ballastOf(path)
  const found = lstatSync(ballast, { throwIfNoEntry: false })
  if (found?.isDirectory() === true) throw new FileRefused(ballast, "EISDIR")
  if (found?.isFile() === true) return
  try {
    // A link, a pipe: what is written there is room for nothing. It is taken away, and not followed.
    if (found !== undefined) rmSync(ballast, { force: true })
    if (!roomFor(path)) return
    writeSynced(ballast, Buffer.alloc(ballastBytes, 1))
  } catch (cause) {
    rmSync(ballast, { force: true })
    // No room and no inode are no reason not to start.
    if (!["ENOSPC", "EDQUOT"].includes((cause as NodeJS.ErrnoException).code ?? "")) throw cause
  }
}

/** Whether there was any left to drop. */
export const dropBallast = (path: string): boolean => {
  const ballast = ballastOf(path)
  const laid = lstatSync(ballast, { throwIfNoEntry: false })?.isFile() === true
  if (laid) rmSync(ballast, { force: true })
  return laid
}
