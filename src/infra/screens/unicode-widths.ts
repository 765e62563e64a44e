/** Gives xterm the one table of how code points join and how wide they are, by which the command line counts too. */
import type headless from "@xterm/headless"
import { step } from "../../domain/terminal/graphemes.ts"

/** xterm keeps of a code point: 1 where it joins with the one before, its width from the second bit on, and the state behind these. */
const joinsBit = 1
const widthShift = 1
const stateShift = 3

const packed = (state: number, width: number, joins: boolean): number =>
  (state << stateShift) | (width << widthShift) | (joins ? joinsBit : 0)

const widths = {
  version: "17-graphemes",
  wcwidth: (code: number) => step(code, null).width as 1 | 2,
  charProperties: (code: number, before: number): number => {
    const { joins, state, width } = step(code, before === 0 ? null : { state: before >> stateShift, width: (before >> widthShift) & 3 })
    return packed(state, width, joins)
  }
}

export const useUnicodeWidths = (terminal: headless.Terminal): void => {
  terminal.unicode.register(widths as headless.IUnicodeVersionProvider)
  terminal.unicode.activeVersion = widths.version
}
