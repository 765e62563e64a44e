/** Reads a session's segments at any offset while a holder appends to them; believes the index, and keeps one segment open. */
import { closeSync, readSync } from "node:fs"
import { endOf } from "../holder/index-record.ts"
import { bytesPath, confirmedEnd, indexPath, lastRecord, listSegments } from "../holder/segments.ts"
import { openRegular } from "../regular-file.ts"

export type Found =
  /** Empty when `from` is at the end or beyond. */
  { readonly _tag: "Bytes"; readonly bytes: Uint8Array } | { readonly _tag: "Gap"; readonly from: number; readonly to: number }

export class SegmentReader implements Disposable {
  readonly #directory: string
  readonly #reuses: boolean
  /** Kept in a flood alone: a quiet session holds no buffer. */
  #flood: Buffer | null = null
  #open: OpenSegment | null = null

  /** `reuses`: what a read gave is overwritten by the next, for a reader that is through with it by then. */
  constructor(directory: string, { reuses = false } = {}) {
    this.#directory = directory
    this.#reuses = reuses
  }

  begin(): number {
    return listSegments(this.#directory)[0] ?? 0
  }

  end(): number {
    const last = listSegments(this.#directory).at(-1)
    return last === undefined ? 0 : confirmedEnd(this.#directory, last)
  }

  /** `end`: where the output is known to end; a reader that stands there need not look for another segment. */
  read(from: number, maxBytes: number, end?: number): Found {
    const inOpen = this.#readOpen(from, maxBytes)
    if (inOpen !== null) return { _tag: "Bytes", bytes: inOpen }
    if (from === end && from === this.#open?.end) return { _tag: "Bytes", bytes: none }
    const segments = listSegments(this.#directory)
    const first = segments.findLast((candidate) => candidate <= from)
    if (first !== undefined && this.#openSegment(first)) {
      const bytes = this.#readOpen(from, maxBytes)
      if (bytes !== null) return { _tag: "Bytes", bytes }
    }
    const next = segments.find((candidate) => candidate > from)
    return next === undefined ? { _tag: "Bytes", bytes: none } : { _tag: "Gap", from, to: next }
  }

  [Symbol.dispose](): void {
    if (this.#open === null) return
    closeSync(this.#open.bytesFd)
    closeSync(this.#open.indexFd)
    this.#open = null
  }

  /** Null when the open segment has nothing at that offset (yet). */
  #readOpen(from: number, maxBytes: number): Uint8Array | null {
    const open = this.#open
    if (open === null || from < open.first) return null
    if (from >= open.end) {
      const last = lastRecord(open.indexFd)
      open.end = last === null ? open.first : endOf(last.record)
    }
    const length = Math.min(maxBytes, open.end - from)
    if (length <= 0) return null
    const bytes = this.#bufferFor(length)
    const got = readSync(open.bytesFd, bytes, 0, length, from - open.first)
    // Fewer than the index confirms: the file was cut by a power loss. What is missing is a gap, or not there yet.
    return got === 0 ? null : bytes.subarray(0, got)
  }

  #bufferFor(length: number): Buffer {
    if (!this.#reuses) return Buffer.allocUnsafeSlow(length)
    if (length < floodBytes) this.#flood = null
    else if (this.#flood === null || this.#flood.length < length) this.#flood = Buffer.allocUnsafeSlow(length)
    return this.#flood ?? Buffer.allocUnsafeSlow(length)
  }

  /** False when retention was faster. */
  #openSegment(first: number): boolean {
    if (this.#open?.first === first) return true
    this[Symbol.dispose]()
    let bytesFd: number | null = null
    try {
      bytesFd = openRegular(bytesPath(this.#directory, first)).fd
      this.#open = { first, end: first, bytesFd, indexFd: openRegular(indexPath(this.#directory, first)).fd }
      return true
    } catch {
      if (bytesFd !== null) closeSync(bytesFd)
      return false
    }
  }
}

interface OpenSegment {
  readonly first: number
  readonly bytesFd: number
  readonly indexFd: number
  end: number
}

const floodBytes = 16_384
const none = new Uint8Array(0)
