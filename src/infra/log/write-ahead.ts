/** SQLite's write-ahead log as it lies on the disk: SQLite takes what comes before the first damaged frame, and says nothing of the rest. */
import { closeSync, readSync } from "node:fs"
import { openRegular } from "../regular-file.ts"

export interface WriteAhead {
  /** Frames that hold together from the head on. */
  readonly frames: number
  readonly pageBytes: number
  /** Commits behind the first frame that does not: 0 where the log ends there, and at most 1 where a crash tore the last one. */
  readonly behind: number
}

/** Null where there is none, or nothing in it. The format is that of https://sqlite.org/fileformat2.html#walformat. */
export const readWriteAhead = (database: string): WriteAhead | null => {
  let file: ReturnType<typeof openRegular>
  try {
    file = openRegular(`${database}-wal`)
  } catch {
    // What cannot be opened is SQLite's to refuse.
    return null
  }
  try {
    return file.size <= headerBytes ? null : scanned(file.fd, file.size)
  } finally {
    closeSync(file.fd)
  }
}

const headerBytes = 32
const frameHeaderBytes = 24
const pageBytesOfLog = 4_096
/** Of a log with frames in the byte order of x86 and ARM: SQLite writes its own machine's. */
const littleEndian = 0x377f0682

const scanned = (fd: number, size: number): WriteAhead => {
  const head = read(fd, 0, headerBytes + frameHeaderBytes)
  const sums: Sums = [0, 0]
  addTo(sums, head, 0, 24)
  const isSound = head.readUInt32BE(0) === littleEndian && sums[0] === head.readUInt32BE(24) && sums[1] === head.readUInt32BE(28)
  const pageBytes = isSound ? head.readUInt32BE(8) : pageBytesOfLog
  // A head that is damaged says nothing of its salts: the first frame repeats them.
  const salts = isSound ? head.subarray(16, 24) : head.subarray(headerBytes + 8, headerBytes + 16)
  const frameBytes = frameHeaderBytes + pageBytes
  let [frames, behind, broken] = [0, 0, !isSound]
  for (let at = headerBytes; at + frameBytes <= size; at += frameBytes) {
    const frame = read(fd, at, broken ? frameHeaderBytes : frameBytes)
    // A log is begun again at its head: what an earlier round left has other salts.
    if (frame.length < frameHeaderBytes || !frame.subarray(8, 16).equals(salts)) break
    if (!broken) {
      addTo(sums, frame, 0, 8)
      addTo(sums, frame, frameHeaderBytes, frame.length)
      broken = sums[0] !== frame.readUInt32BE(16) || sums[1] !== frame.readUInt32BE(20)
    }
    if (!broken) frames += 1
    else if (frame.readUInt32BE(4) !== 0) behind += 1
  }
  return { frames, pageBytes, behind }
}

type Sums = [number, number]

const addTo = (sums: Sums, bytes: Buffer, from: number, to: number): void => {
  let [first, second] = sums
  for (let at = from; at + 8 <= to; at += 8) {
    first = (first + bytes.readUInt32LE(at) + second) >>> 0
    second = (second + bytes.readUInt32LE(at + 4) + first) >>> 0
  }
  sums[0] = first
  sums[1] = second
}

const read = (fd: number, at: number, length: number): Buffer => {
  const bytes = Buffer.allocUnsafe(length)
  return bytes.subarray(0, readSync(fd, bytes, 0, length, at))
}

/** One sentence where commits that were acknowledged cannot be read any more; null where none is known of. */
export const damageOf = (database: string): string | null => {
  const found = readWriteAhead(database)
  // The last commit may be one that a crash tore: it was acknowledged to nobody.
  if (found === null || found.behind < (found.frames === 0 ? 1 : 2)) return null
  const { behind, frames, pageBytes } = found
  const keep = frames === 0 ? 0 : headerBytes + frames * (frameHeaderBytes + pageBytes)
  return (
    `its write-ahead log is damaged ${frames === 0 ? "at its head" : `behind frame ${frames}`}, and ${behind} commit${behind === 1 ? "" : "s"} behind that ` +
    `cannot be read. Restore a backup, or go on without them: truncate -s ${keep} ${database}-wal`
  )
}
