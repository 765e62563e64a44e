/** The questions that programs put to their terminal, found in bytes as they come: each once, at its exact place. */

/** From its first byte to behind its last, counted from the beginning of the output. */
export interface TerminalQuery {
  readonly from: number
  readonly to: number
}

/** `from`: the offset of the first byte that will be given. Chunks may end anywhere, also within a query. */
export const makeQueryReader = (from: number) => {
  const sift = makeSieve()
  let offset = from
  return (chunk: Uint8Array): ReadonlyArray<TerminalQuery> => {
    const { bytes, queries } = sift(chunk)
    offset += chunk.length
    if (queries.length === 0) return queries
    const start = offset - bytes.length
    return queries.map(({ from, to }) => ({ from: start + from, to: start + to }))
  }
}

/** Takes the queries out of a stream; a beginning that may become one waits until more has come. What is no query stays as it is. */
export const makeQueryFilter = () => {
  const sift = makeSieve()
  return (chunk: Uint8Array): Uint8Array => {
    const { bytes, queries, settled } = sift(chunk)
    if (queries.length === 0) return settled === bytes.length ? bytes : bytes.subarray(0, settled)
    const pieces: Array<Uint8Array> = []
    let at = 0
    for (const { from, to } of queries) {
      pieces.push(bytes.subarray(at, from))
      at = to
    }
    pieces.push(bytes.subarray(at, settled))
    return joined(pieces)
  }
}

/** `bytes`: the chunk, after what was carried to it. Those from `settled` on are carried to the next. */
interface Sifted {
  readonly bytes: Uint8Array
  readonly queries: ReadonlyArray<TerminalQuery>
  readonly settled: number
}

/** A sequence that is longer is no query: the longest asks for a whole palette. */
const longestQuery = 8_192
const none: ReadonlyArray<TerminalQuery> = []

const makeSieve = () => {
  let carried: Uint8Array | null = null
  return (chunk: Uint8Array): Sifted => {
    const bytes = carried === null ? chunk : joined([carried, chunk])
    carried = null
    let queries: Array<TerminalQuery> | null = null
    // In a flood of plain text this loop is one search of native code.
    for (let place = nextEscape(bytes, 0); place >= 0; ) {
      const to = queryAt(bytes, place)
      if (to === unfinished && bytes.length - place <= longestQuery) {
        // A copy: whoever gave the chunk may use its memory again.
        carried = new Uint8Array(bytes.subarray(place))
        return { bytes, queries: queries ?? none, settled: place }
      }
      if (to > 0) {
        queries ??= []
        queries.push({ from: place, to })
      }
      place = nextEscape(bytes, to > 0 ? to : place + 1)
    }
    return { bytes, queries: queries ?? none, settled: bytes.length }
  }
}

/** Where colours change every few letters, looking is faster than calling. */
const nextEscape = (bytes: Uint8Array, from: number): number => {
  const near = Math.min(bytes.length, from + nearBytes)
  for (let at = from; at < near; at += 1) if (bytes[at] === escape) return at
  return near === bytes.length ? -1 : bytes.indexOf(escape, near)
}
const nearBytes = 32
const escape = 0x1b
const notOne = 0
const unfinished = -1

/** The end of the query that begins at the escape, or one of the two above. */
const queryAt = (bytes: Uint8Array, place: number): number => {
  switch (bytes[place + 1]) {
    case undefined:
      return unfinished
    case 0x5b: // [
      return controlQuery(bytes, place)
    case 0x5d: // ]
      return commandQuery(bytes, place)
    case 0x50: // P
      return deviceQuery(bytes, place)
    case 0x5f: // _
      return graphicsQuery(bytes, place)
    case 0x5a: // Z: DECID, the oldest of them
      return place + 2
    default:
      return notOne
  }
}

const longestControl = 32
const questionMark = 0x3f
/** `m`, by far the most frequent. */
const colours = 0x6d

/** CSI. Looked at by its last byte first, since nearly all that come are colours and movements. */
const controlQuery = (bytes: Uint8Array, place: number): number => {
  let at = place + 2
  while (at < bytes.length && bytes[at]! >= 0x20 && bytes[at]! < 0x40) at += 1
  if (at - place > longestControl) return notOne
  if (at === bytes.length) return unfinished
  const final = bytes[at]!
  if (final === colours && bytes[place + 2] !== questionMark) return notOne
  const asks = controlQueries.get(final)
  return asks?.test(textOf(bytes, place + 2, at)) === true ? at + 1 : notOne
}

/** By final byte, what stands before it. Exactly the questions: the answers look much like them, and may be echoed. */
const controlQueries: ReadonlyMap<number, RegExp> = new Map(
  Object.entries({
    // DA1, DA2, DA3
    c: /^[>=]?0?$/,
    // DSR, CPR, and DEC's: of the printer, the keys, the locator, …, the colour scheme
    n: /^(?:[56]|\?(?:6|15|25|26|53|55|56|62|63|75|85|996))$/,
    // DECRQM
    p: /^\??\d+\$$/,
    // XTVERSION
    q: /^>0?$/,
    // Kitty's keyboard
    u: /^\?$/,
    // XTWINOPS: state, place and sizes of the window, its title
    t: /^(?:11|1[34](?:;2)?|15|16|18|19|20|21)$/,
    // DECREQTPARM
    x: /^[01]?$/,
    // XTQMODKEYS
    m: /^\?\d+$/,
    // XTSMGRAPHICS
    S: /^\?\d+;[14](?:;[\d;]*)?$/,
    // DECRQPSR
    w: /^[12]\$$/,
    // DECRQCRA
    y: /^[\d;]*\*$/
  }).map(([final, asks]) => [final.charCodeAt(0), asks])
)

/** OSC: number, semicolon, and a question mark where a value would stand. */
const commandQuery = (bytes: Uint8Array, place: number): number => {
  let at = place + 2
  while (at < bytes.length && isDigit(bytes[at]!)) at += 1
  if (at - place > 6) return notOne
  if (at === bytes.length) return unfinished
  const asks = commandQueries.get(textOf(bytes, place + 2, at))
  if (asks === undefined || bytes[at] !== semicolon) return notOne
  const end = stringEnd(bytes, at + 1)
  if (end <= 0) return end
  return asks.test(textOf(bytes, at + 1, bodyEnd(bytes, end))) ? end : notOne
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

/** DCS: DECRQSS and XTGETTCAP. */
const deviceQuery = (bytes: Uint8Array, place: number): number => {
  const [kind, letter] = [bytes[place + 2], bytes[place + 3]]
  if (kind === undefined) return unfinished
  if (kind !== 0x24 && kind !== 0x2b) return notOne
  if (letter === undefined) return unfinished
  return letter === 0x71 ? stringEnd(bytes, place + 4) : notOne
}

const longestKeys = 512

/** APC G: Kitty's graphics, where the keys before the payload say `a=q`. */
const graphicsQuery = (bytes: Uint8Array, place: number): number => {
  if (place + 2 === bytes.length) return unfinished
  if (bytes[place + 2] !== 0x47) return notOne
  let at = place + 3
  while (at < bytes.length && bytes[at]! > escape && bytes[at] !== semicolon) at += 1
  if (at - place > longestKeys) return notOne
  if (at === bytes.length) return unfinished
  return /(?:^|,)a=q(?:,|$)/.test(textOf(bytes, place + 3, at)) ? stringEnd(bytes, at) : notOne
}

const semicolon = 0x3b
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39

/** Behind the ST or BEL that ends a string; none where something else breaks it off. */
const stringEnd = (bytes: Uint8Array, from: number): number => {
  const last = Math.min(bytes.length, from + longestQuery)
  for (let at = from; at < last; at += 1) {
    const byte = bytes[at]!
    if (byte > escape) continue
    if (byte === 0x07) return at + 1
    if (byte === 0x18 || byte === 0x1a) return notOne
    if (byte !== escape) continue
    if (at + 1 === bytes.length) return unfinished
    return bytes[at + 1] === 0x5c ? at + 2 : notOne
  }
  return last === bytes.length ? unfinished : notOne
}

const bodyEnd = (bytes: Uint8Array, end: number) => (bytes[end - 1] === 0x07 ? end - 1 : end - 2)

const textOf = (bytes: Uint8Array, from: number, to: number) => latin1.decode(bytes.subarray(from, to))
const latin1 = new TextDecoder("latin1")

const joined = (pieces: ReadonlyArray<Uint8Array>): Uint8Array => {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
