/** Makes the last segment of a session whole again: what a crash left torn at its end is cut, everything before it stays. */
import { closeSync, constants, fstatSync, ftruncateSync, readSync, rmSync } from "node:fs"
import { crc32 } from "node:zlib"
import { limits } from "../../domain/limits.ts"
import { openRegular } from "../regular-file.ts"
import { endOf, recordBytes } from "./index-record.ts"
import { bytesPath, indexPath, listSegments, readRecords } from "./segments.ts"

export interface Recovered {
  /** The segment to go on in, with the length of both its files; null when a new one has to be started. */
  readonly segment: { readonly first: number; readonly bytes: number; readonly indexBytes: number } | null
  /** The first offset that no byte has yet. */
  readonly end: number
}

export const recoverSegments = (directory: string): Recovered => {
  let begun: number | null = null
  for (const first of listSegments(directory).toReversed()) {
    const { bytes, end, records } = cut(directory, first)
    // One that was started, and confirmed nothing, says where the next byte goes; unless it is far off, which no holder gets.
    const next: number = begun !== null && begun - end <= limits.outputJumpBytes ? Math.max(begun, end) : end
    if (records > 0) return { segment: next === end ? { first, bytes, indexBytes: records * recordBytes } : null, end: next }
    rmSync(bytesPath(directory, first), { force: true })
    rmSync(indexPath(directory, first), { force: true })
    begun ??= first
  }
  return { segment: null, end: begun === null || begun > limits.outputJumpBytes ? 0 : begun }
}

const cut = (directory: string, first: number) => {
  const rule = { ours: true, written: true }
  const bytesFd = openRegular(bytesPath(directory, first), constants.O_RDWR, rule).fd
  let indexFd: number | null = null
  try {
    indexFd = openRegular(indexPath(directory, first), constants.O_RDWR | constants.O_CREAT, rule).fd
    const found = verified(bytesFd, indexFd, first)
    ftruncateSync(bytesFd, found.bytes)
    ftruncateSync(indexFd, found.records * recordBytes)
    return found
  } finally {
    closeSync(bytesFd)
    if (indexFd !== null) closeSync(indexFd)
  }
}

/** Reads the index from its start and follows it as long as each record continues the one before and its bytes are the ones it summed. */
const verified = (bytesFd: number, indexFd: number, first: number) => {
  const size = fstatSync(bytesFd).size
  let [bytes, end, records] = [0, first, 0]
  for (;;) {
    const page = readRecords(indexFd, records, 1_024)
    for (const record of page) {
      // A gap stands only at the head of a segment, and covers bytes before its first.
      const follows = record.kind === "gap" ? endOf(record) === first && bytes === 0 : record.offset === end
      if (!follows) return { bytes, end, records }
      if (record.kind === "chunk") {
        if (bytes + record.length > size) return { bytes, end, records }
        const chunk = Buffer.allocUnsafe(record.length)
        readSync(bytesFd, chunk, 0, record.length, bytes)
        if (crc32(chunk) !== record.crc) return { bytes, end, records }
        bytes += record.length
        end += record.length
      }
      records += 1
    }
    if (page.length < 1_024) return { bytes, end, records }
  }
}
