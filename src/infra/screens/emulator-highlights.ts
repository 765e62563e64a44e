/** Which cells of a screen stand out by their background: so a list without a sign shows which of its choices is marked. */
import type { IBufferCell, IBufferLine, Terminal } from "@xterm/headless"
import type { Highlight } from "../../domain/screen-rows.ts"

/** Dialogs are no wider and no higher: beyond that nothing is looked at, whatever the size of the screen is. */
const mostRows = 300
const mostCols = 400
const mostRuns = 1_000

export const highlightsOf = ({ buffer: { active }, cols, rows }: Terminal): ReadonlyArray<Highlight> => {
  const found: Array<Highlight> = []
  for (let row = Math.max(0, rows - mostRows); row < rows && found.length < mostRuns; row++) {
    const line = active.getLine(active.baseY + row)
    if (line !== undefined) found.push(...runsOf(line, row, Math.min(cols, mostCols)))
  }
  return found.slice(0, mostRuns)
}

const runsOf = (line: IBufferLine, row: number, cols: number): ReadonlyArray<Highlight> => {
  const runs: Array<Highlight> = []
  let [start, background]: [number, string | null] = [0, null]
  let cell: IBufferCell | undefined
  for (let col = 0; col <= cols; col++) {
    cell = col < cols ? line.getCell(col, cell) : undefined
    const next = cell === undefined ? null : backgroundOf(cell)
    if (next === background) continue
    if (background !== null) runs.push({ row, col: start, width: col - start, background })
    ;[start, background] = [col, next]
  }
  return runs
}

/** Null: the terminal's own. */
const backgroundOf = (cell: IBufferCell): string | null => {
  if (cell.isInverse() !== 0) return cell.isFgDefault() ? "reverse" : `f${cell.getFgColorMode()}.${cell.getFgColor()}`
  return cell.isBgDefault() ? null : `b${cell.getBgColorMode()}.${cell.getBgColor()}`
}
