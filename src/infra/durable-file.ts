/** Files that are whole or absent, whatever ends the process while they are written; private to the user. */
import { closeSync, constants, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import { FileRefused, nonBlocking, openRegular, ownDirectory, readRegular } from "./regular-file.ts"

/** A file that was not there. Every byte is with the disk when it returns; the name may not be, after a power loss: see `keepWhole`. */
export const writeSynced = (path: string, content: string | Uint8Array): void => writeNew(path, content, true)

/** A file that was not there. `synced`: see `writeSynced`; without it a power loss may take it. */
export const writeNew = (path: string, content: string | Uint8Array, synced = false): void => {
  const bytes = typeof content === "string" ? Buffer.from(content) : content
  // O_EXCL: whatever stands there, a link included, is left alone.
  const { fd } = openRegular(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL)
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
    if (synced) fsyncSync(fd)
  } catch (error) {
    throw named(error as NodeJS.ErrnoException, path)
  } finally {
    closeSync(fd)
  }
}

/** What write(2) says knows a descriptor and no path: a user has to read which disk is full. */
const named = (error: NodeJS.ErrnoException, path: string): Error =>
  error.path === undefined && error.syscall !== undefined ? Object.assign(error, { path, message: `${error.message} '${path}'` }) : error

/** Beside the path, under a name that no other process can foresee. */
export const temporaryOf = (path: string): string =>
  `${path}.${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}.tmp`

/** Writes it under another name first, and hands that name to `place`; nothing is left of it where one of the two fails. */
const writtenAside = <A>(path: string, content: string | Uint8Array, place: (temporary: string) => A): A => {
  const temporary = temporaryOf(path)
  try {
    writeSynced(temporary, content)
    return place(temporary)
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** Replaces the file in one step: a reader finds the old one or the new one. */
export const writeWhole = (path: string, content: string | Uint8Array): void =>
  writtenAside(path, content, (temporary) => renameSync(temporary, path))

/** Like `writeWhole`, and still there after a power loss; directories that are missing are made, and kept too. */
export const keepWhole = (path: string, content: string | Uint8Array): void => {
  const directory = dirname(path)
  const made = ownDirectory(directory)
  writeWhole(path, content)
  syncDirectory(directory)
  if (made === undefined) return
  for (let parent = dirname(directory); ; parent = dirname(parent)) {
    syncDirectory(parent)
    if (parent.length < made.length) return
  }
}

/** True where no file was there: exactly one caller makes it, and it has its whole content from the first moment on. */
export const writeOnce = (path: string, content: string | Uint8Array): boolean =>
  writtenAside(path, content, (temporary) => {
    try {
      linkSync(temporary, path)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
      return false
    }
  })

/**
 * What the file holds: the content given, where there was none; made by one caller only, however many come at once. An empty one was
 * left by a full disk, and is made again. Throws `FileRefused` where something else stands there, or the file is another user's.
 */
export const madeOnce = (path: string, content: string | Uint8Array): Buffer => {
  const present = presentIn(path)
  if (present !== null && present.length > 0) return present
  if (present === null) writeOnce(path, content)
  else writeWhole(path, content)
  syncDirectory(dirname(path))
  return readRegular(path, madeBytes)
}

const presentIn = (path: string): Buffer | null => {
  try {
    return readRegular(path, madeBytes)
  } catch (error) {
    if (error instanceof FileRefused && error.code === "ENOENT") return null
    throw error
  }
}

/** A key or a token. */
const madeBytes = 4_096

/** What was renamed, made or removed in it stays so. */
export const syncDirectory = (path: string): void => {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | nonBlocking)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
