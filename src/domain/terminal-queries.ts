/** The questions that programs put to their terminal, found in bytes as they come: each once, at its exact place. */
import { Scanner } from "./terminal/scanner.ts"
import { type ControlSequence, clamped, nameOf, type Place, type Sequence, type StringSequence, textOf } from "./terminal/sequences.ts"

export type TerminalQuery = Place

/** `from`: the offset of the first byte that will be given. Chunks may end anywhere, also within a query. */
export const makeQueryReader = (from: number) => {
  let found: Array<TerminalQuery> = []
  const scanner = new Scanner(
    {
      sequence: (sequence) => {
        if (isQuery(sequence)) found.push({ from: sequence.from, to: sequence.to })
      },
      passes: passesQuietly
    },
    { from }
  )
  return (chunk: Uint8Array): ReadonlyArray<TerminalQuery> => {
    scanner.push(chunk)
    if (found.length === 0) return none
    const queries = found
    found = []
    return queries
  }
}

const none: ReadonlyArray<TerminalQuery> = []
const questionMark = 0x3f

/** Nearly all control sequences are colours and movements. */
export const passesQuietly = (final: number, first: number): boolean => !asking.has(final) || (final === 0x6d && first !== questionMark)

export const isQuery = (sequence: Sequence): boolean => {
  switch (sequence.kind) {
    case "csi":
      return asksByControl(sequence)
    case "osc":
      return asksByCommand(sequence)
    // DECRQSS and XTGETTCAP
    case "dcs":
      return /^[$+]q/.test(textOf(sequence.body))
    // Kitty's graphics, where the keys before the payload say `a=q`
    case "apc":
      return /^G(?:[^;]*,)?a=q(?:[,;]|$)/.test(textOf(sequence.body))
    // DECID, the oldest of them
    case "escape":
      return sequence.intermediates === "" && sequence.final === "Z"
    default:
      return false
  }
}

/** By what distinguishes the sequence, its parameters. Exactly the questions: the answers look much like them, and may be echoed. */
const controlQueries: Readonly<Record<string, RegExp>> = {
  // DA1, DA2, DA3
  c: /^0?$/,
  ">c": /^0?$/,
  "=c": /^0?$/,
  // DSR, CPR, and DEC's: of the printer, the keys, the locator, …, the colour scheme
  n: /^[56]$/,
  "?n": /^(?:6|15|25|26|53|55|56|62|63|75|85|996)$/,
  // DECRQM
  $p: /^\d+$/,
  "?$p": /^\d+$/,
  // XTVERSION
  ">q": /^0?$/,
  // Kitty's keyboard
  "?u": /^$/,
  // XTWINOPS: state, place and sizes of the window, its title
  t: /^(?:11|1[34](?:;2)?|15|16|18|19|20|21)$/,
  // DECREQTPARM
  x: /^[01]?$/,
  // XTQMODKEYS
  "?m": /^\d+$/,
  // XTSMGRAPHICS
  "?S": /^\d+;[14](?:;[\d;]*)?$/,
  // DECRQPSR
  $w: /^[12]$/,
  // DECRQCRA
  "*y": /^[\d;]*$/,
  // XTREPORTSGR and XTREPORTCOLORS
  "#|": /^[\d;]*$/,
  "#R": /^$/
}
const asking: ReadonlySet<number> = new Set(Object.keys(controlQueries).map((name) => name.charCodeAt(name.length - 1)))

const asksByControl = (sequence: ControlSequence): boolean => controlQueries[nameOf(sequence)]?.test(clamped(sequence.parameters)) === true

/** OSC: number, semicolon, and a question mark where a value would stand. */
const asksByCommand = ({ body }: StringSequence): boolean => {
  const [, number = "", rest = ""] = /^0*(\d{1,4});(.*)$/s.exec(textOf(body)) ?? []
  return commandQueries.get(number)?.test(rest) === true
}

const valueAsked = /(?:^|;)\?(?:;|$)/
const commandQueries: ReadonlyMap<string, RegExp> = new Map([
  ...["4", "5", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19"].map((number) => [number, valueAsked] as const),
  // Kitty's colours, pointer shapes and notifications
  ["21", /=\?(?:;|$)/],
  ["22", /^\?/],
  ["99", /(?:^|[:;])p=\?/],
  // The clipboard
  ["52", /;\?$/],
  ["1337", /^(?:ReportCellSize|ReportVariable=|Capabilities$)/],
  // The Program Status Protocol
  ["7501", /^\?$/]
])
