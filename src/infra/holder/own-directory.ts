/** Ends a launch whose directory is deleted while no daemon is attached: no daemon can reach the holder any more, or learn of its agent. */
import { existsSync, readlinkSync } from "node:fs"
import { limits } from "../../domain/limits.ts"
import { fileNames } from "./launch-directory.ts"

interface Watched {
  readonly isOver: () => boolean
  readonly isAttended: () => boolean
  /** Called at each look from then on. */
  readonly onDeserted: () => void
}

/** A directory that was moved is where it was, for a process that works in it. */
export const watchOwnDirectory = ({ isAttended, isOver, onDeserted }: Watched): void => {
  let sinceMs: number | null = null
  setInterval(() => {
    // A launch that has ended waits for its acknowledgement alone, and none can come.
    if (isOver()) {
      if (!existsSync(fileNames.journal)) process.exit(0)
      return
    }
    if (isAttended() || !isDeleted()) {
      sinceMs = null
      return
    }
    sinceMs ??= performance.now()
    if (performance.now() - sinceMs >= limits.desertedMs) onDeserted()
  }, lookMs)
}

/** proc(5): the kernel marks the working directory of a process when that directory is unlinked, on every file system. */
const isDeleted = (): boolean => {
  try {
    return readlinkSync("/proc/self/cwd").endsWith(" (deleted)")
  } catch {
    return false
  }
}

/** A look costs one system call. */
const lookMs = 2_000
