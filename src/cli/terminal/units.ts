/** Cuts what a terminal sends into units: a key, or a report that the terminal makes by itself; each whole, however long. */

export interface Unit {
  readonly bytes: Uint8Array
  /** Of a key that the terminal spells out; undefined where its byte says it. */
  readonly codePoint: number | undefined
  /** The key in the same place of a PC-101 keyboard, where the terminal says that too. */
  readonly basePoint: number | undefined
  readonly ctrl: boolean
  readonly kind: "pressed" | "released" | "modifier" | "report"
}

/**
 * A key is a byte, or one whole escape sequence of the two protocols that agents switch on. kitty: `CSI code : shifted : base ;
 * modifiers : event u`; xterm's modifyOtherKeys: `CSI 27 ; modifiers ; code ~`. In both, modifiers are 1 plus bits, Ctrl being 4.
 */
export const unitAt = (chunk: Uint8Array, at: number): Unit => {
  if (chunk[at] !== escape) return plain(chunk, at, 1, "pressed")
  const head = headAt(chunk, at)
  const kitty = /^\x1b\[(\d+)(?::\d*)?(?::(\d*))?(?:;(\d+)?(?::(\d+))?)?(?:;[\d:]*)?u/.exec(head)
  if (kitty !== null) {
    const [text, code, base, modifiers = 1, event] = kitty
    const codePoint = Number(code)
    return {
      bytes: chunk.subarray(at, at + text.length),
      codePoint,
      basePoint: base ? Number(base) : undefined,
      ctrl: hasCtrl(Number(modifiers)),
      kind: event === "3" ? "released" : codePoint >= firstModifier && codePoint <= lastModifier ? "modifier" : "pressed"
    }
  }
  const other = /^\x1b\[27;(\d+);(\d+)~/.exec(head)
  if (other !== null) {
    const bytes = chunk.subarray(at, at + other[0].length)
    return { bytes, codePoint: Number(other[2]), basePoint: undefined, ctrl: hasCtrl(Number(other[1])), kind: "pressed" }
  }
  const released = /^\x1b\[\d+;\d+:3[A-Za-z~]/.exec(head)
  if (released !== null) return plain(chunk, at, released[0].length, "released")
  const mouse = mouseLength(chunk, at)
  if (mouse > 0) return plain(chunk, at, mouse, "report")
  const length = report.exec(head)?.[0].length
  return length === undefined ? plain(chunk, at, 1, "pressed") : plain(chunk, at, length, "report")
}

/** What begins at `at` and reaches the end of the chunk may be the first half of a sequence. */
export const isCutAt = (chunk: Uint8Array, at: number): boolean =>
  chunk[at] === escape && chunk.length - at <= lengthMost(chunk, at) && mouseLength(chunk, at) === 0 && unfinished.test(headAt(chunk, at))

const escape = 0x1b
/** Of a report, in bytes; what is longer is no report. Attributes are the longest control sequence, a name with its version the longest string. */
const longestControl = 256
const longestString = 4_096
const lengthMost = (chunk: Uint8Array, at: number) => (chunk[at + 1] === 0x5b ? longestControl : longestString)
/** In Kitty's protocol: Shift, Ctrl, Alt and others by themselves, on the left and on the right. */
const firstModifier = 57_441
const lastModifier = 57_454

/**
 * Mouse (SGR, urxvt), focus, modes, colour scheme, status, place of the cursor, size, attributes, flags of the keyboard, and every
 * string. `CSI 1 ; modifiers R` is F3, and `CSI c` a key of rxvt.
 */
const report =
  /^\x1b(?:\[(?:[<=>?][\d;:]*\$?[A-Za-z]|[IO]|[\d;:]+(?:[cntx]|\$y)|\d+;\d+;\d+M|(?!1;)\d+;\d+R)|[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\))/
const unfinished = /^\x1b(?:\[(?:[<=>?]?[\d;:]*\$?|M[\s\S]{0,2})|[\]P_^X][^\x07\x1b]*\x1b?)?$/

/** X10's mouse: three characters behind `CSI M`, of one byte each, or of two in UTF-8 (mode 1005). 0: it is none, or is not whole. */
const mouseLength = (chunk: Uint8Array, at: number): number => {
  if (chunk[at + 1] !== 0x5b || chunk[at + 2] !== 0x4d || at + 6 > chunk.length) return 0
  let end = at + 3
  for (let character = 0; character < 3; character++) end += isOfTwo(chunk[end], chunk[end + 1]) ? 2 : 1
  return end > chunk.length ? 6 : end - at
}
const isOfTwo = (first = 0, second = 0) => first >= 0xc2 && first <= 0xdf && second >= 0x80 && second <= 0xbf

const headAt = (chunk: Uint8Array, at: number): string =>
  Buffer.from(chunk.buffer, chunk.byteOffset + at, Math.min(lengthMost(chunk, at), chunk.length - at)).toString("latin1")

const hasCtrl = (modifiers: number) => ((modifiers - 1) & 4) !== 0

const plain = (chunk: Uint8Array, at: number, length: number, kind: Unit["kind"]): Unit => ({
  bytes: chunk.subarray(at, at + length),
  codePoint: undefined,
  basePoint: undefined,
  ctrl: false,
  kind
})
