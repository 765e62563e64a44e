/** A file that a command line names to be read: a regular one, opened without waiting, and read as far as it went then. */
import { constants, createReadStream } from "node:fs"
import type { Readable } from "node:stream"
import { openRegular } from "../infra/regular-file.ts"

/**
 * Throws `FileRefused`. A pipe without a writer would hold the command beyond SIGTERM, and a device has no end. Links are followed:
 * the user names the file.
 */
export const readableFile = (path: string): Readable => {
  const { fd, size } = openRegular(path, constants.O_RDONLY, { ours: false, links: true })
  return createReadStream(path, { fd, start: 0, end: Math.max(0, size - 1) })
}
