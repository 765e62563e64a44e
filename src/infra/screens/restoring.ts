/** Spells what brings another terminal of the same size to the state of this one, in sequences that terminals of people know. */
import type headless from "@xterm/headless"
import type { Switches } from "../../domain/terminal/switches.ts"
import { designators } from "./charsets.ts"
import { cellOf, characterAgain, drawnRows, isUnderlined, penOf, place } from "./emulator-drawing.ts"
import { attributesOf, type Core, coreOf, type PenNumbers, type ScreenBuffer } from "./emulator-state.ts"

const esc = "\x1b"
const csi = `${esc}[`

/** Soft reset, main screen, no mouse, no focus reports, no paste brackets, region and colours gone, blank: whatever was there before. */
export const blank = `${csi}?1049l${csi}!p${csi}?69;1000;1002;1003;1004;1006;1016;2004l${csi}?7h${csi}4l${csi}20l${csi}m${csi}r${esc}(B${esc})B${esc}*B${esc}+B\x0f${csi}?25h${csi}H${csi}2J`

export interface Restored {
  readonly terminal: headless.Terminal
  readonly switches: Switches
  readonly titles: ReadonlyArray<string>
  readonly title: string
}

/** With so many lines of what scrolled off the main screen. */
export const restoring = ({ switches, terminal, title, titles }: Restored, scrollback: number): string => {
  const core = coreOf(terminal)
  const { alt, normal } = core.buffers
  const { cols } = terminal
  const on = switches.on()
  const isAlternate = terminal.buffer.active.type === "alternate"
  const parts = [blank, titled(titles, title), on.main, drawnRows(normal, cols, scrollback)]
  if (isAlternate) {
    const { after, before } = savedOf(normal, cols)
    parts.push(before, `${csi}?1049h`, after, `${csi}H${csi}2J`, drawnRows(alt, cols, 0))
  }
  const shown = isAlternate ? alt : normal
  const { after, before } = savedOf(shown, cols)
  parts.push(stopsOf(shown, cols), before, after, on.shown, modesOf(core))
  parts.push(marginsOf(shown, terminal), terminal.modes.originMode ? `${csi}?6h` : "", cursorOf(shown, core, terminal))
  return parts.join("")
}

/** The titles below it on the stack first. */
export const titled = (titles: ReadonlyArray<string>, title: string): string =>
  titles.map((each) => `${named(each)}${csi}22;2t`).join("") + (title === "" && titles.length === 0 ? "" : named(title))
const named = (title: string) => `${esc}]2;${title}${esc}\\`

/** Where they are not in each eighth column. */
const stopsOf = ({ tabs }: ScreenBuffer, cols: number): string => {
  const stops = Object.keys(tabs)
    .map(Number)
    .filter((col) => col < cols && (tabs as Readonly<Record<number, boolean>>)[col] === true)
  const ordinary = Array.from({ length: Math.ceil(cols / 8) }, (_, stop) => 8 * stop)
  if (stops.length === ordinary.length && ordinary.every((col) => stops.includes(col))) return ""
  return `${csi}3g${stops.map((col) => `${csi}${col + 1}G${esc}H`).join("")}`
}

/** The kept cursor, as DECSC keeps it: its place, its style, its character set; and what puts back what that has changed. */
const savedOf = (buffer: ScreenBuffer, cols: number) => {
  const { savedCharsets = [], savedCurAttrData, savedLevel = 0, savedOrigin = false, savedX, savedY } = buffer
  const sets = setsOf(savedCharsets, savedLevel)
  const pen = penOf(attributesOf(savedCurAttrData))
  return {
    before: `${savedOrigin ? `${csi}?6h` : ""}${place(savedY, Math.min(savedX, cols - 1))}${pen}${sets}${esc}7`,
    after: `${savedOrigin ? `${csi}?6l` : ""}${sets === "" ? "" : plainSets}${csi}0"q${csi}m`
  }
}

/** What xterm's parser keeps of modes that neither draw nor move while they are switched on. */
export const modesOf = ({ coreMouseService, coreService: { decPrivateModes, isCursorHidden, modes } }: Core): string => {
  const names: Array<string> = []
  const { applicationCursorKeys, applicationKeypad, bracketedPasteMode, reverseWraparound, sendFocus, synchronizedOutput } = decPrivateModes
  if (applicationCursorKeys) names.push("?1h")
  if (applicationKeypad) names.push("?66h")
  if (reverseWraparound) names.push("?45h")
  if (bracketedPasteMode) names.push("?2004h")
  if (sendFocus) names.push("?1004h")
  if (synchronizedOutput) names.push("?2026h")
  const mouse = mouseModes[coreMouseService.activeProtocol]
  const encoding = mouseEncodings[coreMouseService.activeEncoding]
  if (mouse !== undefined) names.push(mouse)
  if (encoding !== undefined) names.push(encoding)
  if (isCursorHidden) names.push("?25l")
  if (modes.insertMode) names.push("4h")
  if (!decPrivateModes.wraparound) names.push("?7l")
  return names.map((name) => csi + name).join("")
}
const mouseModes: Readonly<Record<string, string>> = { X10: "?9h", VT200: "?1000h", DRAG: "?1002h", ANY: "?1003h" }
const mouseEncodings: Readonly<Record<string, string>> = { SGR: "?1006h", SGR_PIXELS: "?1016h" }

/** Setting them moves the cursor home. */
const marginsOf = ({ scrollBottom, scrollTop }: ScreenBuffer, { rows }: headless.Terminal): string =>
  scrollTop === 0 && scrollBottom === rows - 1 ? "" : `${csi}${scrollTop + 1};${scrollBottom + 1}r`

/** Four character sets, and which of them is in use. */
const setsOf = (sets: ReadonlyArray<object | null | undefined>, level: number): string => {
  const names = [0, 1, 2, 3].map((each) => designators.of(sets[each]))
  return names.flatMap((name, each) => (name === "B" ? [] : [`${esc}${"()*+"[each]}${name}`])).join("") + (shifts[level] ?? "")
}
const shifts = ["", "\x0e", `${esc}n`, `${esc}o`]
const plainSets = `${esc}(B${esc})B${esc}*B${esc}+B\x0f`

/**
 * The cursor at its place. Behind the last column it stands only once the last character is written again; and so does what joins with,
 * or repeats, that character.
 */
const cursorOf = (buffer: ScreenBuffer, core: Core, { cols, modes: { insertMode, originMode } }: headless.Terminal): string => {
  const { lines, scrollTop, x, y, ybase } = buffer
  const { _charsetService, _inputHandler } = core
  const row = originMode ? Math.max(0, y - scrollTop) : y
  const pen = attributesOf(_inputHandler._curAttrData)
  const sets = setsOf(_charsetService._charsets, _charsetService.glevel)
  const line = lines.get(ybase + y)
  const isBehind = x >= cols
  const isWriting = _inputHandler._parser.precedingJoinState !== 0 && x > 0
  if (line === undefined || (!isBehind && !isWriting)) return `${sets}${place(row, x)}${penOf(pen)}`
  const col = cellOf(line, x - 1).width === 0 && x > 1 ? x - 2 : x - 1
  const cell = cellOf(line, col)
  // Where characters are inserted, what is taken out makes room for itself.
  const room = insertMode ? `${penOf(cell)}${csi}${Math.max(1, cell.width)}P` : ""
  const text = cell.text === "" ? null : designators.spelled(_charsetService.charset, cell.text)
  // What was written last ends where the cursor stands, unless it had no room.
  const isLast = col + Math.max(1, cell.width) === x && isSamePen(cell, pen)
  if (isWriting && isLast && text !== null && (!insertMode || text.length === 1))
    return `${sets}${place(row, col)}${room}${penOf(pen)}${text}`
  return isBehind ? `${place(row, col)}${room}${characterAgain(line, col)}${sets}${penOf(pen)}` : `${sets}${place(row, x)}${penOf(pen)}`
}

/** Of a line below text that is not underlined no cell keeps the colour. */
const isSamePen = (cell: PenNumbers, pen: PenNumbers) => penOf(cell) === penOf(isUnderlined(pen) ? pen : { ...pen, extended: 0 })
