/** Up to which byte a session had printed by a time: from the times that its holder kept with each chunk. */
import { closeSync, fstatSync } from "node:fs"
import { endOf, type IndexRecord, recordBytes } from "../holder/index-record.ts"
import { indexPath, listSegments, readRecords } from "../holder/segments.ts"
import { openRegular } from "../regular-file.ts"

/**
 * The end of the newest chunk that had come by then; 0 where none had, and the first offset that is left where all that is left came
 * later. Chunks are searched as if the clock had never been set back: around such a moment the answer is one that was true by it.
 */
export const offsetAt = (directory: string, wallMs: number): number => {
  const segments = listSegments(directory)
  const segment = last(segments.length, (index) => firstMs(directory, segments[index]!) <= wallMs)
  if (segment === -1) return segments[0] ?? 0
  return within(directory, segments[segment]!, wallMs)
}

const within = (directory: string, segment: number, wallMs: number): number =>
  withIndex(directory, segment, segment, (fd) => {
    const count = Math.floor(fstatSync(fd).size / recordBytes)
    const at = (index: number): IndexRecord | undefined => readRecords(fd, index, 1)[0]
    const found = last(count, (index) => (at(index)?.wallMs ?? Number.POSITIVE_INFINITY) <= wallMs)
    const record = found === -1 ? undefined : at(found)
    return record === undefined ? segment : endOf(record)
  })

/** Infinite where nothing can be read: later than any time. */
const firstMs = (directory: string, segment: number): number =>
  withIndex(directory, segment, Number.POSITIVE_INFINITY, (fd) => readRecords(fd, 0, 1)[0]?.wallMs ?? Number.POSITIVE_INFINITY)

const withIndex = <A>(directory: string, segment: number, otherwise: A, use: (fd: number) => A): A => {
  let fd: number
  try {
    fd = openRegular(indexPath(directory, segment)).fd
  } catch {
    return otherwise
  }
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}

/** The last index below `count` for which it holds, as it does for all before; -1 for none. */
const last = (count: number, holds: (index: number) => boolean): number => {
  let [low, high] = [0, count]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (holds(middle)) low = middle + 1
    else high = middle
  }
  return low - 1
}
