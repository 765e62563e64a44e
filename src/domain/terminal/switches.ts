/** Follows what an agent switches on in a terminal, and spells what takes exactly that back, or switches it on again elsewhere. */
import { keyboardStack } from "./keyboard-stack.ts"
import { type ControlSequence, nameOf, numbersOf, type Sequence, type StringSequence, textOf } from "./sequences.ts"

/**
 * Private modes (DECSET) that a shell would suffer from, and the state in which they are left: cursor keys, reverse video, origin, wrap,
 * X10 mouse, cursor, wrap backwards, keypad, margins left and right, mouse, focus, wheel, paste, synchronised output, clusters, colour
 * scheme reports, sizes in band.
 */
const neutral: ReadonlyMap<number, boolean> = new Map([
  ...[1, 5, 6, 9, 45, 66, 69].map((mode) => [mode, false] as const),
  ...[1000, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016].map((mode) => [mode, false] as const),
  ...[2004, 2026, 2027, 2031, 2048].map((mode) => [mode, false] as const),
  ...[7, 25].map((mode) => [mode, true] as const)
])
/** What a soft reset (DECSTR) puts back. The mouse is not among it, nor the screen. */
const resetSoftly = [1, 6, 7, 25, 66]
/** The alternate screen, under its three numbers. */
const alternate: ReadonlySet<number> = new Set([47, 1047, 1049])

/** Each eight columns, on terminals that do not know `CSI ? 5 W` too. A stop in the last column, where they meet, changes nothing. */
const ordinaryStops = `\x1b7\r\x1b[3g${"\x1b[8C\x1bH".repeat(125)}\x1b8`

/** Each with what takes it back, in the order in which it is said. */
const switches = {
  keypad: "\x1b>",
  inserting: "\x1b[4l",
  newLine: "\x1b[20l",
  shifted: "\x0f",
  charset: "\x1b(B\x1b)B\x1b*B\x1b+B",
  margins: "\x1b7\x1b[r\x1b8",
  tabStops: ordinaryStops,
  shape: "\x1b[0 q",
  protection: '\x1b[0"q',
  styled: "\x1b[0m",
  link: "\x1b]8;;\x1b\\",
  progress: "\x1b]9;4;0\x1b\\",
  pointer: "\x1b]22;default\x1b\\"
} as const
type Switch = keyof typeof switches

export class Switches {
  readonly #changed = new Map<number, boolean>()
  /** With what switches it on again; empty where its place decides. */
  readonly #on = new Map<Switch, string>()
  readonly #palette = new Map<number, string>()
  /** OSC 10 to 19. */
  readonly #dynamic = new Map<number, string>()
  /** XTMODKEYS: by resource. */
  readonly #keys = new Map<number, string>()
  readonly #keyboards = { main: keyboardStack(), alternate: keyboardStack() }
  #screen: number | undefined
  #titles = 0

  /** How keys are spelled on the screen that is shown, in Kitty's flags. */
  get keyboardFlags(): number {
    return this.#keyboard.flags
  }

  /** A private mode that is not as a reset leaves it. */
  isOn(mode: number): boolean {
    return this.#changed.has(mode)
  }

  /** The number of the cursor's shape; 0 is the terminal's own. */
  get shape(): string {
    return /\d+/.exec(this.#on.get("shape") ?? "")?.[0] ?? "0"
  }

  /** Of what reaches the terminal, in order. */
  sequence(sequence: Sequence): void {
    if (sequence.kind === "csi") this.#onControl(sequence)
    else if (sequence.kind === "escape") this.#onEscape(sequence.intermediates, sequence.final)
    else if (sequence.kind === "osc") this.#onCommand(sequence)
  }

  control(code: number): void {
    if (code === 0x0e || code === 0x0f) this.#set("shifted", code === 0x0e)
  }

  /** Takes back what is on now; empty where nothing is. */
  off(): string {
    const parts: Array<string> = []
    for (const [number, isOn] of this.#changed) parts.push(`\x1b[?${number}${isOn ? "l" : "h"}`)
    parts.push(this.#keyboard.off())
    for (const resource of this.#keys.keys()) parts.push(resource === otherKeys ? "\x1b[>4;0m" : `\x1b[>${resource}m`)
    for (const [name, back] of Object.entries(switches)) if (this.#on.has(name as Switch)) parts.push(back)
    if (this.#palette.size > 0) parts.push("\x1b]104\x1b\\")
    for (const number of this.#dynamic.keys()) parts.push(`\x1b]${100 + number}\x1b\\`)
    parts.push("\x1b[23;0t".repeat(this.#titles))
    if (this.#screen !== undefined) parts.push(`\x1b[?${this.#screen}l`, this.#keyboards.main.off())
    // What is left on the other screen waits for the next program that shows it.
    else if (this.#keyboards.alternate.off() !== "") parts.push(`\x1b[?1049h${this.#keyboards.alternate.off()}\x1b[?1049l`)
    return parts.join("")
  }

  /** Switches it on again, on a terminal where nothing is, in two parts: on the main screen, and on the one that is shown. */
  on(): { readonly main: string; readonly shown: string } {
    const modes = [...this.#changed].map(([number, isOn]) => `\x1b[?${number}${isOn ? "h" : "l"}`)
    const keys = [...this.#keys].map(([resource, value]) => `\x1b[>${resource};${value}m`)
    const palette = [...this.#palette].map(([index, colour]) => `\x1b]4;${index};${colour}\x1b\\`)
    const dynamic = [...this.#dynamic].map(([number, colour]) => `\x1b]${number};${colour}\x1b\\`)
    const main = this.#keyboards.main.on()
    const shown = this.#screen === undefined ? "" : this.#keyboards.alternate.on()
    return { main, shown: [shown, ...modes, ...keys, ...this.#on.values(), ...palette, ...dynamic].join("") }
  }

  get #keyboard() {
    return this.#screen === undefined ? this.#keyboards.main : this.#keyboards.alternate
  }

  #set(name: Switch, isOn: boolean, again = ""): void {
    if (isOn) this.#on.set(name, again)
    else this.#on.delete(name)
  }

  /** A full reset (RIS). Colours, progress and pointer stay as they are, in most terminals. */
  #forget(): void {
    this.#changed.clear()
    this.#keys.clear()
    this.#screen = undefined
    for (const keyboard of [this.#keyboards.main, this.#keyboards.alternate]) keyboard.forget()
    for (const name of this.#on.keys()) if (!outlivesReset.has(name)) this.#on.delete(name)
  }

  #forgetSoftly(): void {
    for (const mode of resetSoftly) this.#changed.delete(mode)
    for (const name of ["keypad", "inserting", "shifted", "charset", "margins", "protection", "styled"] as const) this.#on.delete(name)
  }

  #setPrivate(numbers: ReadonlyArray<number | null>, isOn: boolean): void {
    for (const number of numbers) {
      if (number === null) continue
      if (alternate.has(number)) this.#screen = isOn ? number : undefined
      else if (number === 12) this.#set("shape", true, this.#on.get("shape") ?? "")
      else if (neutral.get(number) === isOn) this.#changed.delete(number)
      else if (neutral.has(number)) this.#changed.set(number, isOn)
    }
  }

  #onControl(sequence: ControlSequence): void {
    const name = nameOf(sequence)
    const numbers = numbersOf(sequence)
    const [first = null, second = null] = numbers
    if (name === "?h" || name === "?l") this.#setPrivate(numbers, name === "?h")
    else if (name === ">u") this.#keyboard.push(first ?? 0)
    else if (name === "<u") this.#keyboard.pop(first || 1)
    else if (name === "=u") this.#keyboard.set(first ?? 0, second ?? 1)
    else if (name === ">m") this.#onKeys(first, second)
    else if (name === "m") this.#set("styled", !/^[0;]*$/.test(sequence.parameters))
    else if (name === "r") this.#set("margins", sequence.parameters !== "")
    else if (name === " q") this.#set("shape", (first ?? 0) !== 0, `\x1b[${first} q`)
    else if (name === '"q') this.#set("protection", first === 1)
    else if (name === "g") this.#set("tabStops", true)
    else if (name === "?W") this.#set("tabStops", false)
    else if (name === "h" || name === "l") {
      if (numbers.includes(4)) this.#set("inserting", name === "h", "\x1b[4h")
      if (numbers.includes(20)) this.#set("newLine", name === "h", "\x1b[20h")
    } else if (name === "t") this.#titles = Math.max(0, this.#titles + (first === 22 ? 1 : -1))
    else if (name === "!p") this.#forgetSoftly()
  }

  #onKeys(resource: number | null, value: number | null): void {
    if (resource === null) this.#keys.clear()
    else if (value === null || (resource === otherKeys && value === 0)) this.#keys.delete(resource)
    else if (resource < 10) this.#keys.set(resource, String(value))
  }

  #onEscape(intermediates: string, final: string): void {
    if (/^[()*+]/.test(intermediates)) this.#set("charset", final !== "B" || (intermediates !== "(" && this.#on.has("charset")))
    else if (intermediates !== "") return
    else if (final === "=" || final === ">") this.#set("keypad", final === "=", "\x1b=")
    else if (final === "H") this.#set("tabStops", true)
    else if ("no|}~".includes(final)) this.#set("shifted", true)
    else if (final === "c") this.#forget()
  }

  #onCommand({ body }: StringSequence): void {
    const [, text = "", rest = ""] = /^0*(\d+);?(.*)$/s.exec(textOf(body)) ?? []
    const number = Number(text)
    if (number === 4) this.#paint(rest.split(";"))
    else if (number === 104) this.#unpaint(rest)
    else if (number >= 10 && number <= 19) this.#paintDynamic(number, rest.split(";"))
    else if (number >= 110 && number <= 119) this.#dynamic.delete(number - 100)
    else if (number === 8) this.#set("link", !rest.endsWith(";"))
    else if (number === 9 && rest.startsWith("4;")) this.#set("progress", /^4;[1-4]/.test(rest), `\x1b]9;${rest}\x1b\\`)
    else if (number === 22) this.#set("pointer", rest !== "default", `\x1b]22;${rest}\x1b\\`)
  }

  #paint(pairs: ReadonlyArray<string>): void {
    for (let at = 0; at + 1 < pairs.length; at += 2)
      if (isColour(pairs[at + 1]!) && /^\d{1,3}$/.test(pairs[at]!)) this.#palette.set(Number(pairs[at]), pairs[at + 1]!)
  }

  #unpaint(rest: string): void {
    if (rest === "") this.#palette.clear()
    else for (const index of rest.split(";")) this.#palette.delete(Number(index))
  }

  /** Each further colour belongs to the next number. */
  #paintDynamic(first: number, colours: ReadonlyArray<string>): void {
    for (const [place, colour] of colours.entries()) if (isColour(colour) && first + place <= 19) this.#dynamic.set(first + place, colour)
  }
}

const otherKeys = 4
/** What a program asks for is no colour. */
const isColour = (text: string) => text !== "" && text !== "?"
const outlivesReset: ReadonlySet<Switch> = new Set(["progress", "pointer", "tabStops"])
