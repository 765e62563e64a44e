/** Everything that is typed into the terminal passes one queue: each piece whole, in order, and an id at most once. */
import { writeSync } from "node:fs"
import { codeOf } from "./launch-directory.ts"

export type WriteOutcome = "written" | "not_written" | "uncertain"

export class Typing {
  readonly #fd: number
  readonly #queue: Array<Piece> = []
  /** The newest ids, oldest first, with what became of them. */
  readonly #outcomes = new Map<string, Promise<WriteOutcome>>()
  #queuedBytes = 0
  #closed = false
  #pauseMs = 0
  #scheduled = false

  constructor(fd: number) {
    this.#fd = fd
  }

  /** An id that was taken before is not typed again: its first outcome is the answer. */
  write(writeId: string, bytes: Buffer): Promise<WriteOutcome> {
    const known = this.#outcomes.get(writeId)
    if (known !== undefined) return known
    return this.#remember(writeId, this.type(bytes))
  }

  /** It was typed, refused or given up: what is decided now is decided for good. */
  knows(writeId: string): boolean {
    return this.#outcomes.has(writeId)
  }

  /** Text, a pause, Enter, as one piece: nobody's keys come in between. Like `write` otherwise. */
  submit(writeId: string, text: Buffer, enterAfterMs: number): Promise<WriteOutcome> {
    const known = this.#outcomes.get(writeId)
    if (known !== undefined) return known
    const enter = { bytes: Buffer.from("\r"), afterMs: enterAfterMs }
    return this.#remember(writeId, text.length === 0 ? this.type(enter.bytes) : this.type(text, enter))
  }

  /** `not_written` for an id that never came: nothing was typed for it, and nothing will be. */
  outcome(writeId: string): Promise<WriteOutcome> {
    const known = this.#outcomes.get(writeId)
    if (known !== undefined) return known
    // Remembered, so that a straggler on an old connection cannot make the answer a lie.
    return this.#remember(writeId, Promise.resolve<WriteOutcome>("not_written"))
  }

  /** Resolves when every byte has reached the terminal or it is known that not all will. */
  type(bytes: Buffer, then: Then | null = null): Promise<WriteOutcome> {
    if (!this.#fits(bytes)) return Promise.resolve("not_written")
    if (bytes.length === 0) return Promise.resolve("written")
    return new Promise((settled) => {
      this.#queue.push({ bytes, done: 0, begun: false, then, settled })
      this.#queuedBytes += bytes.length
      if (!this.#scheduled) this.#drain()
    })
  }

  /** Like `type`, for who does not wait for the end of it. False when the terminal is gone or too much waits already. */
  take(bytes: Buffer): boolean {
    const fits = this.#fits(bytes)
    if (fits) void this.type(bytes)
    return fits
  }

  #fits(bytes: Buffer): boolean {
    return !this.#closed && this.#queuedBytes + bytes.length <= queueBytes && this.#queue.length < queuePieces
  }

  /** The terminal is gone: what has begun is uncertain, the rest was never written. */
  close(): void {
    this.#closed = true
    for (const piece of this.#queue.splice(0)) piece.settled(piece.begun ? "uncertain" : "not_written")
    this.#queuedBytes = 0
  }

  #remember(writeId: string, outcome: Promise<WriteOutcome>): Promise<WriteOutcome> {
    this.#outcomes.set(writeId, outcome)
    if (this.#outcomes.size > rememberedIds) this.#outcomes.delete(this.#outcomes.keys().next().value!)
    return outcome
  }

  /**
   * The terminal's descriptor does not block, so a write(2) returns at once with what fitted. A child that does not read costs
   * one try per pause; a child that does gets 64 KiB a turn, and its output is read in between.
   */
  #drain() {
    this.#scheduled = false
    let turn = 0
    for (let piece = this.#queue[0]; piece !== undefined && turn < turnBytes; piece = this.#queue[0]) {
      let written: number
      try {
        written = writeSync(this.#fd, piece.bytes, piece.done, Math.min(writeBytes, piece.bytes.length - piece.done))
      } catch (error) {
        if (codeOf(error) !== "EAGAIN") return this.close()
        this.#pauseMs = Math.min(longestPauseMs, Math.max(1, this.#pauseMs * 2))
        return this.#again()
      }
      this.#pauseMs = 0
      turn += written
      piece.done += written
      piece.begun = true
      this.#queuedBytes -= written
      if (piece.done < piece.bytes.length) continue
      if (piece.then !== null) return this.#goOn(piece, piece.then)
      this.#queue.shift()
      piece.settled("written")
    }
    if (this.#queue.length > 0) this.#again()
  }

  /** The piece stays at the head of the queue while it pauses. */
  #goOn(piece: Piece, { afterMs, bytes }: Then): void {
    piece.bytes = bytes
    piece.done = 0
    piece.then = null
    this.#queuedBytes += bytes.length
    this.#scheduled = true
    setTimeout(() => this.#drain(), afterMs)
  }

  #again(): void {
    this.#scheduled = true
    if (this.#pauseMs === 0) setImmediate(() => this.#drain())
    else setTimeout(() => this.#drain(), this.#pauseMs)
  }
}

interface Then {
  readonly bytes: Buffer
  readonly afterMs: number
}

interface Piece {
  bytes: Buffer
  done: number
  begun: boolean
  /** What the same piece types after a pause. */
  then: Then | null
  readonly settled: (outcome: WriteOutcome) => void
}

/** More in one write(2) makes a child that does not read spin a core (the line discipline holds 4 KiB). */
const writeBytes = 4_096
const turnBytes = 65_536
const longestPauseMs = 64
const queueBytes = 4_194_304
const queuePieces = 4_096
const rememberedIds = 4_096
