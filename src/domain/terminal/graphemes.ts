/** How code points join to clusters (UAX #29), and how many columns a cluster takes: the screens and the command line count alike. */
import { widthTable } from "./width-table.ts"

/** What a code point does to its neighbours. `extendAlone` ends a conjunct. */
export const kinds = {
  ...{ other: 0, control: 1, extend: 2, linker: 3, joiner: 4, spacing: 5, prepend: 6, regional: 7 },
  ...{ leading: 8, vowel: 9, trailing: 10, syllable: 11, closedSyllable: 12, pictograph: 13, consonant: 14, extendAlone: 15 }
} as const

/** After a code point: its kind, and what the cluster so far is open for. Fits in 10 bits. */
export type GraphemeState = number

export interface Step {
  readonly state: GraphemeState
  /** It belongs to the cluster before it. */
  readonly joins: boolean
  /** Columns of its cluster so far: 1 or 2. */
  readonly width: number
}

const kindBits = 15
const oddRegional = 16
/** A pictograph with what extends it; then with a joiner behind. */
const pictograph = 32
const pictographJoined = 64
/** A consonant; then with a linker behind. */
const consonant = 128
const consonantLinked = 256
const emoji = 512

/** `state` and `width`: of the code point before; null: something else came between. */
export const step = (code: number, before: { readonly state: GraphemeState; readonly width: number } | null): Step => {
  const value = valueOf(code)
  const kind = code === softHyphen ? kinds.other : value >> 2
  const own = 1 + (value & 1)
  const state = before?.state ?? 0
  const joins = before !== null && isJoined(state, kind)
  const next = kind | (value & 2 ? emoji : 0) | openFor(joins ? state : 0, kind)
  if (!joins || before === null) return { state: next, joins: false, width: own }
  const isWidened =
    kind === kinds.regional || kind === kinds.consonant || (code === emojiPresentation && (state & emoji) !== 0) || before.width === 2
  return { state: code === emojiPresentation ? next & ~emoji : next, joins, width: isWidened ? 2 : own }
}

const emojiPresentation = 0xfe0f
/** Drawn by terminals, though Unicode has it drawn at line ends alone. */
const softHyphen = 0xad

const isJoined = (state: GraphemeState, kind: number): boolean => {
  const last = state & kindBits
  // What is not drawn has no cell of its own: it stands in the one before, as in xterm.
  if (kind === kinds.control || last === kinds.control) return kind === kinds.control
  if ((kind >= kinds.extend && kind <= kinds.spacing) || kind === kinds.extendAlone || last === kinds.prepend) return true
  switch (kind) {
    case kinds.regional:
      return (state & oddRegional) !== 0
    case kinds.pictograph:
      return (state & pictographJoined) !== 0
    case kinds.consonant:
      return (state & consonantLinked) !== 0
    case kinds.leading:
    case kinds.syllable:
    case kinds.closedSyllable:
      return last === kinds.leading
    case kinds.vowel:
      return last === kinds.leading || last === kinds.vowel || last === kinds.syllable
    case kinds.trailing:
      return last >= kinds.vowel && last <= kinds.closedSyllable
    default:
      return false
  }
}

const openFor = (state: GraphemeState, kind: number): number => {
  switch (kind) {
    case kinds.regional:
      return state & oddRegional ? 0 : oddRegional
    case kinds.pictograph:
      return pictograph
    case kinds.consonant:
      return consonant
    case kinds.linker:
      return (state & pictograph) | (state & (consonant | consonantLinked) ? consonantLinked : 0)
    case kinds.extend:
      return state & (pictograph | consonant | consonantLinked)
    case kinds.extendAlone:
      return state & pictograph
    case kinds.joiner:
      return (state & pictograph ? pictographJoined : 0) | (state & (consonant | consonantLinked))
    default:
      return 0
  }
}

const blockSize = 256
const blocks = new Map<number, Uint8Array>()
let starts: ReadonlyArray<readonly [from: number, value: number]> | null = null

/** The kind in the upper bits; then whether it is drawn as an emoji where that is asked for; then whether it is wide. */
const valueOf = (code: number): number => {
  const number = code >> 8
  let block = blocks.get(number)
  if (block === undefined) {
    block = blockOf(number * blockSize)
    blocks.set(number, block)
  }
  return block[code & (blockSize - 1)]!
}

const blockOf = (first: number): Uint8Array => {
  starts ??= readTable()
  let at = starts.findLastIndex(([from]) => from <= first)
  return Uint8Array.from({ length: blockSize }, (_, place) => {
    while (at + 1 < starts!.length && starts![at + 1]![0] <= first + place) at++
    return starts![at]?.[1] ?? 0
  })
}

const readTable = () => {
  let from = 0
  return widthTable.split(" ").map((run) => {
    const [distance = "", value = ""] = run.split(".")
    from += Number.parseInt(distance, 36)
    return [from, Number.parseInt(value, 36)] as const
  })
}
