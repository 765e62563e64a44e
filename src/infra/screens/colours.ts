/** The colours of a terminal that no program has painted: white on black and xterm's palette, until the program sets others. */
import type { Terminal } from "@xterm/headless"
import type { TerminalColours } from "../../domain/terminal/terminal-colours.ts"

type Rgb = readonly [number, number, number]

/** What xterm's parser reports of OSC 4, 10, 11, 12 and their resets. Above the palette lie foreground, background and cursor. */
interface ColourRequest {
  readonly type: 0 | 1 | 2
  readonly index?: number
  readonly color?: Rgb
}
interface Internals {
  readonly _inputHandler: { readonly onColor: (listener: (requests: ReadonlyArray<ColourRequest>) => void) => void }
}

const report = 0
const set = 1
const firstSpecial = 256

/** `own`: of the terminal that a person sees, where it has reported them. */
export const answerColours = (terminal: Terminal, own: () => TerminalColours, answer: (text: string) => void): void => {
  const changed = new Map<number, Rgb>()
  const { _inputHandler: parser } = (terminal as unknown as { readonly _core: Internals })._core
  parser.onColor((requests) => {
    for (const { color, index, type } of requests) {
      if (index === undefined) for (const each of [...changed.keys()]) each < firstSpecial && changed.delete(each)
      else if (type === report) answer(spelled(index, hexOf(changed.get(index)) ?? ownColour(own(), index) ?? hexOf(standard(index))!))
      else if (type === set && color !== undefined) changed.set(index, color)
      else changed.delete(index)
    }
  })
}

const ownColour = ({ background, cursor, foreground, palette }: TerminalColours, index: number): string | null =>
  (index < firstSpecial ? palette?.[index] : [foreground, background, cursor][index - firstSpecial]) ?? null

const hexOf = (rgb: Rgb | undefined): string | null =>
  rgb === undefined ? null : rgb.map((part) => part.toString(16).padStart(2, "0").repeat(2)).join("/")

/** Mode 2031 and its question know two: 1 is dark. */
export const schemeOf = ({ background }: TerminalColours): 1 | 2 => {
  const [red = 0, green = 0, blue = 0] = (background ?? "").split("/").map((part) => Number.parseInt(part, 16) || 0)
  return 0.299 * red + 0.587 * green + 0.114 * blue > 0x7fff ? 2 : 1
}

const spelled = (index: number, rgb: string) => {
  const name = index < firstSpecial ? `4;${index}` : `${10 + index - firstSpecial}`
  return `\x1b]${name};rgb:${rgb}\x1b\\`
}

/** Sixteen names, a cube of six steps a side, a ramp of greys. */
const standard = (index: number): Rgb => {
  if (index >= firstSpecial) return index === firstSpecial + 1 ? [0, 0, 0] : [255, 255, 255]
  if (index < 16) return named[index]!
  if (index >= 232) return [8 + 10 * (index - 232), 8 + 10 * (index - 232), 8 + 10 * (index - 232)]
  const step = (place: number) => [0, 95, 135, 175, 215, 255][Math.floor((index - 16) / place) % 6]!
  return [step(36), step(6), step(1)]
}

const named: ReadonlyArray<Rgb> = [
  ...[[0, 0, 0] as const, [205, 0, 0] as const, [0, 205, 0] as const, [205, 205, 0] as const],
  ...[[0, 0, 238] as const, [205, 0, 205] as const, [0, 205, 205] as const, [229, 229, 229] as const],
  ...[[127, 127, 127] as const, [255, 0, 0] as const, [0, 255, 0] as const, [255, 255, 0] as const],
  ...[[92, 92, 255] as const, [255, 0, 255] as const, [0, 255, 255] as const, [255, 255, 255] as const]
]
