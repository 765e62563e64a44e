/** The daemon's own files, by whatever name an agent gives them: none of them is ever read as a file of an agent. */
import { join, sep } from "node:path"
import { statOrNull } from "../regular-file.ts"

export interface FileKey {
  readonly inode: number
  readonly device: number
}

/** `path`: absolute, without links. A session's private directory is its agent's; all else below the home is the daemon's. */
export const isOwnPath = (home: string, path: string): boolean => {
  if (!path.startsWith(`${home}${sep}`)) return false
  const [folder, , place] = path.slice(home.length + 1).split(sep)
  return !(folder === "sessions" && place === "agent")
}

/** Also under a second name (link(2)), which has a path of its own. */
export const isOwnSecret = (home: string, { device, inode }: FileKey): boolean =>
  secretNames.some((name) => {
    const found = statOrNull(join(home, name))
    return found !== null && found.ino === inode && found.dev === device
  })

const secretNames = ["token", "hook.key", "hash.key", "reprise.db", "reprise.db-wal"]
