/** What a daemon's caller has left open: without this it reaches each holder and each agent, and a lock on such a file outlives the daemon. */
import { closeSync, readdirSync, readFileSync } from "node:fs"

/**
 * Before this program opens anything. Node opens all of its own files close-on-exec, and sets that flag on the first few that it inherits
 * (uv_disable_stdio_inheritance): every descriptor above 2 without it comes from the caller.
 */
export const closeInherited = (): void => {
  if (engineHasLogs()) return
  const channel = channelOf(readText("/proc/self/environ") ?? "")
  for (const descriptor of descriptors()) {
    if (descriptor <= 2 || descriptor === channel || !reachesChildren(descriptor)) continue
    try {
      closeSync(descriptor)
    } catch {
      // A file system may refuse what was still to be written: the descriptor is closed all the same (close(2)).
    }
  }
}

const descriptors = (): ReadonlyArray<number> => {
  try {
    return readdirSync("/proc/self/fd").map(Number)
  } catch {
    // No /proc.
    return []
  }
}

const reachesChildren = (descriptor: number): boolean => {
  // The directory that was just read is closed by now: it has no entry.
  const flags = /^flags:\s+([0-7]+)$/m.exec(readText(`/proc/self/fdinfo/${descriptor}`) ?? "")?.[1]
  return flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0
}

const closeOnExec = 0o2000000

/** Node has taken the name out of `process.env` by now. */
const channelOf = (environ: string): number | null => {
  const text = environ.split("\0").find((entry) => entry.startsWith("NODE_CHANNEL_FD="))
  return text === undefined ? null : Number(text.slice("NODE_CHANNEL_FD=".length))
}

/** V8 opens its own logs by fopen(3), without the flag: they look like inherited ones. */
const engineHasLogs = (): boolean =>
  [...process.execArgv, ...(process.env.NODE_OPTIONS ?? "").split(/\s+/)].some((word) => /^--(?:prof|log|perf|ll|redirect)\b/.test(word))

const readText = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return null
  }
}
