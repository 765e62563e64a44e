/** What a terminal without a window says to the questions that xterm leaves open: what is true of it, and a plain no otherwise. */
import type { Terminal } from "@xterm/headless"
import type { Switches } from "../../domain/terminal/switches.ts"
import type { TerminalColours } from "../../domain/terminal/terminal-colours.ts"
import { answerColours, schemeOf } from "./colours.ts"
import { answerReports } from "./reports.ts"

/** No client has pixels here: what a program makes of them fits a cell of the usual shape, which is better than a cell of none. */
const cell = { width: 8, height: 16 }
const esc = "\x1b"
const csi = `${esc}[`

/** Without these xterm asks no handler about the size of its window and the stack of its titles. */
export const windowOptions = {
  pushTitle: true,
  popTitle: true,
  getWinSizePixels: true,
  getCellSizePixels: true,
  getWinSizeChars: true,
  getScreenSizeChars: true
}

/**
 * xterm itself answers for device attributes (DA1, DA2), status and cursor (DSR, CPR) and modes (DECRQM). Unanswered stays what
 * counts as a yes when it is answered (Kitty's graphics), what would give a person's things away (the clipboard, the title), and
 * what no program waits for.
 */
export const answerQueries = (
  terminal: Terminal,
  switches: Switches,
  colours: () => TerminalColours,
  answer: (text: string) => void
): void => {
  const { parser } = terminal
  terminal.onData(answer)
  answerColours(terminal, colours, answer)
  answerReports(terminal, () => switches.shape, answer)
  parser.registerCsiHandler({ prefix: ">", final: "q" }, () => said(`${esc}P>|Reprise${esc}\\`))
  parser.registerCsiHandler({ prefix: "?", final: "u" }, () => said(`${csi}?${switches.keyboardFlags}u`))
  parser.registerCsiHandler({ prefix: "?", final: "n" }, ([kind]) => kind === 996 && said(`${csi}?997;${schemeOf(colours())}n`))
  parser.registerCsiHandler({ prefix: "?", final: "S" }, ([item]) => said(`${csi}?${item};3;0S`))
  parser.registerCsiHandler({ final: "t" }, ([kind]) => {
    const { cols, rows } = terminal
    if (kind === 14) return said(`${csi}4;${rows * cell.height};${cols * cell.width}t`)
    if (kind === 16) return said(`${csi}6;${cell.height};${cell.width}t`)
    if (kind === 18) return said(`${csi}8;${rows};${cols}t`)
    return kind === 19 && said(`${csi}9;${rows};${cols}t`)
  })
  // Reverse video: the whole screen is the person's own to show, and the program's to ask for.
  parser.registerCsiHandler(
    { prefix: "?", intermediates: "$", final: "p" },
    ([mode]) => mode === 5 && said(`${csi}?5;${switches.isOn(5) ? 1 : 2}$y`)
  )
  parser.registerEscHandler({ final: "Z" }, () => said(`${csi}?1;2c`))
  parser.registerDcsHandler({ intermediates: "+", final: "q" }, (names) =>
    said(`${esc}P0+r${names.replaceAll(/[^0-9A-Fa-f;]/g, "")}${esc}\\`)
  )

  /** True: no other handler has to look at it. */
  function said(text: string): true {
    answer(text)
    return true
  }
}
