/** What keeps a living launch from being under control now, or after the next start: seen on the disk and in /proc, without asking its holder. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileNames, launchDirectory, readOwner } from "../holder/launch-directory.ts"
import { isAlive, readProcess } from "../holder/process-table.ts"

/** One sentence that says what to do; null where nothing is wrong. */
export const launchTrouble = (home: string, session: string, generation: number): string | null => {
  const directory = launchDirectory(home, session, generation)
  if (!existsSync(directory))
    return `${directory} was removed while the agent runs: its output is not kept, and the next start of the daemon ends it; stop it and resume it`
  const owner = readOwner(directory)
  if (owner === null)
    return `${join(directory, fileNames.owner)} was removed: the next start of the daemon ends the agent; stop it and resume it`
  if (owner.role !== "holder" || !isAlive(owner.process)) return null
  const { pid } = owner.process
  if (isHalted(pid)) return `its holder (pid ${pid}) is stopped and takes no keys; continue it with: kill -CONT ${pid}`
  if (!existsSync(join(directory, fileNames.socket)))
    return `the socket of its holder (pid ${pid}) was removed: the next daemon cannot type to the agent; stop it and resume it`
  return null
}

/** By SIGSTOP, or by a debugger (proc(5)). */
const isHalted = (pid: number): boolean => ["T", "t"].includes(readProcess(pid)?.state ?? "")
