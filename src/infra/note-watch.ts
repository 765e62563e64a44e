/** Keeps `daemon.json` in the home: a note that was removed, cut or replaced is written again, so that clients find the daemon. */
import { type BigIntStats, lstatSync, rmSync } from "node:fs"
import { Effect } from "effect"
import { type DaemonNote, leaveNote, notePathOf, readNote } from "./home.ts"

/** Each run is one look: a call of lstat(2) where nothing has changed. True where the note was written again. Fails with what the disk says. */
export const makeNoteWatch = (home: string, note: DaemonNote): Effect.Effect<boolean, Error> => {
  const path = notePathOf(home)
  let known: BigIntStats | null = null
  return Effect.try({
    try: () => {
      const found = lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null
      if (known !== null && found !== null && isSame(known, found)) return false
      const isOurs = found?.isFile() === true && isEqual(readNote(home), note)
      if (!isOurs) {
        // rename(2) replaces a link, a pipe and a file, and no directory.
        if (found?.isDirectory() === true) rmSync(path, { recursive: true })
        leaveNote(home, note)
      }
      known = lstatSync(path, { bigint: true })
      return !isOurs
    },
    catch: (cause) => cause as Error
  })
}

/** False for good from the first look at which one of these paths is another file than it was, or is gone. */
export const makePlaceWatch = (paths: ReadonlyArray<string>): (() => boolean) => {
  const look = (path: string) => lstatSync(path, { bigint: true, throwIfNoEntry: false })
  const opened = paths.map((path) => [path, look(path)] as const)
  let isSamePlace = true
  return () => {
    isSamePlace &&= opened.every(([path, before]) => {
      const found = look(path)
      return before !== undefined && found !== undefined && found.ino === before.ino && found.dev === before.dev
    })
    return isSamePlace
  }
}

const isEqual = (found: DaemonNote | null, note: DaemonNote) =>
  found !== null && (Object.keys(note) as Array<keyof DaemonNote>).every((name) => found[name] === note[name])
const isSame = (one: BigIntStats, other: BigIntStats) =>
  one.ino === other.ino && one.dev === other.dev && one.size === other.size && one.mtimeNs === other.mtimeNs
