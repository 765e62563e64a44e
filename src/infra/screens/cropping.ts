/** The part of a screen that a terminal of another size has room for, spelled row by row: what changed can be drawn by itself. */
import type headless from "@xterm/headless"
import type { Size } from "../../domain/spec.ts"
import type { Line } from "./emulator-cells.ts"
import { cellOf, place, styleOf } from "./emulator-drawing.ts"
import { coreOf, type PenNumbers } from "./emulator-state.ts"
import { blank, modesOf, type Restored, titled } from "./restoring.ts"

export interface Crop {
  /** Of the whole screen. */
  readonly size: Size
  /** A blank screen with what is switched on. Where it differs from the crop before, all rows are to be drawn. */
  readonly ground: string
  /** Each draws one row over whatever stands there. */
  readonly rows: ReadonlyArray<string>
  readonly cursor: string
}

const csi = "\x1b["
/** What would move rows that are drawn at their places: origin, wrap, wrap backwards, side margins, insertion, new lines, held output. */
const moving = /\x1b\[(?:\?(?:6|7|45|69|2026)[hl]|4h|20h)/g

export const croppedTo = ({ switches, terminal, title, titles }: Restored, { cols, rows }: Size): Crop => {
  const core = coreOf(terminal)
  const isAlternate = terminal.buffer.active.type === "alternate"
  const { lines, x, y, ybase } = isAlternate ? core.buffers.alt : core.buffers.normal
  const on = switches.on()
  const isHidden = core.coreService.isCursorHidden
  const top = isHidden ? 0 : from(y, rows, terminal.rows)
  const left = isHidden ? 0 : from(Math.min(x, terminal.cols - 1), cols, terminal.cols)
  const modes = `${on.shown}${modesOf(core)}`.replaceAll(moving, "")
  const shown = Array.from({ length: rows }, (_, row) => {
    const line = row + top < terminal.rows ? lines.get(ybase + top + row) : undefined
    return `${place(row, 0)}${csi}m${csi}K${line === undefined ? "" : croppedRow(line, left, Math.min(terminal.cols, left + cols))}`
  })
  return {
    size: sizeOf(terminal),
    ground: `${blank}${titled(titles, title)}${on.main}${isAlternate ? `${csi}?1049h${csi}2J` : ""}${modes}${csi}?7l`,
    rows: shown,
    cursor: `${csi}m${isHidden ? "" : place(y - top, Math.min(x - left, cols - 1))}`
  }
}

const sizeOf = ({ cols, rows }: headless.Terminal): Size => ({ cols, rows })

/** The first row or column that is shown: the cursor's is among them, and nothing beyond the screen. */
const from = (cursor: number, room: number, all: number): number => Math.max(0, Math.min(cursor - room + 1, all - room))

/** A wide character that one of the edges cuts is blank. */
const croppedRow = (line: Line, left: number, right: number): string => {
  let text = ""
  let style = styleOf(plain)
  for (let col = left; col < right; ) {
    const cell = cellOf(line, col)
    const isCut = cell.width === 0 || col + cell.width > right
    const next = styleOf(cell)
    if (next !== style) text += next
    style = next
    // Clusters are as wide elsewhere as the terminal there takes them to be: what follows has its own place.
    const shown = isCut || cell.text === "" ? " " : cell.text
    text += shown
    col += isCut ? 1 : Math.max(1, cell.width)
    if (!/^[ -~]$/.test(shown) && col < right) text += `${csi}${col - left + 1}G`
  }
  return style === styleOf(plain) ? text.trimEnd() : text
}

const plain: PenNumbers = { fg: 0, bg: 0, extended: 0 }
