/** All that a terminal remembers, as plain JSON: what xterm's serializer draws again is near enough to look at, and not to go on from. */
import type headless from "@xterm/headless"
import { type CellAttributes, type CellBuffer, type Cells, cellsOf, restoreCells } from "./emulator-cells.ts"

export interface EmulatorState {
  readonly title: string
  /** Of the character written last, which a repetition repeats. */
  readonly precedingJoinState: number
  readonly cursorHidden: boolean
  readonly modes: object
  readonly privateModes: object
  readonly attributes: PenNumbers
  readonly charsets: ReadonlyArray<object | null>
  readonly charsetLevel: number
  /** As a rule that of its level: a restored cursor brings another. */
  readonly charset: object | null
  readonly normal: BufferState
  readonly alternate: BufferState
}

export interface PenNumbers {
  readonly fg: number
  readonly bg: number
  readonly extended: number
}
/** Rows count from the top of the screen. */
interface BufferState {
  readonly x: number
  readonly y: number
  readonly savedX: number
  readonly savedY: number
  readonly savedOrigin: boolean
  readonly savedAttributes: PenNumbers
  readonly savedCharset: object | null
  readonly savedCharsets: ReadonlyArray<object | null>
  readonly savedLevel: number
  readonly scrollTop: number
  readonly scrollBottom: number
  readonly tabs: object
  readonly cells: Cells
}

/** Neither inside a sequence nor inside a character. */
export const isAtRest = (terminal: headless.Terminal): boolean => {
  const { _parser, _utf8Decoder } = coreOf(terminal)._inputHandler
  return _parser.currentState === ground && _utf8Decoder.interim.every((byte) => byte === 0)
}

/** With so many rows of what scrolled off the screen. Null inside a sequence or a character, where what was read of it is known to the parser alone. */
export const emulatorState = (terminal: headless.Terminal, title: string, scrollback: number): EmulatorState | null => {
  const { _charsetService, _inputHandler, buffers, coreService } = coreOf(terminal)
  const { _parser } = _inputHandler
  if (!isAtRest(terminal)) return null
  return {
    title,
    precedingJoinState: _parser.precedingJoinState,
    cursorHidden: coreService.isCursorHidden,
    modes: { ...coreService.modes },
    privateModes: { ...coreService.decPrivateModes },
    attributes: attributesOf(_inputHandler._curAttrData),
    charsets: Array.from(_charsetService._charsets, (charset) => charset ?? null),
    charsetLevel: _charsetService.glevel,
    charset: _charsetService.charset ?? null,
    normal: bufferState(buffers.normal, scrollback),
    alternate: bufferState(buffers.alt, 0)
  }
}

/** On a terminal of the same size, on the same of its two screens. */
export const restoreState = (terminal: headless.Terminal, state: EmulatorState): void => {
  const { _charsetService, _inputHandler, buffers, coreService } = coreOf(terminal)
  coreService.isCursorHidden = state.cursorHidden
  Object.assign(coreService.modes, state.modes)
  Object.assign(coreService.decPrivateModes, state.privateModes)
  restoreAttributes(_inputHandler._curAttrData, state.attributes)
  for (const [level, charset] of state.charsets.entries()) _charsetService.setgCharset(level, charset ?? undefined)
  _charsetService.setgLevel(state.charsetLevel)
  _charsetService.charset = state.charset ?? undefined
  _inputHandler._parser.precedingJoinState = state.precedingJoinState
  restoreBuffer(buffers.normal, state.normal, _inputHandler._curAttrData)
  restoreBuffer(buffers.alt, state.alternate, _inputHandler._curAttrData)
}

const bufferState = (buffer: ScreenBuffer, scrollback: number): BufferState => ({
  x: buffer.x,
  y: buffer.y,
  savedX: buffer.savedX,
  savedY: buffer.savedY,
  savedOrigin: buffer.savedOrigin === true,
  savedAttributes: attributesOf(buffer.savedCurAttrData),
  savedCharset: buffer.savedCharset ?? null,
  savedCharsets: [0, 1, 2, 3].map((level) => buffer.savedCharsets?.[level] ?? null),
  savedLevel: buffer.savedLevel ?? 0,
  scrollTop: buffer.scrollTop,
  scrollBottom: buffer.scrollBottom,
  tabs: { ...buffer.tabs },
  cells: cellsOf(buffer, scrollback)
})

const restoreBuffer = (buffer: ScreenBuffer, state: BufferState, attributes: CellAttributes): void => {
  const { cells, savedAttributes, savedCharset, tabs, ...places } = state
  restoreCells(buffer, cells, attributes)
  Object.assign(buffer, places)
  restoreAttributes(buffer.savedCurAttrData, savedAttributes)
  buffer.savedCharset = savedCharset ?? undefined
  buffer.tabs = { ...tabs }
}

export const attributesOf = ({ bg, extended, fg }: PenAttributes): PenNumbers => ({ fg, bg, extended: extended._ext })

const restoreAttributes = (pen: PenAttributes, { bg, extended, fg }: PenNumbers): void => {
  pen.fg = fg
  pen.bg = bg
  pen.extended = Object.assign(pen.extended.clone(), { _ext: extended, _urlId: 0 })
}

const ground = 0

/** Of xterm's inside, at the version that package.json pins; the tests compare a restored terminal with one that drew everything. */
export interface Core {
  readonly buffers: { readonly normal: ScreenBuffer; readonly alt: ScreenBuffer }
  readonly coreService: { isCursorHidden: boolean; readonly modes: { insertMode: boolean }; readonly decPrivateModes: PrivateModes }
  readonly coreMouseService: { readonly activeProtocol: string; readonly activeEncoding: string }
  readonly writeSync: (bytes: Uint8Array | string) => void
  readonly _charsetService: {
    readonly glevel: number
    charset: object | undefined
    readonly _charsets: ReadonlyArray<object | undefined>
    readonly setgLevel: (level: number) => void
    readonly setgCharset: (level: number, charset: object | undefined) => void
  }
  readonly _inputHandler: {
    readonly _curAttrData: PenAttributes
    readonly _parser: { readonly currentState: number; precedingJoinState: number }
    readonly _utf8Decoder: { readonly interim: Uint8Array }
  }
}
interface PrivateModes {
  readonly applicationCursorKeys: boolean
  readonly applicationKeypad: boolean
  readonly bracketedPasteMode: boolean
  readonly reverseWraparound: boolean
  readonly sendFocus: boolean
  readonly synchronizedOutput: boolean
  readonly wraparound: boolean
}
export interface PenAttributes {
  fg: number
  bg: number
  extended: CellAttributes["extended"]
}
export interface ScreenBuffer extends CellBuffer {
  x: number
  y: number
  savedX: number
  /** Of the screen; xterm's own counts what scrolled off it too. */
  savedY: number
  /** Of what xterm does not keep with its cursor. */
  savedOrigin?: boolean
  savedCharsets?: ReadonlyArray<object | null | undefined>
  savedLevel?: number
  readonly savedCurAttrData: PenAttributes
  savedCharset: object | undefined
  scrollTop: number
  scrollBottom: number
  tabs: object
}

export const coreOf = (terminal: headless.Terminal): Core => (terminal as unknown as { readonly _core: Core })._core
