/** What of a screen stands on a panel: a rectangle with a background of its own, drawn over the rest, as dialogs are. */
import type { Highlight, ScreenRows } from "../screen-rows.ts"
import { type Step, step } from "../terminal/graphemes.ts"

/** The screen once for each of its panels: what stands beside that panel is blank, and its own background stands out no more. */
export const panelsOf = (screen: ScreenRows): ReadonlyArray<ScreenRows> => {
  const known = panelsOfScreen.get(screen)
  if (known !== undefined) return known
  const panels = drawn(screen).map(
    ({ lines, run }): ScreenRows => ({
      lines,
      highlights: screen.highlights.filter((each) => lines[each.row] !== "" && isWithin(each, run))
    })
  )
  panelsOfScreen.set(screen, panels)
  return panels
}
/** A screen is read for several purposes, one after the other. */
const panelsOfScreen = new WeakMap<ScreenRows, ReadonlyArray<ScreenRows>>()

const isWithin = ({ background, col, width }: Highlight, panel: Highlight): boolean =>
  background !== panel.background && col >= panel.col && col + width <= panel.col + panel.width

interface Panel {
  /** One of its rows. */
  readonly run: Highlight
  readonly lines: Array<string>
}

const drawn = ({ highlights, lines }: ScreenRows): ReadonlyArray<Panel> => {
  const runs = lines.map((): Array<Highlight> => [])
  for (const run of highlights) runs[run.row]?.push(run)
  const rows = runs.map(edgesOf)
  const panels = new Map<string, Panel>()
  for (const [row, line] of lines.entries()) {
    if (line.trim() === "") continue
    // The row of a marked choice has another background within its panel: the row above has the whole run.
    for (const run of [...runs[row]!, ...(runs[row - 1] ?? [])]) {
      if (run.width < leastWidth || ![-1, 0, 1].every((by) => holds(rows[row + by], run))) continue
      const name = `${run.col} ${run.width} ${run.background}`
      const panel = panels.get(name) ?? { run, lines: lines.map(() => "") }
      const piece = panel.lines[row] === "" && (panels.has(name) || panels.size < mostPanels) ? pieceOf(line, run) : null
      if (piece === null) continue
      panel.lines[row] = piece
      panels.set(name, panel)
    }
  }
  return [...panels.values()]
}

/** A dialog has room for words. */
const leastWidth = 10

/** A conversation may show coloured rectangles. More of them are not read. */
const mostPanels = 16

/** Where runs of a row begin and end. Runs that touch each other have one number. */
interface Edges {
  readonly starts: ReadonlyMap<number, Edge>
  readonly ends: ReadonlyMap<number, Edge>
}
interface Edge {
  readonly background: string
  readonly group: number
}

const edgesOf = (runs: ReadonlyArray<Highlight>): Edges => {
  const starts = new Map<number, Edge>()
  const ends = new Map<number, Edge>()
  let group = 0
  for (const { background, col, width } of runs.toSorted((one, other) => one.col - other.col)) {
    group = ends.get(col)?.group ?? group + 1
    starts.set(col, { background, group })
    ends.set(col + width, { background, group })
  }
  return { starts, ends }
}

const holds = (row: Edges | undefined, { background, col, width }: Highlight): boolean => {
  const start = row?.starts.get(col)
  const end = row?.ends.get(col + width)
  return start?.background === background && end?.background === background && start.group === end.group
}

const pieceOf = (line: string, { col, width }: Highlight): string | null => {
  if (col === 0) return null
  const start = indexOf(line, col)
  // A row of a conversation has a line on its left, and may have a background too.
  if (/[│┃║▌▐]/u.test(line.charAt(start - 1))) return null
  const piece = line.slice(start, indexOf(line, col + width))
  return piece.trim() === "" ? null : `${" ".repeat(col)}${piece}`
}

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
