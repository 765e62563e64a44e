/** The file of a conversation, where its provider's rules can tell the place: found on the disk, or not there (yet). */
import { readdirSync, realpathSync, statSync } from "node:fs"
import { join } from "node:path"
import type { Environment } from "../../domain/environment.ts"
import type { TranscriptKind } from "../../domain/providers/transcripts/index.ts"
import { transcriptPlace } from "../../domain/providers/transcripts/place.ts"

export interface Sought {
  readonly conversation: string
  readonly cwd: string
  /** The agent's own. */
  readonly environment: Environment
}

/** Absolute; null where there is none that can be told. */
export const transcriptOf = (kind: TranscriptKind, { conversation, cwd, environment }: Sought): string | null => {
  const place = transcriptPlace(kind, { conversation, cwd: resolved(cwd), environment, home: environment.HOME ?? "" })
  if (place === null) return null
  const { directory, name } = place
  const found = name.type === "exact" ? name.text : namesIn(directory).find((entry) => entry.endsWith(name.text))
  const path = found === undefined ? null : join(directory, found)
  return path !== null && statSync(path, { throwIfNoEntry: false })?.isFile() ? path : null
}

const resolved = (cwd: string): string => {
  try {
    return realpathSync(cwd)
  } catch {
    return cwd
  }
}

const namesIn = (directory: string): ReadonlyArray<string> => {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
