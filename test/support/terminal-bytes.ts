/** Bytes that a terminal may get from a hostile program: made of a grammar, and cut, joined and spoilt by chance. The same for the same seed. */

import { queries } from "./terminal-queries.ts"

/** Mulberry32. */
export const chance = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}

type Next = () => number
const below = (next: Next, count: number) => Math.floor(next() * count)
const one = <A>(next: Next, all: ReadonlyArray<A>): A => all[below(next, all.length)]!
const many = (next: Next, most: number, make: () => string) => Array.from({ length: below(next, most + 1) }, make).join("")

const numbers = [
  "",
  "0",
  "1",
  "2",
  "4",
  "5",
  "6",
  "8",
  "14",
  "18",
  "21",
  "22",
  "25",
  "47",
  "1049",
  "2004",
  "00",
  "0006",
  "999",
  "65536",
  "2147483647",
  "99999999999999999999"
]
const separators = [";", ";", ";", ":", ";;"]
const texts = ["plain text", "é", "漢字", "👩‍👩‍👧‍👦", "e\u0301\u0301", "\u202e", "\u200d", "ᄀᄀ", "\u0000", "\u007f", "x".repeat(300)]
const questions = Object.values(queries)
const controls = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code))
const finals = Array.from({ length: 63 }, (_, place) => String.fromCharCode(0x40 + place))
const intermediates = [..." !\"#$%&'()*+,-./"]
const ends = ["\x07", "\x1b\\", "\u009c", "\x18", "\x1a", "\x1b", ""]
const commands = [
  "0;title",
  "2;t",
  "4;1;?",
  "8;;http://a/",
  "9;hello",
  "10;?",
  "11;#123456",
  "52;c;?",
  "52;c;YQ==",
  "7501;?",
  "1337;File=:AA",
  "99;i=1:p=?;"
]

const parameters = (next: Next) =>
  one(next, numbers) + (below(next, 2) === 0 ? "" : many(next, 6, () => one(next, separators) + one(next, numbers)))

const pieces: ReadonlyArray<(next: Next) => string> = [
  (next) => one(next, questions),
  (next) => one(next, texts),
  (next) => one(next, texts),
  (next) => one(next, controls),
  (next) => one(next, ["\r\n", "\n", "\t", "\b"]),
  (next) =>
    `\x1b[${one(next, ["", "", "", "?", ">", "<", "="])}${parameters(next)}${many(next, 1, () => one(next, intermediates))}${one(next, finals)}`,
  (next) => `\x1b[${one(next, numbers)}${one(next, controls)}${one(next, numbers)}${one(next, finals)}`,
  (next) => `\u009b${parameters(next)}${one(next, finals)}`,
  (next) => `\x1b${many(next, 2, () => one(next, intermediates))}${String.fromCharCode(0x30 + below(next, 0x4f))}`,
  (next) => `\x1b]${one(next, commands)}${one(next, ends)}`,
  (next) =>
    `\x1b${one(next, [..."P_^Xk]"])}${one(next, ["", "$qm", "+q544e", "Ga=q;", "q#0!9~", "1$r"])}${many(next, 3, () => one(next, texts))}${one(next, ends)}`,
  (next) => `\x1b]${one(next, commands)}${"x".repeat(below(next, 20_000))}${one(next, ends)}`,
  (next) => String.fromCharCode(0x80 + below(next, 0x20))
]

/** About so many bytes. Some are no UTF-8. */
export const terminalBytes = (next: Next, length: number): Uint8Array => {
  const parts: Array<Buffer> = []
  for (let made = 0; made < length; ) {
    const part =
      below(next, 20) === 0
        ? Buffer.from(Array.from({ length: 1 + below(next, 8) }, () => below(next, 256)))
        : Buffer.from(one(next, pieces)(next))
    parts.push(part)
    made += part.length
  }
  return Buffer.concat(parts)
}

/** In pieces of any length. */
export const cutAnywhere = (next: Next, bytes: Uint8Array): ReadonlyArray<Uint8Array> => {
  const cuts: Array<Uint8Array> = []
  for (let at = 0; at < bytes.length; ) {
    const length = below(next, 4) === 0 ? 1 : 1 + below(next, 5_000)
    cuts.push(bytes.subarray(at, at + length))
    at += length
  }
  return cuts
}
