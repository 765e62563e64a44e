/** The index of a session's output as one stream of records, across segments and generations. */
import { closeSync } from "node:fs"
import { Effect, Option, Stream } from "effect"
import { endOf, type IndexRecord } from "../holder/index-record.ts"
import { confirmedEnd, indexPath, listSegments, readRecords } from "../holder/segments.ts"
import { openRegular } from "../regular-file.ts"

/**
 * Up to the present end. The first record of a segment gives the size of the screen, so a stream that begins in its middle still
 * begins with the size that was valid there. Ranges that were dropped by retention appear as a `gap`.
 */
export const indexRecords = (directory: string, from: number): Stream.Stream<IndexRecord> =>
  Stream.suspend(() => {
    const segments = listSegments(directory)
    const first = Math.max(
      0,
      segments.findLastIndex((candidate) => candidate <= from)
    )
    return Stream.fromIterable(segments.slice(first)).pipe(
      Stream.mapAccum(
        () => from,
        (expected: number, segment): readonly [number, ReadonlyArray<Stream.Stream<IndexRecord>>] => {
          const records = segmentRecords(directory, segment, from)
          const missing = segment > expected
          return [
            confirmedEnd(directory, segment),
            missing ? [Stream.succeed(gap(expected, segment)), Stream.filter(records, (record) => record.kind !== "gap")] : [records]
          ]
        }
      ),
      Stream.flatten
    )
  })

const gap = (from: number, to: number): IndexRecord => ({ kind: "gap", offset: from, wallMs: 0, length: to - from })

/** Resizes before `from` are folded into the newest of them. */
const segmentRecords = (directory: string, segment: number, from: number): Stream.Stream<IndexRecord> => {
  let size: IndexRecord | null = null
  return Stream.paginate(0, (position) =>
    Effect.sync(() => {
      const page = readPage(indexPath(directory, segment), position)
      const passed = page.flatMap((record): ReadonlyArray<IndexRecord> => {
        if (record.kind === "resize" && record.offset < from) {
          size = record
          return []
        }
        if (record.kind !== "resize" && endOf(record) <= from) return []
        const before = size
        size = null
        return before === null ? [record] : [before, record]
      })
      const more = page.length === pageRecords
      const last = !more && size !== null ? [size] : []
      return [[...passed, ...last], more ? Option.some(position + page.length) : Option.none()] as const
    })
  )
}

const pageRecords = 1_024

const readPage = (path: string, position: number): ReadonlyArray<IndexRecord> => {
  let fd: number
  try {
    fd = openRegular(path).fd
  } catch {
    return []
  }
  try {
    return readRecords(fd, position, pageRecords)
  } finally {
    closeSync(fd)
  }
}
