/** Keeps every byte the terminal gives, in order, in segment files; a full disk costs a recorded gap, never the agent's time. */
import { closeSync, constants, existsSync, ftruncateSync, rmSync, statfsSync, writeSync } from "node:fs"
import { join } from "node:path"
import { crc32 } from "node:zlib"
import type { Size } from "../../domain/spec.ts"
import { writeNew } from "../durable-file.ts"
import { openRegular, ownDirectory } from "../regular-file.ts"
import { encodeRecord, type IndexRecord, recordBytes } from "./index-record.ts"
import { recoverSegments } from "./segment-recovery.ts"
import { bytesPath, confirmedEnd, indexPath, listSegments } from "./segments.ts"

export interface SpoolOptions {
  readonly directory: string
  readonly retentionBytes: number
  readonly size: Size
  /** Called once per range of bytes that no reader can read any more. */
  readonly onDropped: (from: number, to: number, reason: "retention" | "disk_full") => void
  /** Called when bytes that had to wait for the disk are kept after all. */
  readonly onKept: () => void
}

export class Spool {
  readonly #options: SpoolOptions
  readonly #rotateBytes: number
  readonly #record = Buffer.allocUnsafe(recordBytes)
  #size: Size
  #segment: Segment | null = null
  #kept: number
  #waiting: Waiting | null = null
  #end = 0

  /** Makes the directory whole first, and goes on where the generation before ended. */
  constructor(options: SpoolOptions) {
    this.#options = options
    this.#size = options.size
    this.#rotateBytes = Math.min(largestSegmentBytes, Math.max(smallestSegmentBytes, Math.floor(options.retentionBytes / 16)))
    ownDirectory(options.directory)
    const { segment, end } = recoverSegments(options.directory)
    this.#kept = end
    if (segment !== null) {
      this.#segment = { ...segment, ...openPair(options.directory, segment.first, constants.O_RDWR) }
      this.#resized({ isFresh: true })
    }
    this.#setAside()
  }

  /** Every byte that came, those still waiting for the disk included. */
  get offset(): number {
    return this.#waiting?.to ?? Math.max(this.#kept, this.#end)
  }

  /** Up to here the files can be read. */
  get kept(): number {
    return this.#kept
  }

  /** Takes the bytes at once: the caller may reuse the buffer. */
  append(bytes: Buffer) {
    if (this.#waiting !== null) return this.#wait(Buffer.from(bytes))
    if (!this.#keep(bytes)) this.#wait(Buffer.from(bytes))
  }

  resize(size: Size): void {
    this.#size = size
    this.#resized({})
  }

  #resized(launch: { readonly isFresh?: true }): void {
    if (this.#waiting !== null || this.#segment === null) return
    try {
      this.#index({ kind: "resize", offset: this.#kept, wallMs: Date.now(), ...this.#size, ...launch })
    } catch {
      this.#abandonSegment()
    }
  }

  /** One more try for what waits, by a timer while there is something. */
  flush(): void {
    const waiting = this.#waiting
    if (waiting === null) return
    // Room for a part of it would end the gap, and what comes next would begin another.
    if (waiting.from > this.#kept && !hasRoom(this.#options.directory, waiting.bytes)) return
    this.#keepWaiting(waiting)
  }

  #keepWaiting(waiting: Waiting): void {
    const lost = waiting.from - this.#kept
    if (lost > 0 && !this.#passGap(waiting, lost)) return
    for (let chunk = waiting.chunks[0]; chunk !== undefined; chunk = waiting.chunks[0]) {
      if (!this.#keep(chunk)) return
      waiting.chunks.shift()
      waiting.from += chunk.length
      waiting.bytes -= chunk.length
    }
    clearInterval(waiting.retry)
    this.#waiting = null
    this.#options.onKept()
  }

  /** Records the gap with the first bytes behind it, or not at all. */
  #passGap(waiting: Waiting, lost: number): boolean {
    const { chunks, from } = waiting
    const before = this.#kept
    const chunk = chunks[0]
    if (chunk === undefined || !this.#begin(from, lost)) return false
    this.#kept = from
    if (!this.#keep(chunk)) {
      this.#kept = before
      removeFile(bytesPath(this.#options.directory, from))
      removeFile(indexPath(this.#options.directory, from))
      return false
    }
    chunks.shift()
    waiting.from += chunk.length
    waiting.bytes -= chunk.length
    this.#options.onDropped(before, from, "disk_full")
    return true
  }

  /**
   * Nothing more will come. The holder ends soon, so what the disk does not take now is lost, and said to be before this
   * returns: all but the last words, for which room was set aside.
   */
  close(): void {
    if (this.#waiting !== null) this.#keepWaiting(this.#waiting)
    if (this.#waiting !== null) {
      removeFile(reservePath(this.#options.directory))
      this.#forget(this.#waiting, lastWordsBytes)
      this.#keepWaiting(this.#waiting)
    }
    if (this.#waiting !== null) this.#giveUp(this.#waiting)
    this.#abandonSegment()
  }

  #setAside(): void {
    const reserve = reservePath(this.#options.directory)
    if (existsSync(reserve)) return
    try {
      writeNew(reserve, Buffer.alloc(reserveBytes))
    } catch {
      // The disk is full already: then there is no reserve.
      removeFile(reserve)
    }
  }

  #giveUp({ retry, to }: Waiting): void {
    clearInterval(retry)
    this.#waiting = null
    this.#end = to
    this.#options.onDropped(this.#kept, to, "disk_full")
  }

  /** Bytes first, then the record that confirms them: a reader never believes what the index does not say. */
  #keep(bytes: Buffer): boolean {
    if (this.#segment === null || this.#segment.bytes + this.#segment.indexBytes >= this.#rotateBytes) {
      if (!this.#begin(this.#kept, 0)) return false
    }
    const segment = this.#segment!
    try {
      writeAll(segment.bytesFd, bytes, segment.bytes)
      this.#index({ kind: "chunk", offset: this.#kept, wallMs: Date.now(), length: bytes.length, crc: crc32(bytes) })
    } catch {
      this.#abandonSegment()
      return false
    }
    segment.bytes += bytes.length
    this.#kept += bytes.length
    return true
  }

  /** A new segment begins with what a reader of it alone must know: the gap before it, and the size of the screen. */
  #begin(first: number, lost: number): boolean {
    this.#abandonSegment()
    try {
      this.#segment = { first, bytes: 0, indexBytes: 0, ...beginPair(this.#options.directory, first) }
      if (lost > 0) this.#index({ kind: "gap", offset: first - lost, wallMs: Date.now(), length: lost })
      this.#index({ kind: "resize", offset: first, wallMs: Date.now(), ...this.#size })
    } catch {
      this.#abandonSegment()
      return false
    }
    this.#dropOldest()
    return true
  }

  #index(record: IndexRecord): void {
    const segment = this.#segment!
    writeAll(segment.indexFd, encodeRecord(record, this.#record), segment.indexBytes)
    segment.indexBytes += recordBytes
  }

  /** Cuts what is not confirmed; where even that fails, the index says how far readers and recovery may believe it. */
  #abandonSegment(): void {
    const segment = this.#segment
    if (segment === null) return
    this.#segment = null
    for (const [fd, length] of [
      [segment.bytesFd, segment.bytes],
      [segment.indexFd, segment.indexBytes]
    ] as const) {
      try {
        ftruncateSync(fd, length)
      } catch {}
      closeSync(fd)
    }
  }

  #dropOldest(): void {
    const { directory, onDropped, retentionBytes } = this.#options
    const segments = [...listSegments(directory)]
    // The one that was started just now may grow to a whole segment.
    const most = Math.max(1, Math.floor(retentionBytes / this.#rotateBytes) - 1)
    while (segments.length > most + 1) {
      const oldest = segments.shift()!
      const to = Math.max(confirmedEnd(directory, oldest), oldest)
      removeFile(bytesPath(directory, oldest))
      removeFile(indexPath(directory, oldest))
      if (to > oldest) onDropped(oldest, to, "retention")
    }
  }

  #wait(bytes: Buffer): void {
    this.#waiting ??= {
      from: this.#kept,
      to: this.#kept,
      bytes: 0,
      chunks: [],
      retry: setInterval(() => this.flush(), retryMs)
    }
    const waiting = this.#waiting
    waiting.chunks.push(bytes)
    waiting.bytes += bytes.length
    waiting.to += bytes.length
    this.#forget(waiting, ringBytes)
  }

  /** Whole chunks from the oldest on, until no more than so many bytes wait. */
  #forget(waiting: Waiting, most: number): void {
    while (waiting.bytes > most) {
      const lost = waiting.chunks.shift()!
      waiting.bytes -= lost.length
      waiting.from += lost.length
    }
  }
}

interface Segment {
  readonly first: number
  readonly bytesFd: number
  readonly indexFd: number
  bytes: number
  indexBytes: number
}

interface Waiting {
  from: number
  to: number
  bytes: number
  readonly chunks: Array<Buffer>
  readonly retry: NodeJS.Timeout
}

const smallestSegmentBytes = 65_536
const largestSegmentBytes = 4_194_304
const ringBytes = 1_048_576
const retryMs = 250
/** What a person looks at after an end: the last screen, amply. */
const lastWordsBytes = 65_536
/** The last words, the gap before them, and two files' worth of blocks. */
const reserveBytes = 98_304

/** The first blocks of the two files of a segment. */
const segmentHeadBytes = 16_384

/** Given up when the disk is full at the end, so that the output still ends where the agent did. */
const reservePath = (directory: string) => join(directory, "reserve")

/** An agent can put links, pipes and directories under these names: what is no file of ours is not written to. */
const openPair = (directory: string, first: number, flags: number) => {
  const rule = { ours: true, written: true }
  const bytesFd = openRegular(bytesPath(directory, first), flags, rule).fd
  try {
    return { bytesFd, indexFd: openRegular(indexPath(directory, first), flags, rule).fd }
  } catch (error) {
    closeSync(bytesFd)
    throw error
  }
}

/** No segment begins there yet: what stands under its names is another's, and goes. */
const beginPair = (directory: string, first: number) => {
  removeFile(bytesPath(directory, first))
  removeFile(indexPath(directory, first))
  return openPair(directory, first, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL)
}

/** A directory stays: what is written next fails by name. */
const removeFile = (path: string) => {
  try {
    rmSync(path, { force: true })
  } catch {}
}

/** A file system that cannot say it is tried. */
const hasRoom = (directory: string, bytes: number): boolean => {
  try {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize >= bytes + segmentHeadBytes
  } catch {
    return true
  }
}

const writeAll = (fd: number, bytes: Buffer, position: number) => {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done)
}
