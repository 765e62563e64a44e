/** The file of a conversation, where its provider's rules give the place: found on the disk, or not there (yet). */
import { lstatSync, realpathSync, statSync } from "node:fs"
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

/** `path`: absolute, without links. `problem`: why it cannot be the conversation's file, as a code; null where it can. */
export interface Found {
  readonly path: string
  readonly problem: string | null
}

/** Null where nothing is there, and where the rules give no place. */
export const transcriptOf = (home: string, kind: TranscriptKind, { conversation, cwd, environment }: Sought): Found | null => {
  const place = transcriptPlace(kind, { conversation, cwd: resolved(cwd), environment, home: environment.HOME ?? "" })
  if (place === null) return null
  const { directory, name } = place
  const found =
    name.type === "exact" ? name.text : namesIn(resolved(directory), limits.sessionDirectories).find((entry) => entry.endsWith(name.text))
  if (found === undefined) return null
  const named = join(directory, found)
  const standing = standingAt(named)
  if (standing === null) return null
  const path = admitted(home, kind, named, environment)
  return path === null ? { path: named, problem: "NOT_OURS" } : { path, problem: standing === "file" ? null : standing }
}

/** `file`, or why there is none that could be read; null where there is nothing. */
const standingAt = (path: string): string | null => {
  try {
    return statSync(path).isFile() ? "file" : "NOT_REGULAR"
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable"
    if (code !== "ENOENT" && code !== "ENOTDIR") return code
    // A link to what is not there is no conversation, and no empty place either.
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? "ELOOP" : null
  }
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
