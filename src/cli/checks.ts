/** What can be seen of a machine and of a daemon's home without a daemon: each finding says what is, and what to do. */

import { execFileSync } from "node:child_process"
import { accessSync, constants, existsSync, type Stats, statfsSync } from "node:fs"
import { dirname, join } from "node:path"
import { FileRefused, problemOf, readSmall, statOrNull } from "../infra/regular-file.ts"
import { bytes } from "./text/span.ts"

export interface Finding {
  readonly level: "ok" | "warn" | "fail"
  readonly says: string
  readonly advice?: string
}

const leastNode = 24

export const machine = (): ReadonlyArray<Finding> => [node(), shells(), tmux()]

export const home = (path: string): ReadonlyArray<Finding> => {
  const stat = seen(path)
  if (stat === undefined) {
    return [
      writable(nearest(path)) ? { level: "ok", says: `home ${path} does not exist yet; it will be made` } : unwritable(path),
      space(nearest(path))
    ]
  }
  if (!stat.isDirectory()) return [{ level: "fail", says: `home ${path} is not a directory`, advice: "name another with --home" }]
  return [directory(path, stat), socket(path), token(path), space(path)]
}

const node = (): Finding =>
  Number(process.versions.node.split(".")[0]) >= leastNode
    ? { level: "ok", says: `Node ${process.version}` }
    : { level: "fail", says: `Node ${process.version} is too old`, advice: `install Node ${leastNode} or newer` }

const shells = (): Finding =>
  existsSync("/dev/ptmx")
    ? { level: "ok", says: "terminals can be opened (/dev/ptmx)" }
    : { level: "fail", says: "there is no /dev/ptmx", advice: "mount devpts: no terminal can be opened without it" }

const tmux = (): Finding => {
  try {
    return {
      level: "ok",
      says: execFileSync("tmux", ["-V"], { encoding: "utf8", timeout: 5_000, stdio: ["ignore", "pipe", "ignore"] }).trim()
    }
  } catch {
    return { level: "warn", says: "no tmux", advice: "not needed, but good to have: install it to look at agents side by side" }
  }
}

const directory = (path: string, stat: Stats): Finding => {
  if (!writable(path)) return unwritable(path)
  if (typeof process.getuid === "function" && stat.uid !== process.getuid()) {
    return { level: "fail", says: `home ${path} belongs to another user (${stat.uid})`, advice: "use a home of your own with --home" }
  }
  return (stat.mode & 0o077) === 0
    ? { level: "ok", says: `home ${path} is private` }
    : { level: "fail", says: `home ${path} can be opened by others (${mode(stat)})`, advice: `chmod 700 ${path}` }
}

/** sun_path of sockaddr_un is 108 bytes on Linux and 104 on macOS, a final NUL included. */
const longestSocket = process.platform === "linux" ? 107 : 103

const socket = (path: string): Finding => {
  const socket = socketOf(path)
  const length = Buffer.byteLength(socket)
  if (length > longestSocket) {
    return {
      level: "fail",
      says: `the socket's path is too long: ${length} bytes of ${longestSocket}`,
      advice: "use a home with a shorter path"
    }
  }
  const stat = seen(socket)
  if (stat === undefined || (stat.mode & 0o077) === 0) return { level: "ok", says: `socket ${socket}` }
  return { level: "fail", says: `socket ${socket} can be used by others (${mode(stat)})`, advice: `chmod 600 ${socket}` }
}

/** Where the running daemon says it is; else where one would put it. */
const socketOf = (path: string): string => {
  try {
    const file: unknown = JSON.parse(readSmall(join(path, "daemon.json"), 65_536) ?? "null")
    if (typeof file === "object" && file !== null && "socket" in file && typeof file.socket === "string") return file.socket
  } catch {
    // None, or not one that a daemon wrote.
  }
  return join(path, "reprise.sock")
}

const token = (path: string): Finding => {
  const stat = seen(join(path, "token"))
  if (stat === undefined) return { level: "ok", says: "no token yet; the daemon makes one" }
  const problem = problemOf(stat, { ours: true })
  if (problem !== null) {
    const { message } = new FileRefused(join(path, "token"), problem)
    return { level: "fail", says: message, advice: "remove it and restart the daemon for a new token" }
  }
  return (stat.mode & 0o077) === 0
    ? { level: "ok", says: "the token is private" }
    : {
        level: "fail",
        says: `the token can be read by others (${mode(stat)})`,
        advice: `chmod 600 ${join(path, "token")}, delete it and restart the daemon for a new one`
      }
}

const leastBytes = { fail: 64 * 1_048_576, warn: 1_024 * 1_048_576 }

const space = (path: string): Finding => {
  const { bavail, bsize } = statfsSync(path)
  const free = bavail * bsize
  const level = free < leastBytes.fail ? "fail" : free < leastBytes.warn ? "warn" : "ok"
  return {
    level,
    says: `${bytes(free)} free at ${path}`,
    ...(level === "ok" ? {} : { advice: "make room: without it nothing can be recorded" })
  }
}

const unwritable = (path: string): Finding => ({
  level: "fail",
  says: `home ${path} cannot be written`,
  advice: "name another with --home, or $REPRISE_HOME"
})

const mode = ({ mode }: Stats) => (mode & 0o777).toString(8).padStart(4, "0")

const writable = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Undefined also for what a closed directory keeps from this user. */
const seen = (path: string): Stats | undefined => statOrNull(path) ?? undefined

const nearest = (path: string): string => (existsSync(path) || path === dirname(path) ? path : nearest(dirname(path)))
