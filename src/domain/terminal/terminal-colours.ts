/** The colours of a person's terminal, as it reports them, and the question that it is asked for them. */
import { Schema } from "effect"

/** Red, green and blue, four hexadecimal digits each. */
export const Colour = Schema.String.check(Schema.isPattern(/^[0-9a-f]{4}(?:\/[0-9a-f]{4}){2}$/))

/** `palette`: by index, 0 to 15. */
export const TerminalColours = Schema.Struct({
  foreground: Schema.optionalKey(Colour),
  background: Schema.optionalKey(Colour),
  cursor: Schema.optionalKey(Colour),
  palette: Schema.optionalKey(Schema.Array(Schema.NullOr(Colour)).check(Schema.isMaxLength(16)))
})
export type TerminalColours = typeof TerminalColours.Type

/** For a session to which no client has attached yet. */
export const lightColours: TerminalColours = { foreground: "0000/0000/0000", background: "ffff/ffff/ffff", cursor: "0000/0000/0000" }

const esc = "\x1b"
const st = `${esc}\\`

/** Every terminal answers the last question: what comes behind its answer is typed. */
export const colourQuestion = `${[10, 11, 12].map((number) => `${esc}]${number};?${st}`).join("")}${Array.from(
  { length: 16 },
  (_, index) => `${esc}]4;${index};?${st}`
).join("")}${esc}[c`

const answer =
  /\x1b\](?:(1[0-2])|4;(\d{1,2}));rgba?:([0-9a-fA-F]{1,4})\/([0-9a-fA-F]{1,4})\/([0-9a-fA-F]{1,4})(?:\/[0-9a-fA-F]{1,4})?(?:\x07|\x1b\\)/g
const attributes = /\x1b\[\?[\d;]*c/
/** What may become an answer. */
const unfinished = /\x1b(?:\](?:1[0-2]?|4)?(?:[;\d:/rgbaA-Fa-f]*\x1b?)?|\[(?:\?[\d;]*)?)?$/

export interface ColourReader {
  /** What of these bytes the person typed. */
  readonly typed: (bytes: Uint8Array) => Uint8Array
  /** What looked like the beginning of an answer, and was not gone on with: a key that a person pressed. */
  readonly flush: () => Uint8Array
}

/** Takes the answers out of what a terminal types, until the last has come. Called with all colours that are known, at each that is new. */
export const colourReader = (found: (colours: TerminalColours, isLast: boolean) => void): ColourReader => {
  let isOver = false
  let held = ""
  const palette: Array<string | null> = Array.from({ length: 16 }, () => null)
  let colours: TerminalColours = {}
  return {
    flush: () => {
      const bytes = Buffer.from(held, "latin1")
      held = ""
      return bytes
    },
    typed: (bytes) => {
      if (isOver) return bytes
      let hasNew = false
      let text = (held + Buffer.from(bytes).toString("latin1")).replaceAll(answer, (_, dynamic, index, ...parts: ReadonlyArray<string>) => {
        const colour = parts.slice(0, 3).map(widened).join("/")
        if (index !== undefined && Number(index) < 16) palette[Number(index)] = colour
        colours = {
          ...colours,
          ...(dynamic === undefined ? {} : { [names[dynamic as keyof typeof names]]: colour }),
          palette: [...palette]
        }
        hasNew = true
        return ""
      })
      const isLast = attributes.test(text)
      text = text.replace(attributes, "")
      if (hasNew || isLast) found(colours, isLast)
      isOver = isLast
      held = isLast ? "" : (unfinished.exec(text)?.[0] ?? "")
      return Buffer.from(text.slice(0, text.length - held.length), "latin1")
    }
  }
}

const names = { "10": "foreground", "11": "background", "12": "cursor" } as const
/** Of one to four digits, which say so many parts of the whole. */
const widened = (digits: string): string =>
  Math.round((Number.parseInt(digits, 16) * 0xffff) / (16 ** digits.length - 1))
    .toString(16)
    .padStart(4, "0")
