/** How many columns a text takes on a terminal, and texts cut and padded to a number of columns. */

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" })

/**
 * Wide are East Asian wide and full-width characters and emoji (UAX #11, the blocks terminals agree on). A grapheme is as wide as
 * its widest character; a combining mark alone takes no column.
 */
export const widthOf = (text: string): number => {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment)
  return width
}

/** At most `columns` wide; what is cut is shown as `…`. */
export const clip = (text: string, columns: number): string => {
  if (widthOf(text) <= columns) return text
  if (columns <= 0) return ""
  let kept = ""
  let width = 0
  for (const { segment } of graphemes.segment(text)) {
    const next = width + graphemeWidth(segment)
    if (next > columns - 1) break
    kept += segment
    width = next
  }
  return `${kept}…`
}

/** Exactly `columns` wide. */
export const pad = (text: string, columns: number): string => {
  const fitted = clip(text, columns)
  return fitted + " ".repeat(Math.max(0, columns - widthOf(fitted)))
}

const graphemeWidth = (grapheme: string): number => {
  if (/\p{Emoji_Presentation}|\ufe0f/u.test(grapheme)) return 2
  let width = 0
  for (const character of grapheme) width = Math.max(width, characterWidth(character.codePointAt(0)!, character))
  return width
}

const characterWidth = (code: number, character: string): number => {
  if (/^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]$/u.test(character)) return 0
  return wide.some(([from, to]) => code >= from && code <= to) ? 2 : 1
}

const wide: ReadonlyArray<readonly [number, number]> = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x1b000, 0x1b2ff],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1faff],
  [0x20000, 0x3fffd]
]
