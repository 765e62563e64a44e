/**
 * Choices as agents draw them: rows with numbers, or rows of which a sign or a background marks one, or several on one row. What is
 * offered is read by the same rules as what is picked, so that the choice that a user names is the choice that the keys reach.
 */
import { limits } from "../limits.ts"
import type { Highlight, ScreenRows } from "../screen-rows.ts"
import { shown } from "./json.ts"

/** Where the choices of a question stand on the screen now. */
export interface Located {
  /** For each choice the number that the screen shows before it; null where it shows none. */
  readonly numbers: ReadonlyArray<number | null>
  /** Which of them Enter would pick; null where the screen does not say. */
  readonly marked: number | null
  /** They stand beside each other: arrows go left and right. */
  readonly across: boolean
}

interface Row {
  readonly row: number
  /** Where the label begins, in characters. */
  readonly col: number
  readonly isMarked: boolean
  readonly number: number | null
  readonly label: string
}

/** The labels of the list that begins in or below this row; empty where none is recognised. `isPanel`: lists may have a heading. */
export const choicesFrom = (screen: ScreenRows, from: number, isPanel = false): ReadonlyArray<string> => {
  const rows = rowsOf(screen)
  return labelsOf(numbered(rows, from) ?? marked(rows, screen.highlights, from, isPanel) ?? [])
}

/** The labels of the lowest list of the screen of which one is marked; empty where there is none. */
export const markedChoices = (screen: ScreenRows, isPanel: boolean): ReadonlyArray<string> => {
  const rows = rowsOf(screen)
  const last = rows.findLastIndex((row) => row !== null)
  for (let from = last; from >= Math.max(0, last - mostAbove); from--) {
    const list = rows[from]?.number === 1 ? numbered(rows, from) : null
    if (list !== null && markedOf(list, screen.highlights) !== null) return labelsOf(list)
  }
  return labelsOf(marked(rows, screen.highlights, Math.max(0, last - mostAbove), isPanel) ?? [])
}

const labelsOf = (list: ReadonlyArray<Row>): ReadonlyArray<string> => list.slice(0, limits.choices).map(({ label }) => label)

/** Looks for these labels from the bottom of the screen; null where they do not stand there, or stand there in another order. */
export const located = (screen: ScreenRows, labels: ReadonlyArray<string>): Located | null =>
  labels.length === 0 ? null : (locatedDown(screen, labels) ?? locatedAcross(screen, labels))

const locatedDown = (screen: ScreenRows, labels: ReadonlyArray<string>): Located | null => {
  const rows = rowsOf(screen)
  const found: Array<Row> = []
  for (let at = rows.length - 1, left = labels.length - 1; at >= 0 && left >= 0; at--) {
    const row = rows[at]
    if (row == null || !isLabel(row.label, labels[left]!)) continue
    found.unshift(row)
    left -= 1
  }
  if (found.length < labels.length) return null
  return { numbers: found.map(({ number }) => number), marked: markedOf(found, screen.highlights), across: false }
}

const locatedAcross = ({ highlights, lines }: ScreenRows, labels: ReadonlyArray<string>): Located | null => {
  for (let row = lines.length - 1; row >= 0; row--) {
    const places = placesAcross(lines[row]!, labels)
    if (places === null) continue
    return { numbers: labels.map(() => null), marked: onlyOther(places.map((col) => backgroundAt(highlights, { row, col }))), across: true }
  }
  return null
}

/** The column of each label, in their order. */
const placesAcross = (line: string, labels: ReadonlyArray<string>): ReadonlyArray<number> | null => {
  const places: Array<number> = []
  let from = 0
  for (const label of labels) {
    const at = line.indexOf(label, from)
    if (at < 0) return null
    places.push(at)
    from = at + label.length
  }
  return places
}

/** Rows with the numbers 1, 2, 3 …; what is between them describes them. */
const numbered = (rows: ReadonlyArray<Row | null>, from: number): ReadonlyArray<Row> | null => {
  const first = rows.findIndex((row, at) => at >= from && row?.number === 1)
  if (first < 0 || first - from > mostAbove) return null
  const found = [rows[first]!]
  for (let at = first + 1; at < rows.length && at - found.at(-1)!.row <= mostBetween; at++) {
    const row = rows[at]
    if (row?.number === found.length + 1) found.push(row)
  }
  return found
}

/** Rows whose labels begin in one column, without a gap, one of them marked: by a sign, or by its background alone. */
const marked = (
  rows: ReadonlyArray<Row | null>,
  highlights: ReadonlyArray<Highlight>,
  from: number,
  isPanel: boolean
): ReadonlyArray<Row> | null => {
  const highlighted = new Set(highlights.map(({ row }) => row))
  for (const row of rows) {
    if (row === null || row.row < from || !(row.isMarked || highlighted.has(row.row))) continue
    if (row.row - from > mostAbove) return null
    const list = [...around(rows, row, -1, from).toReversed(), row, ...around(rows, row, 1, from)]
    const place = list.length > 1 ? markedOf(list, highlights) : null
    // The first row below a gap may be a heading, which cannot be marked.
    if (place !== null) return isPanel && place > 0 && rows[list[0]!.row - 1] == null ? list.slice(1) : list
  }
  return null
}

const around = (rows: ReadonlyArray<Row | null>, { col, row }: Row, step: 1 | -1, from: number): ReadonlyArray<Row> => {
  const found: Array<Row> = []
  for (let at = row + step; at >= from && at < rows.length; at += step) {
    const next = rows[at]
    if (next == null || next.col < col) break
    // Deeper rows describe the choice above them.
    if (next.col === col) found.push(next)
  }
  return found
}

const markedOf = (rows: ReadonlyArray<Row>, highlights: ReadonlyArray<Highlight>): number | null => {
  const signs = rows.flatMap(({ isMarked }, at) => (isMarked ? [at] : []))
  if (signs.length > 0) return signs.length === 1 ? signs[0]! : null
  return onlyOther(rows.map((row) => backgroundAt(highlights, row)))
}

/** The only one that differs from all others, which are alike. Of two the one that has a background stands out, and so does a single one. */
const onlyOther = (backgrounds: ReadonlyArray<string>): number | null => {
  if (backgrounds.length === 1) return backgrounds[0] === "" ? null : 0
  if (backgrounds.length === 2) {
    const plain = backgrounds.indexOf("")
    return plain < 0 || backgrounds[0] === backgrounds[1] ? null : 1 - plain
  }
  const odd = backgrounds.flatMap((each, at) => (backgrounds.indexOf(each) === backgrounds.lastIndexOf(each) ? [at] : []))
  return odd.length === 1 && new Set(backgrounds).size === 2 ? odd[0]! : null
}

/** Empty where it is the terminal's own. */
const backgroundAt = (highlights: ReadonlyArray<Highlight>, at: Pick<Row, "row" | "col">): string =>
  highlights.find(({ col, row, width }) => row === at.row && col <= at.col && at.col < col + width)?.background ?? ""

const isLabel = (label: string, wanted: string) =>
  label === wanted || (wanted.length >= limits.choiceChars - 1 && label.startsWith(wanted.slice(0, -1)))

/** A screen is read for several purposes, one after the other: its rows are parsed once. */
const rowsOf = (screen: ScreenRows): ReadonlyArray<Row | null> => {
  const known = rowsOfScreen.get(screen)
  if (known !== undefined) return known
  const rows = screen.lines.map(parsed)
  rowsOfScreen.set(screen, rows)
  return rows
}
const rowsOfScreen = new WeakMap<ScreenRows, ReadonlyArray<Row | null>>()

/** Null for a row without a word. */
const parsed = (line: string, row: number): Row | null => {
  const [, before = "", sign = "", box = "", number, text = ""] = form.exec(line.slice(0, rowChars)) ?? []
  const [first = ""] = text.split(beside, 1)
  const label = shown(first.replaceAll(frames, " "), limits.choiceChars)
  if (label === "" || !/[\p{L}\p{N}]/u.test(label)) return null
  const isMarked = sign !== "" || /[◉◆●]|[([][•xX*✓][)\]]/u.test(box)
  return {
    row,
    col: line.indexOf(text, before.length + sign.length),
    isMarked,
    number: number === undefined ? null : Number(number),
    label
  }
}

/** A frame, a sign that marks the row, a box or a tick, a number, the label. */
const form = /^([\s│┃║┆▌▐|]*)([❯›»>▶▸►→➜➤*•](?=\s)\s*)?((?:[◉◆●○◯◇☐☑☒✔✓]|[([][ •xX*✓][)\]])\s+)?(?:(\d{1,3})[.)]\s+)?(\S.*)$/u

/** What stands in a column of its own describes the choice, or is another part of the screen. */
const beside = /\s{2,}|\s[✔✓](?=\s|$)|\s*[│┃║]/u

const frames = /[\u2500-\u259f]+/gu

const rowChars = 1_000

/** So far below the question a list may begin. */
const mostAbove = 30

/** A choice may be described by so many rows. */
const mostBetween = 6
