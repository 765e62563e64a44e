/** A table that fits the terminal: columns as wide as their content, and where that is too much, the elastic ones give way. */
import { pad, widthOf } from "./width.ts"

export interface Column {
  readonly title: string
  readonly align?: "left" | "right"
  /** May be cut down to this many columns when the terminal is too narrow. Absent: never cut. */
  readonly shrinkTo?: number
}

export interface Cell {
  readonly text: string
  /** Applied after padding, so that escape codes never count as width. */
  readonly paint?: (text: string) => string
}

const gap = 2

/** Lines without trailing blanks. `width`: columns to fit into; undefined for a pipe, where nothing is cut. */
export const table = (
  columns: ReadonlyArray<Column>,
  rows: ReadonlyArray<ReadonlyArray<Cell>>,
  options: { readonly width: number | undefined; readonly title: (text: string) => string }
): ReadonlyArray<string> => {
  const natural = columns.map((column, index) => Math.max(widthOf(column.title), ...rows.map((row) => widthOf(row[index]?.text ?? ""))))
  const widths = options.width === undefined ? natural : shrink(columns, natural, options.width)
  const line = (cells: ReadonlyArray<Cell>) =>
    cells
      .map((cell, index) => {
        const last = index === columns.length - 1
        const shown = fitted(cell.text, widths[index]!, columns[index]!.align ?? "left", last)
        return cell.paint === undefined ? shown : cell.paint(shown)
      })
      .join(" ".repeat(gap))
      .trimEnd()
  return [line(columns.map((column) => ({ text: column.title, paint: options.title }))), ...rows.map(line)]
}

/** Takes one column at a time from the widest elastic column until all fit, or nothing more can be taken. */
const shrink = (columns: ReadonlyArray<Column>, natural: ReadonlyArray<number>, width: number): ReadonlyArray<number> => {
  const widths = [...natural]
  let excess = widths.reduce((sum, each) => sum + each, 0) + gap * (columns.length - 1) - width
  while (excess > 0) {
    const elastic = widths.flatMap((each, index) => (each > (columns[index]!.shrinkTo ?? each) ? [index] : []))
    if (elastic.length === 0) break
    const widest = elastic.reduce((best, index) => (widths[index]! > widths[best]! ? index : best))
    widths[widest]! -= 1
    excess -= 1
  }
  return widths
}

const fitted = (text: string, width: number, align: "left" | "right", last: boolean): string => {
  const padded = pad(text, width)
  if (align === "right") return padded.trimEnd().padStart(padded.length)
  return last ? padded.trimEnd() : padded
}
