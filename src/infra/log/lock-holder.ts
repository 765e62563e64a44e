/** Which process holds the lock of a log, as the kernel lists it: true also where every file of the daemon is lost. */
import { type BigIntStats, readFileSync, statSync } from "node:fs"

/** Null where no process holds it, where the home is closed to this user, and on a system without /proc/locks (proc(5)). */
export const lockHolder = (logPath: string): number | null => {
  const lock = lockAt(`${logPath}.lock`)
  if (lock === null) return null
  for (const line of locks()) {
    const [, kind, , mode, pid, file] = line.trim().split(/\s+/)
    // The name of a device differs between a file system and stat(2), as on btrfs: the inode decides.
    if (kind === "POSIX" && mode === "WRITE" && file?.split(":")[2] === String(lock.ino) && Number(pid) > 0) return Number(pid)
  }
  return null
}

const lockAt = (path: string): BigIntStats | null => {
  try {
    return statSync(path, { bigint: true })
  } catch {
    return null
  }
}

const locks = (): ReadonlyArray<string> => {
  try {
    return readFileSync("/proc/locks", "utf8").split("\n")
  } catch {
    return []
  }
}
