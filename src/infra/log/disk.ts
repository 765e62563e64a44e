/** The log's files are private to their user, on a local disk, and a ballast beside them keeps room for a last stop on a full one. */
import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs"
import { dirname } from "node:path"
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
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if (existsSync(path)) chmodSync(path, 0o600)
  else closeSync(openSync(path, "wx", 0o600))
}

/** On a full disk even a DELETE fails in WAL mode: this much is set aside, enough for thousands of facts. */
const ballastBytes = 1_048_576
const ballastOf = (path: string) => `${path}.ballast`

/** Written for real and not as a hole, so that its blocks are ours. A disk already too full for it is no reason not to start. */
export const layBallast = (path: string) => {
  const ballast = ballastOf(path)
  if (existsSync(ballast)) return
  try {
    const file = openSync(ballast, "wx", 0o600)
    try {
      writeSync(file, Buffer.alloc(ballastBytes, 1))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    rmSync(ballast, { force: true })
    if ((cause as NodeJS.ErrnoException).code !== "ENOSPC") throw cause
  }
}

/** Whether there was any left to drop. */
export const dropBallast = (path: string): boolean => {
  const ballast = ballastOf(path)
  const laid = existsSync(ballast)
  rmSync(ballast, { force: true })
  return laid
}
