/** What a home shows of a log that was lost: a copy that was rescued, or sessions that the log does not know. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Schema } from "effect"
import { SessionId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import { namesIn, statOrNull } from "./regular-file.ts"

export interface LostLog {
  readonly says: string
  readonly advice: string
}

/** `known`: how many sessions the log has; null where no daemon has opened it, and the size of its files must do. */
export const lostLogOf = (home: string, known: number | null): LostLog | null => {
  const path = join(home, "reprise.db")
  const rescued = `${path}.rescued`
  if (existsSync(rescued)) {
    return {
      says: `${rescued} is the copy of a log that was deleted or replaced`,
      advice: `to go back to it, end the daemon, delete ${path}, ${path}-wal and ${path}-shm, and rename the copy to ${path}; otherwise delete the copy`
    }
  }
  const isEmpty = known === null ? sizeOf(path) <= emptyBytes && sizeOf(`${path}-wal`) === 0 : known === 0
  const sessions = isEmpty ? namesIn(join(home, "sessions"), limits.sessionDirectories).filter(isSession).length : 0
  if (sessions === 0) return null
  return {
    says: `${home}/sessions has ${sessions} session${sessions === 1 ? "" : "s"}, and the log knows none`,
    advice: `was ${path} or ${path}-wal deleted? end the daemon and restore a backup; without one, end their agents by hand and delete ${home}/sessions`
  }
}

const isSession = Schema.is(SessionId)

/** The first page alone, which holds no table. */
const emptyBytes = 4_096

const sizeOf = (path: string): number => statOrNull(path)?.size ?? 0
