/** The promise of an attached terminal: whatever was printed before, and wherever that is cut, it shows what the screen shows. */
import { inflateRawSync } from "node:zlib"
import { limits } from "../../src/domain/limits.ts"
import { makeShownOutput } from "../../src/domain/terminal/shown-output.ts"
import { designators } from "../../src/infra/screens/charsets.ts"
import { Emulator } from "../../src/infra/screens/emulator.ts"
import type { Cells, Line } from "../../src/infra/screens/emulator-cells.ts"
import { cellOf } from "../../src/infra/screens/emulator-drawing.ts"
import type { EmulatorState, PenNumbers } from "../../src/infra/screens/emulator-state.ts"

type ScreenState = EmulatorState["normal"]

const size = { cols: 40, rows: 10 }
/** What another program left on the person's terminal. */
const leftOver = "\x1b[?1049h\x1b[?25l\x1b[?1003h\x1b[3;4r\x1b[41mleft over\x1b[?6h"

/** All that a terminal is, as text: each cell with its attributes, its modes, and what it keeps for later. */
export const stateOf = (emulator: Emulator): string => {
  const checkpoint = emulator.checkpoint(scrollback)
  if (checkpoint === null) return "inside a sequence"
  const { alternate, attributes, charset, charsets, normal, precedingJoinState: _, privateModes, title, ...modes } = checkpoint.state
  const { altScreen, cursor, title: shownTitle } = emulator.picture()
  const own = altScreen ? alternate : normal
  return JSON.stringify(
    {
      screen: altScreen ? "alternate" : "main",
      title: [title, shownTitle],
      cursor,
      region: [own.scrollTop, own.scrollBottom],
      saved: savedOf(own),
      back: altScreen ? savedOf(normal) : null,
      pen: essential(attributes),
      charset: designators.of(charset),
      charsets: [0, 1, 2, 3].map((level) => designators.of(charsets[level])),
      stops: Object.keys(own.tabs).filter((stop) => Number(stop) < size.cols),
      modes: { ...modes, ...privateModes, cursorBlink: 0, cursorStyle: 0 },
      switches: emulator
        .restoring(0)
        .replace(/^.*\x1b7/s, "")
        .replaceAll(/\x1b\[[\d;:]*[mHGX]/g, "")
        .replace(/[^\x1b]*$/, ""),
      rows: rowsOf(own.cells),
      below: altScreen ? rowsOf(normal.cells) : null
    },
    null,
    1
  )
}

/** The kept cursor of one screen. */
const savedOf = ({ savedAttributes, savedCharsets, savedLevel, savedOrigin, savedX, savedY }: ScreenState) => [
  Math.min(savedX, size.cols - 1),
  savedY,
  savedOrigin,
  essential(savedAttributes),
  savedCharsets.map((each) => designators.of(each)),
  savedLevel
]

const scrollback = 50

/** Without what xterm leaves in these numbers of earlier attributes. */
const essential = ({ bg, extended, fg }: PenNumbers): PenNumbers => {
  const coloured = (number: number) => ((number & 0x3_00_00_00) % 0x3_00_00_00 === 0 ? number : number & ~0xff_ff_00)
  const isUnderlined = (fg & 0x10_00_00_00) !== 0
  const colour = extended & 0x3_ff_ff_ff
  return {
    fg: coloured(fg),
    bg: coloured(bg),
    extended: (colour === 0x3_ff_ff_ff ? 0 : colour) + (isUnderlined ? Math.max(0x4_00_00_00, extended & 0x1c_00_00_00) : 0)
  }
}

/** Nothing, and a space, look alike where they have attributes. */
const rowsOf = ({ cols, combined, extended, numbers, rows, wrapped }: Cells): ReadonlyArray<string> => {
  const bytes = inflateRawSync(Buffer.from(numbers, "base64"))
  const cells = new Uint32Array(Uint8Array.from(bytes).buffer)
  const [texts, styles] = [new Map(combined), new Map(extended)]
  return Array.from({ length: rows }, (_, row) => {
    const line: Line = {
      length: cols,
      _data: cells.subarray(3 * row * cols, 3 * (row + 1) * cols),
      isWrapped: wrapped.includes(row),
      _combined: texts.get(row) ?? {},
      _extendedAttrs: Object.fromEntries(Object.entries(styles.get(row) ?? {}).map(([col, _ext]) => [col, { _ext, _urlId: 0 }]))
    }
    const shown = Array.from({ length: cols }, (_, col) => {
      const { text, width, ...style } = cellOf(line, col)
      const { bg, extended, fg } = essential(style)
      // Behind the last column the cursor stands only where something is written in it.
      if (col === cols - 1 && width === 1 && text.trim() === "")
        return (bg & 0x3_ff_ff_ff) === 0 ? "·" : `{${(bg & 0x3_ff_ff_ff).toString(16)}}·`
      const isStyled = fg !== 0 || (bg & ~0x3ff_ff_ff) !== 0
      const spelled = fg === 0 && bg === 0 ? "" : `{${fg.toString(16)},${bg.toString(16)},${extended}}`
      return `${spelled}${text === "" && width === 1 && isStyled ? " " : text === "" ? (width === 0 && cellOf(line, Math.max(0, col - 1)).width === 2 ? "" : "·") : text}`
    })
    return { isWrapped: line.isWrapped, text: shown.join("").replace(/·+$/, "") }
  }).map(({ isWrapped, text }, row, all) => {
    // A row that goes on from a blank one was moved below it.
    return `${isWrapped && row > 0 && all[row - 1]!.text !== "" ? "↪" : ""}${text}`
  })
}

/** Null where the terminal that attached at `cut` is like one that was there from the beginning; else how they differ. */
export const differenceAt = (bytes: Uint8Array, cut: number, goesOn = true): readonly [string, string] | null => {
  const screen = new Emulator(size)
  const person = new Emulator(size)
  const shown = makeShownOutput({ clipboard: false })
  try {
    screen.write(bytes.subarray(0, cut))
    if (!screen.isAtRest) return null
    person.write(leftOver)
    person.write(shown.push(Buffer.from(screen.restoring(limits.screenScrollback))))
    const before = [stateOf(screen), stateOf(person)] as const
    if (before[0] !== before[1] || !goesOn) return before[0] === before[1] ? null : before
    screen.write(bytes.subarray(cut))
    person.write(shown.push(bytes.subarray(cut)))
    const after = [stateOf(screen), stateOf(person)] as const
    return after[0] === after[1] ? null : after
  } finally {
    screen.dispose()
    person.dispose()
  }
}
