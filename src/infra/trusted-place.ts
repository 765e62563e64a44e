/** Whether other users can put something else in the place of a path: then nothing of ours may lie there. */
import { lstatSync, mkdirSync, readFileSync, realpathSync, type Stats } from "node:fs"
import { dirname, resolve } from "node:path"

/** One sentence that says which path it is, why it is refused, and what to do. */
export class PlaceRefused extends Error {}

/**
 * The directory without links, made with mode 0700 where it is missing. Throws `PlaceRefused` where it is none, belongs to another user,
 * or lies below a directory whose owner or other writers could replace it. What is there already keeps its mode.
 */
export const trustedDirectory = (path: string, what: string): string => {
  const asked = resolve(path)
  try {
    mkdirSync(asked, { recursive: true, mode: 0o700 })
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException
    if (code === "EEXIST" || code === "ENOTDIR") throw new PlaceRefused(`${what} ${asked} is a file or lies below one: name a directory`)
    throw new PlaceRefused(`${what} ${asked} cannot be made (${code}): name a directory that this user can write to`)
  }
  const real = realpathSync(asked)
  const found = lstatSync(real)
  if (!found.isDirectory()) throw new PlaceRefused(`${what} ${asked} is not a directory: name one`)
  if (found.uid !== ownUid()) throw new PlaceRefused(`${what} ${real} belongs to another user (${found.uid}): name a directory of your own`)
  if (isOpen(found))
    throw new PlaceRefused(`${what} ${real} can be written by other users (${modeOf(found)}): chmod go-w it, or name another`)
  // The links that lead there, and where they lead.
  for (const place of new Set([asked, ...parentsOf(asked), ...parentsOf(real)])) assertParent(place, `${what} ${real}`)
  return real
}

/** One sentence that says which socket it is, and why this user's clients stay away from it. `code`: an errno, or `NOT_OURS`. */
export class SocketRefused extends Error {
  readonly code: string
  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

/**
 * Throws `SocketRefused` where another user could be the one that listens at the path: what is said to a socket includes a token. A missing
 * one is refused too, since another user could make it before it is connected to.
 */
export const assertOwnSocket = (path: string): void => {
  const found = lookAt(path)
  const directory = dirname(path)
  if (!isOwnDirectory(directory)) throw new SocketRefused(`${directory} is not a directory that this user alone can write to`, "NOT_OURS")
  if (!found.isSocket()) throw new SocketRefused(`${path} is not a socket`, "ENOTSOCK")
  if (found.uid !== ownUid()) throw new SocketRefused(`${path} belongs to another user (${found.uid})`, "NOT_OURS")
}

const lookAt = (path: string): Stats => {
  try {
    return lstatSync(path)
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException
    throw new SocketRefused(`${path} cannot be reached (${code})`, code)
  }
}

/** A directory and no link, of this user, in which no other user can write. Its parents were looked at when it was made. */
export const isOwnDirectory = (path: string): boolean => {
  try {
    const found = lstatSync(path)
    return found.isDirectory() && found.uid === ownUid() && !isOpen(found)
  } catch {
    return false
  }
}

const assertParent = (parent: string, what: string): void => {
  const found = lstatSync(parent)
  if (found.isSymbolicLink()) {
    if (found.uid !== 0 && found.uid !== ownUid())
      throw new PlaceRefused(`${what} is reached by ${parent}, a link of another user (${found.uid})`)
    return
  }
  if (found.uid !== 0 && found.uid !== ownUid())
    throw new PlaceRefused(`${what} lies below ${parent}, which belongs to another user (${found.uid}): name another place`)
  // With the sticky bit others can add to it, and cannot replace what is ours.
  if (isOpen(found) && (found.mode & 0o1000) === 0)
    throw new PlaceRefused(
      `${what} lies below ${parent}, which other users can write (${modeOf(found)}): chmod go-w it, or name another place`
    )
}

/** Every directory above, from the nearest to the root. */
const parentsOf = (path: string): ReadonlyArray<string> => {
  const parents: Array<string> = []
  for (let parent = dirname(path); ; parent = dirname(parent)) {
    parents.push(parent)
    if (parent === dirname(parent)) return parents
  }
}

/** Others may write to it. Many systems give each user a group of their own, and make directories writable for it. */
const isOpen = ({ gid, mode }: Stats): boolean => (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && !isOwnGroup(gid))

const isOwnGroup = (gid: number): boolean => {
  if (gid !== process.getegid?.()) return false
  try {
    const members = lines("/etc/group")
      .filter(([, , id]) => Number(id) === gid)
      .flatMap(([, , , names = ""]) => names.split(","))
    const users = lines("/etc/passwd").filter(([, , , id]) => Number(id) === gid)
    const ours = new Set(users.filter(([, , id]) => Number(id) === ownUid()).map(([name]) => name))
    return users.length === ours.size && members.every((name) => name === "" || ours.has(name))
  } catch {
    return false
  }
}

const lines = (path: string) =>
  readFileSync(path, "utf8")
    .split("\n")
    .map((line) => line.split(":"))

const ownUid = () => process.geteuid?.() ?? 0
const modeOf = ({ mode }: Stats) => (mode & 0o7777).toString(8).padStart(4, "0")
