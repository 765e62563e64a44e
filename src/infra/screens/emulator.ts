/** A terminal without a window: bytes in, the screen they leave behind out, at once. It answers queries where it is asked to. */
import serializing from "@xterm/addon-serialize"
import graphemes from "@xterm/addon-unicode-graphemes"
import headless from "@xterm/headless"
import { limits } from "../../domain/limits.ts"
import type { Highlight } from "../../domain/screen-rows.ts"
import type { Size } from "../../domain/spec.ts"
import type { TerminalModes } from "../../domain/terminal-modes.ts"
import { highlightsOf } from "./emulator-highlights.ts"
import { type EmulatorState, emulatorState, restoreState } from "./emulator-state.ts"
import type { KittyKeyboard } from "./kitty-keyboard.ts"
import { answerQueries, windowOptions } from "./query-answers.ts"

/** What a person would see. `lines` are the rows of the screen, trailing blanks cut. */
export interface Picture {
  readonly cols: number
  readonly rows: number
  readonly cursor: { readonly x: number; readonly y: number }
  readonly title: string
  readonly altScreen: boolean
  readonly lines: ReadonlyArray<string>
}

/** From this a terminal goes on as if it had drawn everything itself. Plain JSON. */
export interface EmulatorCheckpoint {
  readonly size: Size
  /** Its modes, and which of its two screens is shown. */
  readonly drawing: string
  readonly state: EmulatorState
}

/** What neither xterm's interface nor its serializer tells, and a restored screen is wrong without. */
interface Internals {
  readonly writeSync: (bytes: Uint8Array | string) => void
  readonly coreService: { readonly isCursorHidden: boolean }
  readonly coreMouseService: { readonly activeEncoding: string }
  readonly buffer: { readonly scrollTop: number; readonly scrollBottom: number; readonly x: number; readonly y: number }
}

/** Of what scrolled off a wide screen fewer lines are kept: a screen has so much memory, however it is shaped. */
const scrollbackOf = ({ cols, rows }: Size): number =>
  Math.max(0, Math.min(limits.screenScrollback, Math.floor(limits.screenCells / cols) - rows))

const csi = "\x1b["
const mouseEncodings: Readonly<Record<string, string>> = { SGR: `${csi}?1006h`, SGR_PIXELS: `${csi}?1016h` }

/** Soft reset, main screen, no mouse, no focus reports, no paste brackets, region and colours gone, blank: whatever was there before. */
const blank = `${csi}?1049l${csi}!p${csi}?1000;1002;1003;1004;1006;1016;2004l${csi}?7h${csi}m${csi}r${csi}?25h${csi}H${csi}2J`

export class Emulator {
  readonly #terminal: headless.Terminal
  readonly #serializer = new serializing.SerializeAddon()
  readonly #keyboard: KittyKeyboard
  #title = ""
  #answers: string | null = null

  constructor({ cols, rows }: Size) {
    const scrollback = scrollbackOf({ cols, rows })
    this.#terminal = new headless.Terminal({ cols, rows, windowOptions, scrollback, allowProposedApi: true, logLevel: "off" })
    // The serializer is typed for the terminal in a browser and uses what both have.
    this.#terminal.loadAddon(this.#serializer as unknown as headless.ITerminalAddon)
    // Emoji of Unicode 9 and later are two cells wide for every program, and what is joined is one character.
    this.#terminal.loadAddon(new graphemes.UnicodeGraphemesAddon() as unknown as headless.ITerminalAddon)
    this.#terminal.onTitleChange((title) => {
      this.#title = title
    })
    this.#keyboard = answerQueries(this.#terminal, (text) => {
      if (this.#answers !== null) this.#answers += text
    })
  }

  get size(): Size {
    return { cols: this.#terminal.cols, rows: this.#terminal.rows }
  }

  /** Returns when every byte has been interpreted: whatever comes from an agent passes a `Drawable` first. */
  write(bytes: Uint8Array | string): void {
    this.#internals.writeSync(bytes)
  }

  /** Like `write`, and tells what the terminal says to the queries in it. */
  ask(bytes: Uint8Array): string {
    this.#answers = ""
    this.write(bytes)
    const said = this.#answers
    this.#answers = null
    return said
  }

  resize({ cols, rows }: Size): void {
    this.#terminal.options.scrollback = scrollbackOf({ cols, rows })
    this.#terminal.resize(cols, rows)
  }

  /** In memory. */
  get cells(): number {
    const { buffer, cols } = this.#terminal
    return cols * (buffer.normal.length + buffer.alternate.length)
  }

  /** With so many lines of what scrolled off. Null inside a sequence or a character: a few bytes later there is one. */
  checkpoint(scrollback: number): EmulatorCheckpoint | null {
    const state = emulatorState(this.#terminal, this.#title, scrollback)
    return state && { size: this.size, drawing: this.restoring(0), state }
  }

  static restored({ drawing, size, state }: EmulatorCheckpoint): Emulator {
    const emulator = new Emulator(size)
    emulator.write(drawing)
    restoreState(emulator.#terminal, state)
    emulator.#title = state.title
    return emulator
  }

  picture(): Picture {
    const { active } = this.#terminal.buffer
    const lines = Array.from({ length: this.#terminal.rows }, (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? "")
    const cursor = { x: active.cursorX, y: active.cursorY }
    return { ...this.size, cursor, title: this.#title, altScreen: active.type === "alternate", lines }
  }

  highlights(): ReadonlyArray<Highlight> {
    return highlightsOf(this.#terminal)
  }

  /** What the program has asked of the keyboard. */
  modes(): Omit<TerminalModes, "exact"> {
    const { applicationCursorKeysMode, applicationKeypadMode, bracketedPasteMode } = this.#terminal.modes
    return {
      bracketedPaste: bracketedPasteMode,
      applicationCursor: applicationCursorKeysMode,
      applicationKeypad: applicationKeypadMode,
      kittyKeyboard: this.#keyboard.flags
    }
  }

  /** What draws this screen, with its modes and so many lines of what scrolled off it, on a terminal of the same size. */
  restoring(scrollback: number): string {
    return blank + this.#serializer.serialize({ scrollback }) + this.#region() + this.#pointer() + this.#keys()
  }

  dispose(): void {
    this.#terminal.dispose()
  }

  get #internals(): Internals {
    return (this.#terminal as unknown as { readonly _core: Internals })._core
  }

  /** Setting margins or the origin mode moves the cursor home, so it is placed again after them. */
  #region(): string {
    const { scrollBottom, scrollTop, x, y } = this.#internals.buffer
    const { originMode } = this.#terminal.modes
    const whole = scrollTop === 0 && scrollBottom === this.#terminal.rows - 1
    if (whole && !originMode) return ""
    const row = originMode ? y - scrollTop : y
    return `${whole ? "" : `${csi}${scrollTop + 1};${scrollBottom + 1}r`}${csi}${row + 1};${x + 1}H`
  }

  #pointer(): string {
    const { coreMouseService, coreService } = this.#internals
    return (mouseEncodings[coreMouseService.activeEncoding] ?? "") + (coreService.isCursorHidden ? `${csi}?25l` : "")
  }

  #keys(): string {
    const { flags } = this.#keyboard
    return flags === 0 ? "" : `${csi}=${flags}u`
  }
}
