/** Everything that is typed into the terminal passes one queue: each piece whole, in order, and an id at most once. */
import { writeSync } from "node:fs"
import type { WriteRefusal } from "../../domain/facts.ts"
import { codeOf } from "./launch-directory.ts"

/** `withheld`: a part reached the terminal, and its Enter did not and will not. */
export type WriteOutcome = "written" | "not_written" | "uncertain" | "withheld"

export interface Settled {
  readonly outcome: WriteOutcome
  /** Right before the Enter of a submission was written, epoch milliseconds. */
  readonly enteredAt?: number
  /** Why Enter was withheld, where the holder found a reason of its own. */
  readonly why?: WriteRefusal
}

export class Typing {
  readonly #fd: number
  readonly #queue: Array<Piece> = []
  /** The newest ids, oldest first, with what became of them. */
  readonly #outcomes = new Map<string, Promise<Settled>>()
  #queuedBytes = 0
  #closed = false
  #pauseMs = 0
  #scheduled = false

  constructor(fd: number) {
    this.#fd = fd
  }

  /** An id that was taken before is not typed again: its first outcome is the answer. */
  write(writeId: string, bytes: Buffer): Promise<Settled> {
    const known = this.#outcomes.get(writeId)
    if (known !== undefined) return known
    return this.#remember(writeId, this.#type(bytes))
  }

  /** It was typed, refused or given up: what is decided now is decided for good. */
  knows(writeId: string): boolean {
    return this.#outcomes.has(writeId)
  }

  /**
   * Text, a pause, Enter, as one piece: no client's keys come in between. Like `write` otherwise. `onTyped` is called behind the pause, and
   * Enter then waits for `enter` or `withhold`; null: Enter is pressed at once.
   */
  submit(writeId: string, text: Buffer, afterMs: number, onTyped: (() => void) | null): Promise<Settled> {
    const known = this.#outcomes.get(writeId)
    if (known !== undefined) return known
    // A daemon that submits the next text has forgotten the one before, and will never allow its Enter.
    for (const { enter } of [...this.#queue]) if (enter?.isAllowed === false) this.withhold(enter.writeId)
    const enter = { writeId, afterMs, onTyped, isAllowed: onTyped === null, isAwaited: false }
    return this.#remember(writeId, this.#type(text.length === 0 ? enterKey : text, enter))
  }

  /** Presses Enter for a submission, now or when its text was typed. Changes nothing where the id is unknown, or its Enter was withheld. */
  enter(writeId: string): void {
    const piece = this.#queue.find(({ enter }) => enter?.writeId === writeId)
    if (piece?.enter == null) return
    piece.enter.isAllowed = true
    this.#goOn(piece.enter)
  }

  /** The submission whose text was typed, and whose Enter waits for a daemon's word; null where there is none. */
  get awaitingEnter(): string | null {
    const enter = this.#queue[0]?.enter
    return enter?.isAwaited === true ? enter.writeId : null
  }

  #goOn(enter: Enter): void {
    if (!enter.isAwaited) return
    enter.isAwaited = false
    this.#drain()
  }

  /**
   * Types nothing more of a submission: not its Enter, and of its text only the rest of a character or the end of an open paste. Changes
   * nothing where the id is unknown, or the Enter was written.
   */
  withhold(writeId: string, why?: WriteRefusal): void {
    const index = this.#queue.findIndex(({ enter }) => enter?.writeId === writeId)
    const piece = this.#queue[index]
    if (piece === undefined) return
    this.#queuedBytes -= piece.bytes.length - piece.done
    if (!piece.begun) {
      this.#queue.splice(index, 1)
      piece.settled({ outcome: "not_written" })
      return
    }
    const { enter } = piece
    piece.enter = null
    piece.withheld = why === undefined ? { outcome: "withheld" } : { outcome: "withheld", why }
    piece.bytes = restOf(piece.bytes, piece.done)
    piece.done = 0
    this.#queuedBytes += piece.bytes.length
    if (enter !== null) this.#goOn(enter)
  }

  /** `not_written` for an id that never came: nothing was typed for it, and nothing will be. */
  outcome(writeId: string): Promise<Settled> {
    const known = this.#outcomes.get(writeId)
    if (known !== undefined) return known
    // Remembered, so that a straggler on an old connection cannot make the answer a lie.
    return this.#remember(writeId, Promise.resolve<Settled>({ outcome: "not_written" }))
  }

  /** Resolves when every byte has reached the terminal or it is known that not all will. */
  #type(bytes: Buffer, enter: Enter | null = null): Promise<Settled> {
    if (!this.#fits(bytes)) return Promise.resolve({ outcome: "not_written" })
    if (bytes.length === 0) return Promise.resolve({ outcome: "written" })
    return new Promise((settled) => {
      this.#queue.push({ bytes, done: 0, begun: false, enter, enteredAt: null, withheld: null, settled })
      this.#queuedBytes += bytes.length
      if (!this.#scheduled) this.#drain()
    })
  }

  /** Like `write`, without an id, for a caller that does not wait for the end of it. False when the terminal is gone or too much waits already. */
  take(bytes: Buffer): boolean {
    const fits = this.#fits(bytes)
    if (fits) void this.#type(bytes)
    return fits
  }

  #fits(bytes: Buffer): boolean {
    return !this.#closed && this.#queuedBytes + bytes.length <= queueBytes && this.#queue.length < queuePieces
  }

  /** The terminal is gone: a piece whose first bytes were written is uncertain, the rest was never written. */
  close(): void {
    this.#closed = true
    for (const { begun, settled, withheld } of this.#queue.splice(0)) settled(withheld ?? { outcome: begun ? "uncertain" : "not_written" })
    this.#queuedBytes = 0
  }

  #remember(writeId: string, outcome: Promise<Settled>): Promise<Settled> {
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
      const isEnter = piece.bytes === enterKey
      if (isEnter) piece.enteredAt = Date.now()
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
      if (piece.enter !== null && !isEnter) return this.#pause(piece, piece.enter)
      this.#queue.shift()
      piece.settled(settledBy(piece))
    }
    if (this.#queue.length > 0) this.#again()
  }

  /** The piece stays at the head of the queue while it pauses. */
  #pause(piece: Piece, enter: Enter): void {
    piece.bytes = enterKey
    piece.done = 0
    this.#queuedBytes += enterKey.length
    this.#scheduled = true
    setTimeout(() => {
      if (enter.isAllowed || piece.enter === null || this.#closed) return this.#drain()
      enter.isAwaited = true
      enter.onTyped?.()
    }, enter.afterMs)
  }

  #again(): void {
    this.#scheduled = true
    if (this.#pauseMs === 0) setImmediate(() => this.#drain())
    else setTimeout(() => this.#drain(), this.#pauseMs)
  }
}

/** What a submission types last. */
interface Enter {
  readonly writeId: string
  /** After the text. */
  readonly afterMs: number
  readonly onTyped: (() => void) | null
  isAllowed: boolean
  /** The pause is over, and no daemon has allowed it yet. */
  isAwaited: boolean
}

interface Piece {
  bytes: Buffer
  done: number
  begun: boolean
  enter: Enter | null
  enteredAt: number | null
  withheld: Settled | null
  readonly settled: (settled: Settled) => void
}

const settledBy = ({ enteredAt, withheld }: Piece): Settled => {
  if (withheld !== null) return withheld
  return enteredAt === null ? { outcome: "written" } : { outcome: "written", enteredAt }
}

/** Bracketed paste: a program that has read the beginning reads keys as text until the end. */
const pasteBegins = Buffer.from("\x1b[200~")
const pasteEnds = Buffer.from("\x1b[201~")

/** What is still to be typed behind `bytes[..done]`, so that the program has whole characters and reads keys as keys again. */
const restOf = (bytes: Buffer, done: number): Buffer => {
  const begins = bytes.indexOf(pasteBegins)
  const ends = bytes.lastIndexOf(pasteEnds)
  if (begins !== -1 && ends > begins && done > ends) return bytes.subarray(done)
  const isInPaste = begins !== -1 && done > begins
  let end = Math.max(done, isInPaste ? begins + pasteBegins.length : 0)
  while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end++
  return Buffer.concat([bytes.subarray(done, end), isInPaste ? pasteEnds : nothing])
}

const nothing = Buffer.alloc(0)
const enterKey = Buffer.from("\r")

/** More in one write(2) makes a child that does not read spin a core (the line discipline holds 4 KiB). */
const writeBytes = 4_096
const turnBytes = 65_536
const longestPauseMs = 64
const queueBytes = 4_194_304
const queuePieces = 4_096
const rememberedIds = 4_096
