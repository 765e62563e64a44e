/** Files that are whole or absent, whatever ends the process while they are written; private to the user. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs"
import { dirname } from "node:path"

/** Every byte is with the disk when it returns. The name may not be, after a power loss: see `keepWhole`. */
export const writeSynced = (path: string, content: string | Uint8Array): void => {
  const bytes = typeof content === "string" ? Buffer.from(content) : content
  const fd = openSync(path, "w", 0o600)
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Replaces the file in one step: a reader finds the old one or the new one. */
export const writeWhole = (path: string, content: string | Uint8Array): void => {
  const temporary = `${path}.${process.pid}.tmp`
  writeSynced(temporary, content)
  renameSync(temporary, path)
}

/** Like `writeWhole`, and still there after a power loss; directories that are missing are made, and kept too. */
export const keepWhole = (path: string, content: string | Uint8Array): void => {
  const directory = dirname(path)
  const made = mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeWhole(path, content)
  syncDirectory(directory)
  if (made === undefined) return
  for (let parent = dirname(directory); ; parent = dirname(parent)) {
    syncDirectory(parent)
    if (parent.length < made.length) return
  }
}

/** What the file holds: the content given, where there was none; made by one caller only, however many come at once. */
export const madeOnce = (path: string, content: string | Uint8Array): Buffer => {
  try {
    writeFileSync(path, content, { mode: 0o600, flag: "wx" })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause
  }
  return readFileSync(path)
}

/** What was renamed, made or removed in it stays so. */
export const syncDirectory = (path: string): void => {
  const fd = openSync(path, "r")
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
