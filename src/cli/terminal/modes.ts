/** Follows what an agent switches on in the terminal, and says what takes exactly that back. */
import { type ControlSequence, nameOf, numbersOf, type Sequence, type StringSequence, textOf } from "../../domain/terminal/sequences.ts"

export interface Modes {
  /** Of what reaches the terminal, in order: whole sequences and single controls. */
  readonly sequence: (sequence: Sequence) => void
  readonly control: (code: number) => void
  /** Undoes what is on now; empty when nothing is. */
  readonly restore: () => string
}

/** Private modes (DECSET) that a shell would suffer from, and the state in which they are left. */
const neutral: ReadonlyMap<number, boolean> = new Map([
  [1, false], // application cursor keys
  [5, false], // reverse video
  [6, false], // origin mode
  [7, true], // wrap at the margin
  [9, false], // mouse, X10
  [25, true], // cursor shown
  [45, false],
  [66, false], // application keypad
  [69, false], // margins left and right
  [1000, false], // mouse
  [1002, false],
  [1003, false],
  [1004, false], // focus
  [1005, false],
  [1006, false], // mouse, SGR
  [1015, false],
  [1016, false],
  [2004, false], // bracketed paste
  [2026, false], // synchronised output: left on, the terminal would draw nothing more
  [2027, false], // grapheme clusters
  [2031, false], // colour scheme reports
  [2048, false] // sizes in band
])
/** The alternate screen, under its three numbers. */
const alternate: ReadonlySet<number> = new Set([47, 1047, 1049])

/** Each with what takes it back, in the order in which it is said. */
const switches = {
  otherKeys: "\x1b[>4;0m",
  keypad: "\x1b>",
  inserting: "\x1b[4l",
  newLine: "\x1b[20l",
  shifted: "\x0f",
  charset: "\x1b(B\x1b)B\x1b*B\x1b+B",
  margins: "\x1b7\x1b[r\x1b8",
  tabStops: "\x1b[?5W",
  shape: "\x1b[0 q",
  protection: '\x1b[0"q',
  styled: "\x1b[0m",
  link: "\x1b]8;;\x1b\\",
  palette: "\x1b]104\x1b\\",
  foreground: "\x1b]110\x1b\\",
  background: "\x1b]111\x1b\\",
  cursorColour: "\x1b]112\x1b\\",
  progress: "\x1b]9;4;0\x1b\\",
  pointer: "\x1b]22;default\x1b\\"
} as const
type Switch = keyof typeof switches

/** OSC: which switch it is about, and whether it is on behind it. */
type Change = (rest: string) => readonly [Switch, boolean]
const commands: ReadonlyMap<string, Change> = new Map<string, Change>([
  ["4", () => ["palette", true]],
  ["104", (rest) => ["palette", rest !== ""]],
  ["8", (rest) => ["link", !rest.endsWith(";")]],
  ["10", () => ["foreground", true]],
  ["110", () => ["foreground", false]],
  ["11", () => ["background", true]],
  ["111", () => ["background", false]],
  ["12", () => ["cursorColour", true]],
  ["112", () => ["cursorColour", false]],
  ["9", (rest) => ["progress", /^4;[1-4]/.test(rest)]],
  ["22", (rest) => ["pointer", rest !== "default"]]
])

interface Keys {
  pushed: number
  set: boolean
}

export const modes = (): Modes => {
  const changed = new Map<number, boolean>()
  const on = new Set<Switch>()
  let screen: number | undefined
  // Each of the two screens has a stack of its own.
  const kitty: { readonly main: Keys; readonly alternate: Keys } = {
    main: { pushed: 0, set: false },
    alternate: { pushed: 0, set: false }
  }
  let titled = 0

  const set = (name: Switch, isOn: boolean) => {
    if (isOn) on.add(name)
    else on.delete(name)
  }
  const forget = () => {
    changed.clear()
    screen = undefined
    for (const keys of [kitty.main, kitty.alternate]) Object.assign(keys, { pushed: 0, set: false })
    for (const name of on) if (!outlivesReset.has(name)) on.delete(name)
  }
  const setPrivate = (numbers: ReadonlyArray<number | null>, isOn: boolean) => {
    for (const number of numbers) {
      if (number === null) continue
      if (alternate.has(number)) screen = isOn ? number : undefined
      else if (neutral.get(number) === isOn) changed.delete(number)
      else if (neutral.has(number)) changed.set(number, isOn)
    }
  }
  const onKeys = (name: string, numbers: ReadonlyArray<number | null>) => {
    const keys = screen === undefined ? kitty.main : kitty.alternate
    if (name === ">u") keys.pushed++
    else if (name === "<u") keys.pushed = Math.max(0, keys.pushed - (numbers[0] || 1))
    else if (name === "=u") keys.set = true
  }
  const onControl = (sequence: ControlSequence) => {
    const name = nameOf(sequence)
    const numbers = numbersOf(sequence)
    if (name === "?h" || name === "?l") setPrivate(numbers, name === "?h")
    else if (name.endsWith("u")) onKeys(name, numbers)
    else if (name === ">m") set("otherKeys", numbers[0] === 4 && (numbers[1] ?? 0) > 0)
    else if (name === "m") set("styled", !/^[0;]*$/.test(sequence.parameters))
    else if (name === "r") set("margins", sequence.parameters !== "")
    else if (name === " q") set("shape", (numbers[0] ?? 0) !== 0)
    else if (name === '"q') set("protection", numbers[0] === 1)
    else if (name === "g") on.add("tabStops")
    else if (name === "?W") on.delete("tabStops")
    else if (name === "h" || name === "l") {
      if (numbers.includes(4)) set("inserting", name === "h")
      if (numbers.includes(20)) set("newLine", name === "h")
    } else if (name === "t") titled = Math.max(0, titled + (numbers[0] === 22 ? 1 : -1))
    else if (name === "!p") forget()
  }
  const onEscape = (intermediates: string, final: string) => {
    if (/^[()*+]/.test(intermediates)) set("charset", final !== "B" || (intermediates !== "(" && on.has("charset")))
    else if (intermediates !== "") return
    else if (final === "=" || final === ">") set("keypad", final === "=")
    else if (final === "H") on.add("tabStops")
    else if ("no|}~".includes(final)) on.add("shifted")
    else if (final === "c") forget()
  }
  const onCommand = ({ body }: StringSequence) => {
    const [, number = "", rest = ""] = /^0*(\d+);?(.*)$/s.exec(textOf(body)) ?? []
    const about = commands.get(number)?.(rest)
    if (about !== undefined) set(...about)
  }

  return {
    sequence: (sequence) => {
      if (sequence.kind === "csi") onControl(sequence)
      else if (sequence.kind === "escape") onEscape(sequence.intermediates, sequence.final)
      else if (sequence.kind === "osc") onCommand(sequence)
    },
    control: (code) => {
      if (code === 0x0e || code === 0x0f) set("shifted", code === 0x0e)
    },
    restore: () => {
      const parts: Array<string> = []
      for (const [number, isOn] of changed) parts.push(`\x1b[?${number}${isOn ? "l" : "h"}`)
      parts.push(keysBack(screen === undefined ? kitty.main : kitty.alternate))
      for (const [name, back] of Object.entries(switches)) if (on.has(name as Switch)) parts.push(back)
      for (let left = titled; left > 0; left--) parts.push("\x1b[23t")
      if (screen !== undefined) parts.push(`\x1b[?${screen}l`, keysBack(kitty.main))
      return parts.join("")
    }
  }
}

/** A reset of the terminal leaves colours as they are, in most of them. */
const outlivesReset: ReadonlySet<Switch> = new Set([
  "palette",
  "foreground",
  "background",
  "cursorColour",
  "progress",
  "pointer",
  "tabStops"
])

const keysBack = ({ pushed, set }: Readonly<Keys>): string => (pushed > 0 ? `\x1b[<${pushed}u` : "") + (set || pushed > 0 ? "\x1b[=0u" : "")
