/** Mends faults of xterm's parser, at the version that package.json pins, on one terminal; each was found by comparing with other terminals. */
import type headless from "@xterm/headless"
import { type Core, coreOf, type PenAttributes, type ScreenBuffer } from "./emulator-state.ts"

export const mendFaults = (terminal: headless.Terminal): void => {
  const { _inputHandler: parser, _charsetService, buffers, coreService } = coreOf(terminal) as unknown as Faulty
  const activeOf = () => buffers.active

  // In origin mode a movement was counted from the top of the region once more: `CSI C` went down.
  parser._moveCursor = (right, down) => {
    parser._restrictCursor()
    const buffer = activeOf()
    buffer.x += right
    buffer.y += down
    parser._restrictCursor()
  }
  // Where BS goes back over a wrapped row (mode 45), CUB did not; in xterm both do.
  parser.cursorBackward = ({ params }) => {
    const { decPrivateModes } = coreService
    if (!decPrivateModes.reverseWraparound || !decPrivateModes.wraparound) parser._moveCursor(-(params[0] || 1), 0)
    else for (let times = params[0] || 1; times > 0; times--) parser.backspace()
    return true
  }
  const toColumn = ({ params }: Parameters) => {
    parser._restrictCursor()
    activeOf().x = (params[0] || 1) - 1
    parser._restrictCursor()
    return true
  }
  parser.cursorCharAbsolute = toColumn
  parser.charPosAbsolute = toColumn

  // Behind the last column nothing was erased to the right; other terminals erase the character in it, and write over it.
  const eraseInLine = parser.eraseInLine.bind(parser)
  parser.eraseInLine = (parameters, isSelective) => {
    if (!parameters.params[0]) parser._restrictCursor()
    return eraseInLine(parameters, isSelective)
  }
  // On the last row, with the cursor in the last column, it threw: there is no row below that could go on from this one.
  const eraseInDisplay = parser.eraseInDisplay.bind(parser)
  parser.eraseInDisplay = (parameters, isSelective) => {
    const buffer = activeOf()
    if (!parameters.params[0]) parser._restrictCursor()
    const isLast = buffer.ybase + buffer.y + 1 >= buffer.lines.length
    if (parameters.params[0] !== 1 || !isLast || buffer.x + 1 < terminal.cols) return eraseInDisplay(parameters, isSelective)
    for (let row = 0; row <= buffer.y; row++) parser._resetBufferLine(row, isSelective)
    return true
  }

  // The kept cursor moved up with every line that scrolled, and came back without its origin mode, its character sets and its underline.
  parser.saveCursor = () => {
    const buffer = activeOf()
    const { _charsets, charset, glevel } = _charsetService
    const { bg, extended, fg } = parser._curAttrData
    Object.assign(buffer.savedCurAttrData, { fg, bg, extended: extended.clone() })
    const kept = { savedX: buffer.x, savedY: buffer.y, savedOrigin: coreService.decPrivateModes.origin, savedCharset: charset }
    Object.assign(buffer, kept, { savedCharsets: levels.map((level) => _charsets[level]), savedLevel: glevel })
    return true
  }
  parser.restoreCursor = () => {
    const buffer = activeOf()
    const { savedCharsets = [], savedCurAttrData, savedLevel = 0, savedOrigin = false, savedX, savedY } = buffer
    Object.assign(parser._curAttrData, { fg: savedCurAttrData.fg, bg: savedCurAttrData.bg, extended: savedCurAttrData.extended.clone() })
    for (const level of levels) _charsetService.setgCharset(level, savedCharsets[level] ?? undefined)
    _charsetService.setgLevel(savedLevel)
    coreService.decPrivateModes.origin = savedOrigin
    Object.assign(buffer, { x: savedX, y: savedY })
    parser._restrictCursor()
    return true
  }
  const softReset = parser.softReset.bind(parser)
  parser.softReset = (parameters) => {
    softReset(parameters)
    Object.assign(activeOf(), { savedY: 0, savedOrigin: false, savedCharsets: [], savedLevel: 0 })
    return true
  }
  // The alignment test left the margins as they were, and drew in the colours of the pen; xterm and tmux draw it in those of the terminal.
  const screenAlignmentPattern = parser.screenAlignmentPattern.bind(parser)
  parser.screenAlignmentPattern = () => {
    Object.assign(activeOf(), { scrollTop: 0, scrollBottom: terminal.rows - 1 })
    const pen = parser._curAttrData
    const { bg, fg } = pen
    Object.assign(pen, { fg: 0, bg: 0 })
    screenAlignmentPattern()
    Object.assign(pen, { fg, bg })
    return true
  }
  // Lines scrolled in from above (SD) had no background, those from below (SU) the program's.
  parser.scrollDown = ({ params }) => {
    const { lines, scrollBottom, scrollTop, ybase } = activeOf()
    for (let times = params[0] || 1; times > 0; times--) {
      lines.splice(ybase + scrollBottom, 1)
      lines.splice(ybase + scrollTop, 0, activeOf().getBlankLine(parser._eraseAttrData()))
    }
    return true
  }
  // Margins and tab stops belong to the terminal, not to one of its two screens.
  for (const name of ["activateNormalBuffer", "activateAltBuffer"] as const) {
    const activate = buffers[name].bind(buffers)
    buffers[name] = (fill) => {
      const { scrollBottom, scrollTop, tabs } = activeOf()
      activate(fill)
      Object.assign(activeOf(), { scrollTop, scrollBottom, tabs })
    }
  }
  // Without wrapping, no cursor waits behind the last column for the mode to come.
  terminal.parser.registerCsiHandler({ prefix: "?", final: "h" }, (modes) => {
    if (modes.includes(7) && !terminal.modes.wraparoundMode) parser._restrictCursor()
    return false
  })
  // A full reset left the new-line mode (LNM) on.
  terminal.parser.registerEscHandler({ final: "c" }, () => {
    terminal.options.convertEol = false
    return false
  })
}

const levels = [0, 1, 2, 3] as const

interface Parameters {
  readonly params: Int32Array | ReadonlyArray<number>
  readonly length: number
}
interface Faulty {
  readonly buffers: {
    readonly active: ScreenBuffer
    activateNormalBuffer: (fill?: unknown) => void
    activateAltBuffer: (fill?: unknown) => void
  }
  readonly coreService: { readonly decPrivateModes: { origin: boolean; readonly reverseWraparound: boolean; readonly wraparound: boolean } }
  readonly _charsetService: Core["_charsetService"]
  readonly _inputHandler: {
    _restrictCursor: (most?: number) => void
    _moveCursor: (right: number, down: number) => void
    _resetBufferLine: (row: number, isSelective?: boolean) => void
    readonly backspace: () => boolean
    cursorBackward: (parameters: Parameters) => boolean
    cursorCharAbsolute: (parameters: Parameters) => boolean
    charPosAbsolute: (parameters: Parameters) => boolean
    saveCursor: () => boolean
    restoreCursor: () => boolean
    screenAlignmentPattern: () => boolean
    scrollDown: (parameters: Parameters) => boolean
    readonly _eraseAttrData: () => PenAttributes
    softReset: (parameters: Parameters) => boolean
    readonly _curAttrData: PenAttributes
    eraseInLine: (parameters: Parameters, isSelective?: boolean) => boolean
    eraseInDisplay: (parameters: Parameters, isSelective?: boolean) => boolean
  }
}
