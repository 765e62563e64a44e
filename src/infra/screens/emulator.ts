/** A terminal without a window: bytes in, the screen they leave behind out, at once. It answers queries where it is asked to. */
import headless from "@xterm/headless"
import { limits } from "../../domain/limits.ts"
import type { Highlight } from "../../domain/screen-rows.ts"
import type { Size } from "../../domain/spec.ts"
import { Switches } from "../../domain/terminal/switches.ts"
import type { TerminalColours } from "../../domain/terminal/terminal-colours.ts"
import type { TerminalModes } from "../../domain/terminal-modes.ts"
import { type Crop, croppedTo } from "./cropping.ts"
import { styledRows } from "./emulator-drawing.ts"
import { highlightsOf } from "./emulator-highlights.ts"
import { coreOf, type EmulatorState, emulatorState, isAtRest, restoreState } from "./emulator-state.ts"
import { followSwitches, followTitles } from "./following.ts"
import { answerQueries, windowOptions } from "./query-answers.ts"
import { restoring } from "./restoring.ts"
import { useUnicodeWidths } from "./unicode-widths.ts"
import { mendFaults } from "./xterm-faults.ts"

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

/** Of what scrolled off a wide screen fewer lines are kept: a screen has so much memory, however it is shaped. */
const scrollbackOf = ({ cols, rows }: Size): number =>
  Math.max(0, Math.min(limits.screenScrollback, Math.floor(limits.screenCells / cols) - rows))

export class Emulator {
  readonly #terminal: headless.Terminal
  readonly #switches = new Switches()
  #titles: Array<string> = []
  #title = ""
  #answers: string | null = null
  #colours: TerminalColours = {}

  constructor({ cols, rows }: Size) {
    const scrollback = scrollbackOf({ cols, rows })
    this.#terminal = new headless.Terminal({ cols, rows, windowOptions, scrollback, allowProposedApi: true, logLevel: "off" })
    useUnicodeWidths(this.#terminal)
    mendFaults(this.#terminal)
    this.#terminal.onTitleChange((title) => {
      this.#title = title
    })
    answerQueries(
      this.#terminal,
      this.#switches,
      () => this.#colours,
      (text) => {
        if (this.#answers !== null) this.#answers += text
      }
    )
    followSwitches(this.#terminal, this.#switches)
    followTitles(this.#terminal, {
      push: () => {
        if (this.#titles.length < limits.terminalTitles) this.#titles.push(this.#title)
      },
      pop: () => {
        this.#title = this.#titles.pop() ?? this.#title
      }
    })
  }

  get size(): Size {
    return { cols: this.#terminal.cols, rows: this.#terminal.rows }
  }

  /** Returns when every byte has been interpreted: whatever comes from an agent passes a `Drawable` first. */
  write(bytes: Uint8Array | string): void {
    coreOf(this.#terminal).writeSync(bytes)
  }

  /** Like `write`, and returns what the terminal says to the queries in it. */
  ask(bytes: Uint8Array, colours: TerminalColours = {}): string {
    this.#colours = colours
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

  /** Nothing is open: neither a sequence nor a character. */
  get isAtRest(): boolean {
    return isAtRest(this.#terminal)
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
    // Where nothing wraps, no cursor waits behind the last column.
    const last = this.#terminal.cols - (this.#terminal.modes.wraparoundMode ? 0 : 1)
    const cursor = { x: Math.min(active.cursorX, last), y: active.cursorY }
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
      kittyKeyboard: this.#switches.keyboardFlags
    }
  }

  /** What draws this screen, with its modes and so many lines of what scrolled off it, on a terminal of the same size. */
  restoring(scrollback: number): string {
    const restored = { terminal: this.#terminal, switches: this.#switches, titles: this.#titles, title: this.#title }
    return restoring(restored, scrollback)
  }

  /** What of it a terminal of that size has room for. */
  croppedTo(size: Size): Crop {
    return croppedTo({ terminal: this.#terminal, switches: this.#switches, titles: this.#titles, title: this.#title }, size)
  }

  /** The rows of the screen, each with the attributes of its cells in one spelling; what is blank and plain at their ends is cut. */
  styledRows(): ReadonlyArray<string> {
    const { alt, normal } = coreOf(this.#terminal).buffers
    return styledRows(this.#terminal.buffer.active.type === "alternate" ? alt : normal, this.#terminal.cols)
  }

  dispose(): void {
    this.#terminal.dispose()
  }
}
