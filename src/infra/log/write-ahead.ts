/** SQLite's write-ahead log as it lies on the disk: SQLite takes what comes before the first damaged frame, and says nothing of the rest. */
import { closeSync, readSync } from "node:fs"
import { openRegular } from "../regular-file.ts"

export interface WriteAhead {
  /** Of this round, as its head has them; another round of the log has others. Empty where the head is damaged. */
  readonly salts: string
  /** Frames that hold together from the head on. */
  readonly frames: number
  readonly pageBytes: number
  /** Commits behind the first frame that does not: 0 where the log ends there, and at most 1 where a crash tore the last one. */
  readonly behind: number
  /** Frames of this round lie behind a header that is no frame's: a block of the log was lost, and each lost header may have marked a commit. */
  readonly isHoled: boolean
}

/** Null where there is none, or nothing in it. The format is that of https://sqlite.org/fileformat2.html#walformat. */
export const readWriteAhead = (database: string): WriteAhead | null =>
  opened(`${database}-wal`, ({ fd, size }) => (size <= headerBytes ? null : scanned(fd, size)))

/** Null where the file cannot be opened: that is SQLite's to refuse. */
const opened = <A>(path: string, use: (file: ReturnType<typeof openRegular>) => A): A | null => {
  let file: ReturnType<typeof openRegular>
  try {
    file = openRegular(path)
  } catch {
    return null
  }
  try {
    return use(file)
  } finally {
    closeSync(file.fd)
  }
}

const headerBytes = 32
const frameHeaderBytes = 24
const saltBytes = 8
/** Beyond this, a salt that differs is taken for damage and not for an earlier round's. */
const mostRounds = 65_536
const pageBytesOfLog = 4_096
/** Of a log with frames in the byte order of x86 and ARM: SQLite writes its own machine's. */
const littleEndian = 0x377f0682

const scanned = (fd: number, size: number): WriteAhead => {
  const head = read(fd, 0, headerBytes)
  const sums: Sums = [0, 0]
  addTo(sums, head, 0, 24)
  const isSound = head.readUInt32BE(0) === littleEndian && sums[0] === head.readUInt32BE(24) && sums[1] === head.readUInt32BE(28)
  const pageBytes = isSound ? head.readUInt32BE(8) : pageBytesOfLog
  const frameBytes = frameHeaderBytes + pageBytes
  const salts = isSound ? head.subarray(16, 24) : commonSalts(fd, size, frameBytes)
  let [frames, behind, isBroken, isLost] = [0, 0, !isSound, false]
  // SQLite flushes the head before the first frame: a crash leaves no frame behind a head that is damaged.
  let isHoled = !isSound && size >= headerBytes + frameBytes
  for (let at = headerBytes; at + frameHeaderBytes <= size; at += frameBytes) {
    const frame = read(fd, at, isBroken ? frameHeaderBytes : frameBytes)
    if (frame.length < frameHeaderBytes) break
    if (!frame.subarray(8, 16).equals(salts)) {
      isBroken = true
      isLost ||= !isEarlierRound(frame, salts)
      continue
    }
    if (!isBroken) {
      addTo(sums, frame, 0, 8)
      addTo(sums, frame, frameHeaderBytes, frame.length)
      isBroken = frame.length < frameBytes || sums[0] !== frame.readUInt32BE(16) || sums[1] !== frame.readUInt32BE(20)
    }
    if (!isBroken) {
      frames += 1
      continue
    }
    isHoled ||= isLost
    if (frame.readUInt32BE(4) !== 0) behind += 1
  }
  return { salts: isSound ? salts.toString("hex") : "", frames, pageBytes, behind, isHoled }
}

/** SQLite writes the log again from its head with a first salt one higher: what an earlier round left behind is no damage. */
const isEarlierRound = (frame: Buffer, salts: Buffer): boolean => {
  const rounds = (salts.readUInt32BE(0) - frame.readUInt32BE(8)) >>> 0
  return rounds > 0 && rounds < mostRounds && frame.readUInt32BE(0) > 0
}

/** A damaged head says nothing of its salts: every frame repeats them. */
const commonSalts = (fd: number, size: number, frameBytes: number): Buffer => {
  const counts = new Map<string, number>()
  for (let at = headerBytes; at + frameBytes <= size; at += frameBytes) {
    const salts = read(fd, at + 8, saltBytes).toString("hex")
    if (!/^0*$/.test(salts)) counts.set(salts, (counts.get(salts) ?? 0) + 1)
  }
  const [most] = [...counts].sort(([, one], [, other]) => other - one)
  return Buffer.from(most?.[0] ?? "f".repeat(2 * saltBytes), "hex")
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

/** What the index of the write-ahead log (`-shm`) says of it: SQLite counts a frame there once its commit is on the disk. */
export interface Committed {
  readonly salts: string
  readonly frames: number
  /** Of these frames, so many are in the database as well. */
  readonly copied: number
}

/** Null where there is none, or where it is not whole. The format is that of https://sqlite.org/walformat.html#walidxfmt. */
export const readCommitted = (database: string): Committed | null =>
  opened(`${database}-shm`, ({ fd }) => {
    const index = read(fd, 0, indexHeadBytes)
    const [one, other] = [index.subarray(0, 48), index.subarray(48, 96)]
    if (index.length < indexHeadBytes || !one.equals(other) || one.readUInt32LE(0) !== indexVersion || one[12] !== 1) return null
    return { salts: one.toString("hex", 32, 40), frames: one.readUInt32LE(16), copied: index.readUInt32LE(96) }
  })

/** Two copies of a header of 48 bytes, and the number of frames that are copied. */
const indexHeadBytes = 100
const indexVersion = 3_007_000

/** Frames that the index counts and that are gone from the log, with its last commits. A crash loses none: they were flushed before. */
const lostFrames = (database: string, found: WriteAhead | null): number => {
  const committed = readCommitted(database)
  if (committed === null || (found !== null && found.salts !== committed.salts)) return 0
  return Math.max(0, committed.frames - Math.max(found?.frames ?? 0, committed.copied))
}

/** One sentence where commits that were acknowledged cannot be read any more; null where none is known of. */
export const damageOf = (database: string): string | null => {
  const found = readWriteAhead(database)
  const lost = lostFrames(database, found)
  if (found === null)
    return lost === 0
      ? null
      : `its write-ahead log is gone, and with it at most ${lost} page${lost === 1 ? "" : "s"} of its newest commits. ` +
          `Put ${database}-wal back or restore a backup, or go on without them: rm ${database}-shm`
  const { behind, frames, isHoled, pageBytes } = found
  // The last commit may be one that a crash tore: it was acknowledged to no client. A lost block is no crash's.
  if (!isHoled && lost === 0 && behind < (frames === 0 ? 1 : 2)) return null
  const keep = frames === 0 ? 0 : headerBytes + frames * (frameHeaderBytes + pageBytes)
  const commits = Math.max(1, behind)
  return (
    `its write-ahead log is damaged ${frames === 0 ? "at its head" : `behind frame ${frames}`}, and ${isHoled || behind === 0 ? "at least " : ""}${commits} ` +
    `commit${commits === 1 ? "" : "s"} behind that cannot be read. Restore a backup, or go on without them: ` +
    `truncate -s ${keep} ${database}-wal && rm -f ${database}-shm`
  )
}
