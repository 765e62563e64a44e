/** Spells what draws the rows of a buffer on a blank screen: every cell with its attributes, and which rows go on from the one above. */

import type { Line } from "./emulator-cells.ts"
import type { PenNumbers, ScreenBuffer } from "./emulator-state.ts"

const csi = "\x1b["
export const place = (row: number, col: number): string => `${csi}${row + 1};${col + 1}H`

/** Of xterm's cells, at the version that package.json pins: the number of the character, of the foreground and of the background. */
const codePoint = 0x1f_ff_ff
const isCombined = 0x20_00_00
const widthShift = 22
const colourMode = 0x3_00_00_00
const sixteen = 0x1_00_00_00
const palette = 0x2_00_00_00
const rgb = 0xff_ff_ff
const hasExtended = 0x10_00_00_00
const isProtected = 0x20_00_00_00
/** Flags of the foreground's and of the background's number, with what switches each on. */
const foregroundFlags = [
  [0x08_00_00_00, "1"],
  [0x20_00_00_00, "5"],
  [0x04_00_00_00, "7"],
  [0x40_00_00_00, "8"],
  [0x80_00_00_00, "9"]
] as const
const underline = 0x10_00_00_00
export const isUnderlined = ({ fg }: PenNumbers): boolean => (fg & underline) !== 0
const backgroundFlags = [
  [0x08_00_00_00, "2"],
  [0x04_00_00_00, "3"],
  [0x40_00_00_00, "53"]
] as const
/** Underlined in the text's own colour, as `SGR 59` leaves it. */
const ownColour = 0x3_ff_ff_ff

/** What sets exactly these attributes. */
export const styleOf = ({ bg, extended, fg }: PenNumbers): string => {
  const parts = ["0"]
  for (const [flag, sgr] of foregroundFlags) if ((fg & flag) !== 0) parts.push(sgr)
  for (const [flag, sgr] of backgroundFlags) if ((bg & flag) !== 0) parts.push(sgr)
  if ((fg & underline) !== 0) {
    const style = (extended >>> 26) & 7
    parts.push(style <= 1 ? "4" : `4:${style}`)
  }
  parts.push(...colourOf(fg, "38", 30), ...colourOf(bg, "48", 40))
  const lineColour = extended & (colourMode | rgb)
  if (lineColour !== ownColour) parts.push(...colourOf(lineColour, "58", 0).map((text) => text.replaceAll(";", ":")))
  return `${csi}${parts.join(";")}m`
}

/** Sixteen have numbers of their own, from `first` on. */
const colourOf = (number: number, kind: string, first: number): ReadonlyArray<string> => {
  const colour = number & rgb
  const mode = number & colourMode
  if (mode === 0) return []
  if (mode === sixteen && first > 0) return [String((colour & 0xff) < 8 ? first + (colour & 0xff) : first + 52 + (colour & 0xff))]
  if (mode === palette || mode === sixteen) return [`${kind};5;${colour & 0xff}`]
  return [`${kind};2;${colour >>> 16};${(colour >>> 8) & 0xff};${colour & 0xff}`]
}

const unprotected = `${csi}0"q`
/** With protection against erasing, which a reset of the style takes away in some terminals. */
export const penOf = (pen: PenNumbers): string => styleOf(pen) + (isKept(pen) ? `${csi}1"q` : "")

interface Cell extends PenNumbers {
  /** Empty where nothing was written. */
  readonly text: string
  readonly width: number
}

export const cellOf = ({ _combined, _data, _extendedAttrs }: Line, col: number): Cell => {
  const [content = 0, fg = 0, bg = 0] = [_data[3 * col], _data[3 * col + 1], _data[3 * col + 2]]
  const code = content & codePoint
  const text = (content & isCombined) !== 0 ? (_combined[col] ?? "") : code === 0 ? "" : String.fromCodePoint(code)
  const extended = (bg & hasExtended) === 0 ? 0 : (_extendedAttrs[col]?._ext ?? 0)
  return { text, width: content >>> widthShift, fg, bg, extended }
}

const isSame = (one: PenNumbers, other: PenNumbers) =>
  one.fg === other.fg && ((one.bg ^ other.bg) & ~isProtected) === 0 && one.extended === other.extended && isKept(one) === isKept(other)
const isKept = ({ bg }: PenNumbers): boolean => (bg & isProtected) !== 0
const plain: PenNumbers = { fg: 0, bg: 0, extended: 0 }

/** Characters that join with none before and none behind them, and are as wide everywhere. */
const isSimple = (text: string) => /^[ -~\u00a1-\u02ff\u2500-\u259f\u3041-\u30fe\u4e00-\u9fff\uac00-\ud7a3]$/.test(text)

/** From the first row that is kept to the last of the screen. The cursor stands in the first column of a blank screen. */
export const drawnRows = (buffer: ScreenBuffer, cols: number, scrollback: number): string => {
  const parts: Array<string> = []
  const { lines, ybase } = buffer
  const from = Math.max(0, ybase - scrollback)
  for (let row = from; row < lines.length; row++) {
    const line = lines.get(row)!
    const above = row === from ? undefined : lines.get(row - 1)
    const isJoined = above !== undefined && line.isWrapped
    if (isJoined) parts.push(joined(above, line, cols))
    else if (row > from) parts.push(`${csi}m\r\n`)
    parts.push(drawnRow(line, cols, isJoined))
  }
  return parts.join("")
}

/** A row whose first cell is drawn already where it goes on from the one above. */
const drawnRow = (line: Line, cols: number, isJoined: boolean): string => {
  const parts: Array<string> = []
  let pen: PenNumbers = plain
  let at = isJoined ? Math.max(1, cellOf(line, 0).width) : 0
  let isAlone = true
  if (isJoined) parts.push(`${csi}${at + 1}G`)
  for (let col = at; col < cols; ) {
    const cell = cellOf(line, col)
    if (cell.text === "" && isBare(cell)) {
      const end = bareEnd(line, col, cols)
      const isColoured = (cell.bg & colourMode) !== 0
      if (isColoured) {
        if (isKept(pen)) parts.push(unprotected)
        if (at !== col) parts.push(`${csi}${col + 1}G`)
        parts.push(styleOf(cell), `${csi}${end - col}X`)
        pen = cell
        at = col
      }
      isAlone = true
      col = end
      continue
    }
    const text = cell.text === "" ? " " : cell.text
    const needsPlace = at !== col || !isSimple(text) || !isAlone
    if (needsPlace && !(at === col && isAlone && isSimple(text))) parts.push(`${csi}${col + 1}G`)
    if (!isSame(pen, cell)) {
      if (isKept(pen)) parts.push(unprotected)
      parts.push(isSame(pen, plain) ? penOf(cell).replace(`${csi}0;`, csi) : penOf(cell))
      pen = cell
    }
    parts.push(text)
    col += Math.max(1, cell.width)
    at = col
    isAlone = isSimple(text)
  }
  if (isKept(pen)) parts.push(unprotected)
  return parts.join("")
}

/** Erased: of all attributes it has a background at most. */
const isBare = ({ bg, fg }: Cell) => fg === 0 && (bg & ~(colourMode | rgb)) === 0

const bareEnd = (line: Line, from: number, cols: number): number => {
  const { bg } = cellOf(line, from)
  let to = from + 1
  while (to < cols) {
    const next = cellOf(line, to)
    if (next.text !== "" || next.width === 0 || !isBare(next) || next.bg !== bg) break
    to++
  }
  return to
}

/** Writes over the margin, so that the row goes on from the one above; what was written for it alone is erased again. */
const joined = (above: Line, line: Line, cols: number): string => {
  const last = cellOf(above, cols - 1)
  const first = cellOf(line, 0)
  const isErased = last.text === "" && last.width !== 0
  const before = !isErased ? lastAgain(above, cols) : first.width === 2 ? `${csi}${cols}G` : `${csi}${cols}G `
  const erasedAbove = isErased ? `${csi}A${csi}${cols}G${styleOf(last)}${csi}X${csi}B${csi}1G` : ""
  const written = first.text === "" ? " " : `${penOf(first)}${first.text}${isKept(first) ? unprotected : ""}`
  // A row that comes into being takes the background of what is written.
  const rest = first.width < cols ? `${csi}m${csi}K` : ""
  const erased = first.text === "" ? `${csi}1G${styleOf(first)}${csi}X` : ""
  return `${csi}m${before}${unprotected}${csi}m${written}${rest}${erased}${erasedAbove}${csi}m`
}

/** The last character of a row once more: the next one is then written below. */
const lastAgain = (line: Line, cols: number): string => {
  const col = cellOf(line, cols - 1).width === 0 && cols > 1 ? cols - 2 : cols - 1
  return `${csi}${col + 1}G${characterAgain(line, col)}`
}

/** The character of this column with its attributes. */
export const characterAgain = (line: Line, col: number): string => {
  const cell = cellOf(line, col)
  return `${penOf(cell)}${cell.text === "" ? " " : cell.text}`
}

/** Each row of the screen, with a style where it changes: two terminals that look the same give the same. */
export const styledRows = ({ lines, ybase }: ScreenBuffer, cols: number): ReadonlyArray<string> =>
  Array.from({ length: lines.length - ybase }, (_, row) => {
    const line = lines.get(ybase + row)!
    let [text, style] = ["", styleOf(plain)]
    for (let col = 0; col < cols; col++) {
      const cell = cellOf(line, col)
      if (cell.width === 0) continue
      const next = styleOf(cell)
      if (next !== style) text += next
      style = next
      text += cell.text === "" ? " " : cell.text
    }
    return style === styleOf(plain) ? text.replace(/(?:\x1b\[0m)? *$/, "") : text
  })
