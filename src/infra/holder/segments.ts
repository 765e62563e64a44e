/** The files of a session's output, as they lie on disk: which there are, and how far each one can be trusted. */
import { closeSync, fstatSync, readSync } from "node:fs"
import { join } from "node:path"
import { limits } from "../../domain/limits.ts"
import { namesIn, openRegular } from "../regular-file.ts"
import { decodeRecord, endOf, type IndexRecord, recordBytes } from "./index-record.ts"

/** A segment is two files named after the offset of its first byte: the bytes as they came, and the index that confirms them. */
export const segmentName = (first: number) => first.toString(16).padStart(16, "0")
export const bytesPath = (directory: string, first: number) => join(directory, `${segmentName(first)}.out`)
export const indexPath = (directory: string, first: number) => join(directory, `${segmentName(first)}.idx`)

/** First offsets in order; none when there is no such directory yet. A name beyond every offset is an agent's. */
export const listSegments = (directory: string): ReadonlyArray<number> =>
  namesIn(directory, limits.directoryNames)
    .filter((name) => /^[0-9a-f]{16}\.out$/.test(name))
    .map((name) => Number.parseInt(name.slice(0, 16), 16))
    .filter((first) => first < limits.outputOffset)
    .sort((a, b) => a - b)

/** The newest whole record of an open index, and how many records stand up to it. A torn tail is passed over; a long one is not ours. */
export const lastRecord = (indexFd: number): { readonly record: IndexRecord; readonly count: number } | null => {
  const newest = Math.floor(fstatSync(indexFd).size / recordBytes)
  for (let count = newest; count > Math.max(0, newest - limits.tornRecords); count -= 1) {
    const [record] = readRecords(indexFd, count - 1, 1)
    if (record !== undefined) return { record, count }
  }
  return null
}

/** Up to `limit` records from the `from`-th on; ends early at the first that is not whole. */
export const readRecords = (indexFd: number, from: number, limit: number): ReadonlyArray<IndexRecord> => {
  const buffer = Buffer.allocUnsafe(limit * recordBytes)
  const got = readSync(indexFd, buffer, 0, buffer.length, from * recordBytes)
  const records: Array<IndexRecord> = []
  for (let at = 0; at + recordBytes <= got; at += recordBytes) {
    const record = decodeRecord(buffer, at)
    if (record === null) return records
    records.push(record)
  }
  return records
}

/** How far a closed segment reaches, by its index; its first offset when there is nothing to trust. */
export const confirmedEnd = (directory: string, first: number): number => {
  let fd: number
  try {
    fd = openRegular(indexPath(directory, first)).fd
  } catch {
    return first
  }
  try {
    const last = lastRecord(fd)
    return last === null ? first : endOf(last.record)
  } finally {
    closeSync(fd)
  }
}
