/** A holder that was booted ahead waits without doing anything until it gets its launch; without one it leaves with its daemon. */
import { closeSync, constants, openSync, readSync } from "node:fs"
import { join } from "node:path"
import { openRegular } from "../regular-file.ts"
import { fileNames } from "./launch-directory.ts"
import { nativePty } from "./native-pty.ts"
import { identityOf } from "./process-table.ts"

/** How a holder is asked to wait, in place of a launch directory. */
export const spareFlag = "--spare"

/**
 * The launch directory, from one JSON string a line on the standard input; null when that ended before. Afterwards the three
 * standard descriptors are what a holder has that was started for its launch.
 */
export const awaitLaunch = (): string | null => {
  // What a start would otherwise do while a client waits.
  nativePty()
  identityOf(process.pid)
  const line = readLine()
  if (line === null) return null
  const directory = JSON.parse(line) as string
  const log = join(directory, fileNames.log)
  const openLog = () => openRegular(log, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, { ours: true, written: true }).fd
  reopen(0, () => openSync("/dev/null", "r"))
  reopen(1, openLog)
  reopen(2, openLog)
  return directory
}

/** Blocks in read(2): no event loop turns, so a spare costs no time on a processor. */
const readLine = (): string | null => {
  const bytes = Buffer.alloc(longestLine)
  let filled = 0
  while (filled < bytes.length) {
    const got = readSync(0, bytes, filled, bytes.length - filled, null)
    if (got === 0) return null
    filled += got
    const end = bytes.indexOf(0x0a)
    if (end !== -1 && end < filled) return bytes.toString("utf8", 0, end)
  }
  return null
}

/** A path has at most 4,096 bytes, and JSON writes one of them in six at most. */
const longestLine = 32_768

/** open(2) gives the lowest free number, which is the one that was closed just before. */
const reopen = (fd: number, open: () => number) => {
  closeSync(fd)
  if (open() !== fd) throw new Error(`descriptor ${fd} was taken by another file`)
}
