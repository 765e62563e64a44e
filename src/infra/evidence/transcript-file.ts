/** The file of a conversation, where its provider's rules can tell the place: found on the disk, or not there (yet). */
import { realpathSync } from "node:fs"
import { basename, dirname, join, resolve, sep } from "node:path"
import type { Environment } from "../../domain/environment.ts"
import { limits } from "../../domain/limits.ts"
import type { TranscriptKind } from "../../domain/providers/transcripts/index.ts"
import { transcriptPlace, transcriptRoots } from "../../domain/providers/transcripts/place.ts"
import { namesIn, statOrNull } from "../regular-file.ts"
import { isOwnPath, isOwnSecret } from "./own-secrets.ts"

export interface Sought {
  readonly conversation: string
  readonly cwd: string
  /** The agent's own. */
  readonly environment: Environment
}

/** Absolute, without links; null where there is none that can be told, or one that may not be read. */
export const transcriptOf = (home: string, kind: TranscriptKind, { conversation, cwd, environment }: Sought): string | null => {
  const place = transcriptPlace(kind, { conversation, cwd: resolved(cwd), environment, home: environment.HOME ?? "" })
  if (place === null) return null
  const { directory, name } = place
  const found =
    name.type === "exact" ? name.text : namesIn(resolved(directory), limits.sessionDirectories).find((entry) => entry.endsWith(name.text))
  const path = found === undefined ? null : admitted(home, kind, join(directory, found), environment)
  return path !== null && statOrNull(path)?.isFile() ? path : null
}

/**
 * The path without links, where it lies below a place that the provider declares for its conversations, and is none of the daemon's own
 * files under another name; else null. A file that is not there yet is judged by where it would be.
 */
export const admitted = (home: string, kind: TranscriptKind, path: string, environment: Environment): string | null => {
  const real = realOf(resolve("/", path))
  const below = transcriptRoots(kind, environment).some((root) => real.startsWith(`${realOf(resolve("/", root))}${sep}`))
  if (!below || isOwnPath(resolved(home), real)) return null
  const found = statOrNull(real)
  return found !== null && isOwnSecret(home, { inode: found.ino, device: found.dev }) ? null : real
}

/** As far as it exists. */
const realOf = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    return path === dirname(path) ? path : join(realOf(dirname(path)), basename(path))
  }
}

const resolved = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
