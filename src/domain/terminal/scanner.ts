/**
 * The one reader of terminal sequences: bytes in, cut anywhere, whole characters and whole sequences out, and the same ones however the
 * bytes are cut. It keeps at most one sequence, of limited size, and costs a constant for each byte.
 */
import { limits } from "../limits.ts"
import type { ControlSequence, Sequence, StringKind } from "./sequences.ts"

export interface Receiver {
  /** Whole characters of valid UTF-8 without any control; what was no UTF-8 is U+FFFD. The memory belongs to the chunk. Absent: text is passed over. */
  readonly text?: (bytes: Uint8Array) => void
  /** C0 alone. One inside a sequence comes right before that sequence. */
  readonly control?: (code: number) => void
  readonly sequence: (sequence: Sequence) => void
  /** True: the control sequence with this last and first byte is of no interest, and need not be spelled out. */
  readonly passes?: (final: number, first: number) => boolean
}

export interface ScannerOptions {
  /** The offset of the first byte that will be given. */
  readonly from?: number
  /** Longer strings are dropped, up to their end. */
  readonly stringBytes?: number
  /** The stream begins in a string of this kind that is dropped. */
  readonly dropping?: StringKind | null
}

type State = "ground" | "escape" | "escapeIntermediate" | "control" | "string" | "stringEscape"

export class Scanner {
  readonly #receiver: Receiver
  readonly #stringBytes: number
  #state: State = "ground"
  /** Where the next byte stands, and where what is held begins. */
  #offset: number
  #from: number
  #kind: StringKind = "osc"
  /** Parameters and intermediates; of strings the body. */
  #held: Uint8Array = new Uint8Array(64)
  #length = 0
  /** Too long, or of the wrong shape: read to its end and dropped. */
  #isBad = false
  #controls: Array<number> = []
  readonly #character = new Uint8Array(4)
  #characterLength = 0

  constructor(receiver: Receiver, { dropping = null, from = 0, stringBytes = limits.terminalStringBytes }: ScannerOptions = {}) {
    this.#receiver = receiver
    this.#stringBytes = stringBytes
    this.#offset = from
    this.#from = from
    if (dropping === null) return
    this.#state = "string"
    this.#kind = dropping
    this.#isBad = true
  }

  /** How many of the last bytes belong to what is not whole yet. A string that is dropped holds none. */
  get held(): number {
    if (this.dropping !== null) return 0
    if (this.#state === "ground") return this.#characterLength
    return this.#offset - this.#from
  }

  /** The kind of string that is dropped now. */
  get dropping(): StringKind | null {
    return this.#isBad && (this.#state === "string" || this.#state === "stringEscape") ? this.#kind : null
  }

  push(chunk: Uint8Array): void {
    const start = this.#offset
    for (let at = 0; at < chunk.length; ) {
      this.#offset = start + at
      at = this.#step(chunk, at)
    }
    this.#offset = start + chunk.length
  }

  /** Returns where to go on: behind what was taken, or where it is, in another state. */
  #step(chunk: Uint8Array, at: number): number {
    switch (this.#state) {
      case "ground":
        return this.#ground(chunk, at)
      case "escape":
      case "escapeIntermediate":
        return this.#escape(chunk, at)
      case "control":
        return this.#control(chunk, at)
      case "string":
        return this.#string(chunk, at)
      case "stringEscape":
        return this.#stringEscape(chunk, at)
    }
  }

  #ground(chunk: Uint8Array, at: number): number {
    if (this.#characterLength > 0) return this.#wide(chunk, at)
    const to = this.#receiver.text === undefined ? plainEnd(chunk, at) : asciiEnd(chunk, at)
    if (to > at) {
      if (this.#receiver.text !== undefined) this.#receiver.text(chunk.subarray(at, to))
      return to
    }
    const byte = chunk[at]!
    if (byte >= 0x80) return this.#wide(chunk, at)
    if (byte === escape) {
      const end = chunk[at + 1] === openBracket ? this.#wholeControl(chunk, at) : 0
      if (end > 0) return end
      this.#begin("escape", this.#offset)
      return at + 1
    }
    if (byte < 0x20) this.#receiver.control?.(byte)
    return at + 1
  }

  /** Nearly all control sequences lie within their chunk, and are read at once. 0: this one does not, or is of no ordinary shape. */
  #wholeControl(chunk: Uint8Array, at: number): number {
    const from = at + 2
    let to = from
    while (to < chunk.length && chunk[to]! >= 0x20 && chunk[to]! < 0x40) to++
    if (to === chunk.length || to - from > limits.terminalParameterBytes) return 0
    const final = chunk[to]!
    if (final < 0x40 || final > 0x7e) return 0
    if (this.#receiver.passes?.(final, to === from ? 0 : chunk[from]!) === true) return to + 1
    let text = ""
    for (let place = from; place < to; place++) text += String.fromCharCode(chunk[place]!)
    const sequence = controlSequenceOf(text, String.fromCharCode(final), this.#offset, this.#offset + to + 1 - at)
    if (sequence !== null) this.#receiver.sequence(sequence)
    return to + 1
  }

  /** A character of several bytes. Runs of them are given at once. */
  #wide(chunk: Uint8Array, at: number): number {
    if (this.#characterLength === 0) {
      const to = wideEnd(chunk, at)
      if (to > at) {
        this.#receiver.text?.(chunk.subarray(at, to))
        return to
      }
    }
    const byte = chunk[at]!
    if (this.#characterLength > 0 && !continues(this.#character, this.#characterLength, byte)) {
      this.#characterLength = 0
      this.#receiver.text?.(replacement)
      return at
    }
    if (this.#characterLength === 0 && lengthOf(byte) === 0) {
      this.#receiver.text?.(replacement)
      return at + 1
    }
    this.#character[this.#characterLength++] = byte
    if (this.#characterLength < lengthOf(this.#character[0]!)) return at + 1
    const length = this.#characterLength
    this.#characterLength = 0
    // The place of its first byte, which may lie in an earlier chunk.
    if (this.#character[0] === 0xc2 && byte < 0xa0) this.#c1(byte - 0x40, this.#offset - 1)
    else this.#receiver.text?.(this.#character.slice(0, length))
    return at + 1
  }

  /** C1 in UTF-8 is the escape sequence of the same meaning. */
  #c1(final: number, from: number): void {
    this.#begin("escape", from)
    this.#afterEscape(final, this.#offset + 1)
  }

  #begin(state: State, from: number): void {
    this.#state = state
    this.#from = from
    this.#length = 0
    this.#isBad = false
  }

  #escape(chunk: Uint8Array, at: number): number {
    const byte = chunk[at]!
    if (byte < 0x20) return this.#within(byte, at)
    if (byte === 0x7f) return at + 1
    if (byte >= 0x80) return this.#abandon(at)
    if (byte < 0x30) {
      this.#hold(byte)
      this.#state = "escapeIntermediate"
      return at + 1
    }
    if (this.#state === "escape") this.#afterEscape(byte, this.#offset + 1)
    else this.#finish(() => this.#escapeSequence(byte, this.#offset + 1))
    return at + 1
  }

  #afterEscape(byte: number, to: number): void {
    const kind = stringKinds.get(byte)
    if (kind !== undefined) {
      this.#state = "string"
      this.#kind = kind
    } else if (byte === 0x5b) this.#state = "control"
    else this.#finish(() => this.#escapeSequence(byte, to))
  }

  #escapeSequence(final: number, to: number): void {
    const intermediates = this.#text()
    this.#receiver.sequence({ kind: "escape", intermediates, final: String.fromCharCode(final), from: this.#from, to })
  }

  #control(chunk: Uint8Array, at: number): number {
    let to = at
    while (to < chunk.length && chunk[to]! >= 0x20 && chunk[to]! < 0x40) to++
    if (to > at) {
      if (this.#length + to - at > limits.terminalParameterBytes) this.#isBad = true
      else for (let place = at; place < to; place++) this.#hold(chunk[place]!)
      return to
    }
    const byte = chunk[at]!
    if (byte < 0x20) return this.#within(byte, at)
    if (byte === 0x7f) return at + 1
    if (byte >= 0x80) return this.#abandon(at)
    this.#finish(() => this.#controlSequence(byte))
    return at + 1
  }

  #controlSequence(final: number): void {
    if (this.#isBad || this.#receiver.passes?.(final, this.#length === 0 ? 0 : this.#held[0]!) === true) return
    const sequence = controlSequenceOf(this.#text(), String.fromCharCode(final), this.#from, this.#offset + 1)
    if (sequence !== null) this.#receiver.sequence(sequence)
  }

  /** A control inside a sequence acts as if it stood before it; CAN and SUB abandon the sequence, ESC begins another. */
  #within(byte: number, at: number): number {
    if (byte === escape) {
      this.#release()
      this.#begin("escape", this.#offset)
      return at + 1
    }
    if (byte === 0x18 || byte === 0x1a) {
      this.#finish(() => {})
      return at + 1
    }
    this.#controls.push(byte)
    if (this.#controls.length > limits.terminalHeldControls) this.#finish(() => {})
    return at + 1
  }

  #abandon(at: number): number {
    this.#finish(() => {})
    return at
  }

  #finish(give: () => void): void {
    this.#state = "ground"
    this.#release()
    give()
  }

  #release(): void {
    if (this.#controls.length === 0) return
    const controls = this.#controls
    this.#controls = []
    for (const code of controls) this.#receiver.control?.(code)
  }

  #string(chunk: Uint8Array, at: number): number {
    let to = at
    while (to < chunk.length && isBody(chunk[to]!)) to++
    if (to > at) {
      this.#holdAll(chunk, at, to)
      return to
    }
    const byte = chunk[at]!
    if (byte === escape) this.#state = "stringEscape"
    else if (byte === 0x07 && this.#kind !== "dcs") this.#endString(true)
    else if (byte === 0x18 || byte === 0x1a) this.#state = "ground"
    else if (byte === 0x9c && this.#endsInC2()) {
      this.#length -= 1
      this.#endString(false)
    } else if (byte === 0x9c) this.#holdAll(chunk, at, at + 1)
    return at + 1
  }

  /** U+009C in UTF-8 is ST. Of a string that is dropped, the last byte alone is kept. */
  #endsInC2(): boolean {
    return this.#length > 0 && this.#held[this.#length - 1] === 0xc2
  }

  #stringEscape(chunk: Uint8Array, at: number): number {
    if (chunk[at] === 0x5c) {
      this.#endString(false)
      return at + 1
    }
    // Another sequence begins, and this one counts for nothing.
    this.#begin("escape", this.#offset - 1)
    return at
  }

  #endString(isBell: boolean): void {
    this.#state = "ground"
    if (this.#isBad) return
    const body = this.#held.slice(0, this.#length)
    if (this.#held.length > keptBytes) this.#held = new Uint8Array(64)
    this.#receiver.sequence({ kind: this.#kind, body, isBell, from: this.#from, to: this.#offset + 1 })
  }

  #hold(byte: number): void {
    if (this.#length >= limits.terminalParameterBytes) {
      this.#isBad = true
      return
    }
    this.#grow(1)
    this.#held[this.#length++] = byte
  }

  #holdAll(chunk: Uint8Array, from: number, to: number): void {
    if (!this.#isBad && this.#length + to - from > this.#stringBytes) {
      this.#isBad = true
      this.#held = new Uint8Array(64)
    }
    if (this.#isBad) {
      this.#held[0] = chunk[to - 1]!
      this.#length = 1
      return
    }
    this.#grow(to - from)
    this.#held.set(chunk.subarray(from, to), this.#length)
    this.#length += to - from
  }

  #grow(more: number): void {
    if (this.#length + more <= this.#held.length) return
    const larger = new Uint8Array(Math.max(this.#length + more, this.#held.length * 2))
    larger.set(this.#held.subarray(0, this.#length))
    this.#held = larger
  }

  #text(): string {
    let text = ""
    for (let at = 0; at < this.#length; at++) text += String.fromCharCode(this.#held[at]!)
    return text
  }
}

const escape = 0x1b
const openBracket = 0x5b
const keptBytes = 4_096
const replacement = Uint8Array.of(0xef, 0xbf, 0xbd)

/** By the byte behind the escape. `k` is the title of tmux and screen. */
const stringKinds: ReadonlyMap<number, StringKind> = new Map([
  [0x5d, "osc"],
  [0x50, "dcs"],
  [0x58, "sos"],
  [0x5e, "pm"],
  [0x5f, "apc"],
  [0x6b, "title"]
])

/** The end of the printable ASCII that begins here. */
const asciiEnd = (bytes: Uint8Array, from: number): number => {
  let at = from
  while (at < bytes.length && bytes[at]! >= 0x20 && bytes[at]! < 0x7f) at++
  return at
}

/** The end of what begins no sequence: an escape, or a C1 in UTF-8. */
const plainEnd = (bytes: Uint8Array, from: number): number => {
  let at = from
  while (at < bytes.length && bytes[at] !== escape && bytes[at] !== 0xc2) at++
  return at
}

/** The end of the whole, valid characters of several bytes that begin here, up to a C1. */
const wideEnd = (bytes: Uint8Array, from: number): number => {
  let at = from
  while (at < bytes.length) {
    const first = bytes[at]!
    const length = lengthOf(first)
    if (length === 0 || at + length > bytes.length) return at
    if (first === 0xc2 && bytes[at + 1]! < 0xa0) return at
    for (let more = 1; more < length; more++) if (!isContinuation(first, more, bytes[at + more]!)) return at
    at += length
  }
  return at
}

/** Of the character that begins so; 0 for a byte that begins none. */
const lengthOf = (first: number): number => (first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0)

const continues = (character: Uint8Array, length: number, byte: number): boolean => isContinuation(character[0]!, length, byte)

/** Without overlong spellings, surrogates and what lies above U+10FFFF (Unicode 17, table 3-7). */
const isContinuation = (first: number, place: number, byte: number): boolean => {
  if (byte < 0x80 || byte > 0xbf) return false
  if (place > 1) return true
  if (first === 0xe0) return byte >= 0xa0
  if (first === 0xed) return byte < 0xa0
  if (first === 0xf0) return byte >= 0x90
  return first !== 0xf4 || byte < 0x90
}

/** Bytes of a string that neither end it nor are controls. */
const isBody = (byte: number): boolean => byte >= 0x20 && byte !== 0x9c && byte !== 0x7f

/** Null where its bytes stand in no order that a terminal knows. */
const controlSequenceOf = (text: string, final: string, from: number, to: number): ControlSequence | null => {
  const parts = /^([<=>?]?)([0-9:;]*)([ -/]*)$/.exec(text)
  if (parts === null) return null
  const [, prefix = "", parameters = "", intermediates = ""] = parts
  return { kind: "csi", prefix, parameters, intermediates, final, from, to }
}
