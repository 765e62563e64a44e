/** The daemon's home: a private directory, a token, and the note by which clients find the daemon that runs there. */
import { createHash, randomBytes } from "node:crypto"
import { closeSync, constants, fchmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { madeOnce, writeWhole } from "./durable-file.ts"
import { openRegular, readJson } from "./regular-file.ts"
import { PlaceRefused, trustedDirectory } from "./trusted-place.ts"

/** What `daemon.json` holds. */
export interface DaemonNote {
  readonly pid: number
  readonly url: string
  readonly socket: string
  readonly version: string
  readonly epoch: number
}

/** The home without links, made where it is missing. Throws `PlaceRefused` where other users could put another in its place. */
export const openHome = (home: string): string => trustedDirectory(home, "the home")

/** 256 random bits in hexadecimal; made once, mode 0600. Throws `FileRefused` for a file of another user. */
export const tokenOf = (home: string): string => {
  const path = join(home, "token")
  const token = madeOnce(path, `${randomBytes(32).toString("hex")}\n`)
    .toString("utf8")
    .trim()
  // It is ours, and others that could read it were let in by mistake.
  const { fd } = openRegular(path, constants.O_RDONLY)
  fchmodSync(fd, 0o600)
  closeSync(fd)
  if (token.length < leastTokenChars) throw new TokenUnusable(`${path} holds no token: delete it, and the daemon makes another`)
  return token
}

/** One sentence. */
export class TokenUnusable extends Error {}

/** A token that a person wrote is theirs to choose; one that can be guessed is none. */
const leastTokenChars = 16

/** The longest path that a unix socket can be bound to: sun_path holds 108 bytes with its NUL (unix(7)). */
const longestSocketPath = 107

/** In the home; where its path is too long, in a private directory under a name made of that path. A user needs no entry in passwd. */
export const socketPathOf = (home: string): string => {
  const path = expectedSocketOf(home)
  return dirname(path) === home ? path : join(directoryOfSockets(dirname(path)), basename(path))
}

/** Another user may have put a link or a directory there first: then it is one under a name that no user can foresee. */
const directoryOfSockets = (asked: string): string => {
  try {
    return trustedDirectory(asked, directoryTitle)
  } catch (error) {
    if (!(error instanceof PlaceRefused)) throw error
    return trustedDirectory(mkdtempSync(join(dirname(asked), "reprise-")), directoryTitle)
  }
}

const directoryTitle = "the directory of sockets"

/** The same path, without a look at the disk: for a client, which makes nothing. `home` has no links. */
export const expectedSocketOf = (home: string): string => {
  const path = join(home, "reprise.sock")
  if (Buffer.byteLength(path) <= longestSocketPath) return path
  return join(
    absoluteOr(process.env.XDG_RUNTIME_DIR, tmpdir()),
    `reprise-${process.getuid?.()}`,
    `${createHash("sha256").update(home).digest("hex").slice(0, 16)}.sock`
  )
}

/** The XDG specification has relative paths ignored, and the empty one. */
const absoluteOr = (path: string | undefined, other: string): string => (path?.startsWith("/") ? path : other)

export const notePathOf = (home: string): string => join(home, "daemon.json")

/** Replaced in one step: a reader finds the old note or the new one. */
export const leaveNote = (home: string, note: DaemonNote): void => writeWhole(notePathOf(home), `${JSON.stringify(note)}\n`)

/** Null where there is none that can be read. */
export const readNote = (home: string): DaemonNote | null =>
  readJson(notePathOf(home), noteBytes, (value) => (isNote(value) ? value : null))

const isNote = (value: unknown): value is DaemonNote => {
  if (typeof value !== "object" || value === null) return false
  const { epoch, pid, socket, url, version } = value as Readonly<Record<string, unknown>>
  const areTexts = [socket, url, version].every((text) => typeof text === "string" && text !== "")
  return areTexts && Number.isSafeInteger(epoch) && Number.isSafeInteger(pid) && Number(pid) > 1
}
const noteBytes = 65_536

/** Only its own: a successor's note stays. */
export const takeNoteAway = (home: string, epoch: number): void => {
  if (readNote(home)?.epoch === epoch) rmSync(notePathOf(home), { force: true })
}
