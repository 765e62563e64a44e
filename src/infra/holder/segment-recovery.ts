/** Makes the last segment of a session whole again: what a crash left torn at its end is cut, everything before it stays. */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, rmSync } from "node:fs"
import { crc32 } from "node:zlib"
import { endOf, recordBytes } from "./index-record.ts"
import { bytesPath, indexPath, listSegments, readRecords } from "./segments.ts"

export interface Recovered {
  /** The segment to go on in, with the length of both its files; null when a new one has to be begun. */
  readonly segment: { readonly first: number; readonly bytes: number; readonly indexBytes: number } | null
  /** The first offset that no byte has yet. */
  readonly end: number
}

export const recoverSegments = (directory: string): Recovered => {
  const first = listSegments(directory).at(-1)
  if (first === undefined) return { segment: null, end: 0 }
  const bytesFd = openSync(bytesPath(directory, first), "r+")
  const indexFd = openSync(indexPath(directory, first), "a+", 0o600)
  try {
    const { bytes, end, records } = verified(bytesFd, indexFd, first)
    ftruncateSync(bytesFd, bytes)
    ftruncateSync(indexFd, records * recordBytes)
    if (records > 0) return { segment: { first, bytes, indexBytes: records * recordBytes }, end }
    rmSync(bytesPath(directory, first))
    rmSync(indexPath(directory, first))
    return { segment: null, end: first }
  } finally {
    closeSync(bytesFd)
    closeSync(indexFd)
  }
}

/** Reads the index from its start and follows it as long as each record continues the one before and its bytes are the ones it summed. */
const verified = (bytesFd: number, indexFd: number, first: number) => {
  const size = fstatSync(bytesFd).size
  let [bytes, end, records] = [0, first, 0]
  for (;;) {
    const page = readRecords(indexFd, records, 1_024)
    for (const record of page) {
      // A gap stands only at the head of a segment, and tells of bytes before its first.
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
