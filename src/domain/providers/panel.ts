/** What of a screen stands on a panel: a rectangle with a background of its own, drawn over the rest, as dialogs are. */
import type { Highlight, ScreenRows } from "../screen-rows.ts"
import { type Step, step } from "../terminal/graphemes.ts"

/** The rows of the screen; what stands on no panel is blank. */
export const panelLines = ({ highlights, lines }: ScreenRows): ReadonlyArray<string> => {
  const runs = lines.map((): Array<Highlight> => [])
  for (const run of highlights) runs[run.row]?.push(run)
  return lines.map((line, row) =>
    line.trim() === "" ? "" : (runs[row]!.map((run) => pieceOf(line, run, runs)).find((piece) => piece !== null) ?? "")
  )
}

const pieceOf = (line: string, run: Highlight, runs: ReadonlyArray<ReadonlyArray<Highlight>>): string | null => {
  if (run.col === 0 || !isIn(runs[run.row - 1], run) || !isIn(runs[run.row + 1], run)) return null
  const start = indexOf(line, run.col)
  // A row of a conversation has a line on its left, and may have a background too.
  if (/[│┃║▌▐]/u.test(line.charAt(start - 1))) return null
  const piece = line.slice(start, indexOf(line, run.col + run.width))
  return piece.trim() === "" ? null : `${" ".repeat(start)}${piece}`
}

const isIn = (row: ReadonlyArray<Highlight> | undefined, { background, col, width }: Highlight): boolean =>
  row?.some((other) => other.col === col && other.width === width && other.background === background) ?? false

/** The place in the text of the cell in this column. */
const indexOf = (line: string, col: number): number => {
  let before: Step | null = null
  let cells = 0
  let index = 0
  for (const character of line) {
    const next: Step = step(character.codePointAt(0)!, before)
    const takes: number = next.joins ? next.width - before!.width : next.width
    if (cells >= col && !next.joins) return index
    cells += takes
    index += character.length
    before = next
  }
  return index
}
