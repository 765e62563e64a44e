/** What a terminal reports of its own screen and settings: a checksum of cells (DECRQCRA), and what is set (DECRQSS). */
import type { Terminal } from "@xterm/headless"
import { cellOf, styleOf } from "./emulator-drawing.ts"
import { attributesOf, coreOf } from "./emulator-state.ts"

const esc = "\x1b"

export const answerReports = (terminal: Terminal, shape: () => string, answer: (text: string) => void): void => {
  const { parser } = terminal
  parser.registerCsiHandler({ intermediates: "*", final: "y" }, ([id = 0, , ...edges]) => {
    const sum = checksum(terminal, edges.map(Number)).toString(16).toUpperCase().padStart(4, "0")
    answer(`${esc}P${id}!~${sum}${esc}\\`)
    return true
  })
  for (const prefix of ["", "?"]) {
    parser.registerCsiHandler({ ...(prefix === "" ? {} : { prefix }), final: "n" }, ([kind]) => {
      if (kind !== 6) return false
      answer(`${esc}[${prefix}${cursorOf(terminal)}R`)
      return true
    })
  }
  parser.registerDcsHandler({ intermediates: "$", final: "q" }, (asked) => {
    const setting = settingOf(terminal, shape, asked)
    answer(setting === null ? `${esc}P0$r${esc}\\` : `${esc}P1$r${setting}${asked}${esc}\\`)
    return true
  })
}

/** Row and column. Behind the last column it stands in it, and in origin mode its row counts from the top of the region. */
const cursorOf = (terminal: Terminal): string => {
  const { buffers } = coreOf(terminal)
  const { scrollTop, x, y } = terminal.buffer.active.type === "alternate" ? buffers.alt : buffers.normal
  return `${y + 1 - (terminal.modes.originMode ? scrollTop : 0)};${Math.min(x + 1, terminal.cols)}`
}

/** Null: not a setting of this terminal. */
const settingOf = (terminal: Terminal, shape: () => string, asked: string): string | null => {
  const { _inputHandler, buffers } = coreOf(terminal)
  const { scrollBottom, scrollTop } = terminal.buffer.active.type === "alternate" ? buffers.alt : buffers.normal
  const pen = attributesOf(_inputHandler._curAttrData)
  if (asked === "m") return styleOf(pen).slice(2, -1)
  if (asked === "r") return `${scrollTop + 1};${scrollBottom + 1}`
  if (asked === " q") return shape()
  return asked === '"q' ? ((pen.bg & 0x20_00_00_00) !== 0 ? "1" : "0") : null
}

/** Of a terminal of DEC: the codes of the characters and their attributes, negative; what was never written counts as a space. */
const checksum = (terminal: Terminal, [top = 0, left = 0, bottom = 0, right = 0]: ReadonlyArray<number>): number => {
  const { buffers } = coreOf(terminal)
  const { lines, scrollTop, ybase } = terminal.buffer.active.type === "alternate" ? buffers.alt : buffers.normal
  const first = terminal.modes.originMode ? scrollTop : 0
  const lastRow = Math.min(terminal.rows - 1, first + (bottom || terminal.rows) - 1)
  let sum = 0
  for (let row = first + Math.max(1, top) - 1; row <= lastRow; row++) {
    const line = lines.get(ybase + row)
    if (line === undefined) break
    for (let col = Math.max(1, left) - 1; col < Math.min(terminal.cols, right || terminal.cols); col++) {
      const { fg, text } = cellOf(line, col)
      sum += text.codePointAt(0) ?? 0x20
      for (const [flag, number] of weights) if ((fg & flag) !== 0) sum += number
    }
  }
  return -sum & 0xff_ff
}

/** Invisible, underlined, inverse, blinking, bold. */
const weights = [
  [0x40_00_00_00, 0x08],
  [0x10_00_00_00, 0x10],
  [0x04_00_00_00, 0x20],
  [0x20_00_00_00, 0x40],
  [0x08_00_00_00, 0x80]
] as const
