/**
 * What an emulator may be given of an agent's output, in pieces of limited cost: every number clamped to the size of the screen, every
 * string short, no cell of endless code points, nothing that the emulator would only keep.
 */
import { limits } from "../limits.ts"
import type { Size } from "../spec.ts"
import { makeClusterLimit } from "./clusters.ts"
import { Scanner, type ScannerOptions } from "./scanner.ts"
import { type ControlSequence, clamped, nameOf, numbersOf, type Sequence, type StringSequence, spelled, textOf } from "./sequences.ts"

export interface Piece {
  readonly bytes: Uint8Array
  /** How many cells it touches, about. */
  readonly cost: number
}

export class Drawable {
  readonly #scanner: Scanner
  readonly #limitClusters = makeClusterLimit()
  #size: Size
  #pieces: Array<Piece> = []
  #parts: Array<Uint8Array> = []
  #cost = 0

  constructor(size: Size, options: Pick<ScannerOptions, "dropping"> = {}) {
    this.#size = size
    this.#scanner = new Scanner(
      {
        text: (bytes) => this.#text(bytes),
        control: (code) => this.#control(code),
        sequence: (sequence) => this.#sequence(sequence)
      },
      options
    )
  }

  /** What of these bytes can be drawn now, in order. */
  push(chunk: Uint8Array): ReadonlyArray<Piece> {
    this.#scanner.push(chunk)
    this.#cut()
    const pieces = this.#pieces
    this.#pieces = []
    return pieces
  }

  resize(size: Size): void {
    this.#size = size
  }

  /** How many of the last bytes are not drawn yet, since more belongs to them. */
  get held(): number {
    return this.#scanner.held
  }
  get dropping() {
    return this.#scanner.dropping
  }

  #text(bytes: Uint8Array): void {
    // A line that wraps moves the screen up now and then: each cell of the new line is cleared.
    for (let at = 0; at < bytes.length; at += textBytes) {
      const part = this.#limitClusters(bytes.subarray(at, at + textBytes))
      if (part.length > 0) this.#add(part, 2 * part.length)
    }
  }

  #control(code: number): void {
    this.#limitClusters(nothing)
    if (drawnControls.has(code)) this.#add(Uint8Array.of(code), code >= 0x0a && code <= 0x0c ? this.#size.cols : 1)
  }

  #sequence(sequence: Sequence): void {
    if (sequence.kind === "csi") {
      this.#limitClusters(nothing)
      this.#controlSequence(sequence)
      return
    }
    if (sequence.kind === "escape") {
      this.#limitClusters(nothing)
      const { cols, rows } = this.#size
      const { final, intermediates } = sequence
      if (intermediates !== "%" && intermediates !== " ")
        this.#add(ascii(`\x1b${intermediates}${final}`), final === "c" || intermediates === "#" ? 4 * rows * cols : cols)
      return
    }
    const text = stringOf(sequence)
    if (text !== null) this.#add(text, text.length)
  }

  #controlSequence(sequence: ControlSequence): void {
    const name = nameOf(sequence)
    const { cols, rows } = this.#size
    const count = counts[name]
    if (count !== undefined) {
      const [most, each] = count({ cols, rows })
      const times = Math.max(1, Math.min(numbersOf(sequence)[0] ?? 1, most))
      // A sequence of the same letter with more parameters is another one.
      const more = clamped(sequence.parameters).split(";").slice(1)
      this.#add(ascii(spelled(sequence, [String(times), ...more].join(";"))), times * each)
      return
    }
    if (name === "t" && !reports.has(numbersOf(sequence)[0] ?? 0)) return
    const parameters = name === "m" ? withColourSpaces(clamped(sequence.parameters)) : clamped(sequence.parameters)
    this.#add(ascii(spelled(sequence, parameters)), wholeScreen.has(name) ? 2 * rows * cols : (costs[name] ?? 8))
  }

  #add(bytes: Uint8Array, cost: number): void {
    if (this.#cost > 0 && this.#cost + cost > pieceCost) this.#cut()
    this.#parts.push(bytes)
    this.#cost += cost
  }

  #cut(): void {
    if (this.#parts.length === 0) return
    this.#pieces.push({ bytes: joined(this.#parts), cost: this.#cost })
    this.#parts = []
    this.#cost = 0
  }
}

const nothing = new Uint8Array(0)
/** Some ten milliseconds of an emulator. */
const pieceCost = 1_000_000
const textBytes = 16_384

/** BEL, BS, HT, LF, VT, FF, CR, SO, SI. */
const drawnControls: ReadonlySet<number> = new Set([0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f])

/** The most that makes a difference, and how many cells each touches. */
const counts: Readonly<Record<string, (size: Size) => readonly [most: number, each: number]>> = {
  S: ({ cols, rows }) => [rows, cols + rows],
  T: ({ cols, rows }) => [rows, cols + rows],
  L: ({ cols, rows }) => [rows, cols + rows],
  M: ({ cols, rows }) => [rows, cols + rows],
  P: ({ cols }) => [cols, cols],
  "@": ({ cols }) => [cols, cols],
  X: ({ cols }) => [cols, 1],
  I: ({ cols }) => [cols, 8],
  Z: ({ cols }) => [cols, 8],
  b: ({ cols, rows }) => [cols * rows, 2],
  " @": ({ cols, rows }) => [cols, rows * cols],
  " A": ({ cols, rows }) => [cols, rows * cols],
  "'}": ({ cols, rows }) => [cols, rows * cols],
  "'~": ({ cols, rows }) => [cols, rows * cols]
}
const wholeScreen: ReadonlySet<string> = new Set(["J", "?J", "?h", "?l", "h", "l", "!p", "*y"])
const costs: Readonly<Record<string, number>> = { K: 1_000, "?K": 1_000 }

/** Sizes that are asked for, and the stack of titles. What moves or resizes a window is none of a screen's. */
const reports: ReadonlySet<number> = new Set([14, 16, 18, 19, 22, 23])

/** Titles and colours, and the questions that are answered. Links would pile up in the emulator, which shows none. */
const stringOf = ({ body, isBell, kind }: StringSequence): Uint8Array | null => {
  // An emulator ends a string at U+009B and reads what follows as a sequence, which no limit has seen.
  const text = textOf(body).replaceAll(/\p{Cc}/gu, "")
  const end = isBell ? "\x07" : "\x1b\\"
  if (kind === "dcs") return /^[$+]q/.test(text) ? utf8.encode(`\x1bP${text}${end}`) : null
  if (kind !== "osc") return null
  const title = /^([02]);/.exec(text)
  if (title !== null) return utf8.encode(`\x1b]${text.slice(0, title[0].length + limits.titleChars)}${end}`)
  return /^(?:4|1\d|104|11\d)(?:;|$)|^9;4;|^22;/.test(text) && text.length <= longestCommand ? utf8.encode(`\x1b]${text}${end}`) : null
}

/** The whole palette at once takes some five thousand. */
const longestCommand = 8_192

/** `38:2:r:g:b`: many programs leave out the colour space, for which the emulator would take their red. */
const withColourSpaces = (parameters: string): string =>
  parameters.includes(":2:") ? parameters.replaceAll(/\b([345]8):2:(\d+):(\d+):(\d+)(?=;|$)/g, "$1:2::$2:$3:$4") : parameters

const utf8 = new TextEncoder()
const ascii = (text: string): Uint8Array => utf8.encode(text)

const joined = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
