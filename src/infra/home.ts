/** The daemon's home: a private directory, a token, and the note by which clients find the daemon that runs there. */
import { createHash, randomBytes } from "node:crypto"
import { chmodSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir, userInfo } from "node:os"
import { join } from "node:path"
import { madeOnce, writeWhole } from "./durable-file.ts"

/** What `daemon.json` holds. */
export interface DaemonNote {
  readonly pid: number
  readonly url: string
  readonly socket: string
  readonly version: string
  readonly epoch: number
}

/** Made where it is missing, and closed to everybody else. */
export const openHome = (home: string): void => {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  chmodSync(home, 0o700)
}

/** 256 random bits in hexadecimal; made once, mode 0600. */
export const tokenOf = (home: string): string => {
  const path = join(home, "token")
  const token = madeOnce(path, `${randomBytes(32).toString("hex")}\n`)
  chmodSync(path, 0o600)
  return token.toString("utf8").trim()
}

/** The longest path that a unix socket can be bound to: sun_path holds 108 bytes with its NUL (unix(7)). */
const longestSocketPath = 107

/** In the home; where its path is too long, in a private directory under a name made of that path. */
export const socketPathOf = (home: string): string => {
  const path = join(home, "reprise.sock")
  if (Buffer.byteLength(path) <= longestSocketPath) return path
  const directory = join(process.env.XDG_RUNTIME_DIR ?? tmpdir(), `reprise-${userInfo().uid}`)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  chmodSync(directory, 0o700)
  return join(directory, `${createHash("sha256").update(home).digest("hex").slice(0, 16)}.sock`)
}

/** Replaced in one step: a reader finds the old note or the new one. */
export const leaveNote = (home: string, note: DaemonNote): void => writeWhole(join(home, "daemon.json"), `${JSON.stringify(note)}\n`)

/** Null where there is none that can be read. */
export const readNote = (home: string): DaemonNote | null => {
  try {
    return JSON.parse(readFileSync(join(home, "daemon.json"), "utf8")) as DaemonNote
  } catch {
    return null
  }
}

/** Only its own: a successor's note stays. */
export const takeNoteAway = (home: string, epoch: number): void => {
  if (readNote(home)?.epoch === epoch) rmSync(join(home, "daemon.json"), { force: true })
}
