/** Streams as programs print them, made by chance of whole sequences, texts and controls: the same for the same seed, and easy to shorten. */

type Next = () => number
const below = (next: Next, count: number) => Math.floor(next() * count)
export const oneOf = <A>(next: Next, all: ReadonlyArray<A>): A => all[below(next, all.length)]!

const csi = "\x1b["
const texts = [
  ...[
    "a",
    "word ",
    "plain text",
    "x".repeat(37),
    "0123456789".repeat(9),
    "漢字",
    "한국어",
    "é",
    "e\u0301",
    "🙂",
    "👩‍💻",
    "👍🏽",
    "🇩🇪",
    "❤️",
    "│─┌",
    "漢".repeat(45)
  ]
]
const moves = [..."ABCDEFG`ade"]
const colours = [
  "31",
  "42",
  "1",
  "2",
  "3",
  "4",
  "5",
  "7",
  "9",
  "0",
  "",
  "22",
  "27",
  "39",
  "49",
  "38;5;200",
  "48;5;22",
  "38;2;1;2;3",
  "48;2;9;8;7",
  "90",
  "107",
  "4:3",
  "58:5:3",
  "1;4;35;44",
  "53"
]

/** What moves, erases, scrolls, styles and switches; `rare` is what few terminals agree on. */
const common: ReadonlyArray<(next: Next) => string> = [
  (next) => oneOf(next, texts),
  (next) => oneOf(next, texts),
  (next) => oneOf(next, texts),
  (next) => oneOf(next, ["\r\n", "\n", "\r", "\b", "\t", "\r\n", "\x0b"]),
  (next) => `${csi}${oneOf(next, ["", "1", "2", "3", "7", "40", "999"])}${oneOf(next, moves)}`,
  (next) => `${csi}${1 + below(next, 12)};${1 + below(next, 45)}H`,
  (next) => `${csi}${oneOf(next, colours)}m`,
  (next) => `${csi}${oneOf(next, colours)}m`,
  (next) => `${csi}${oneOf(next, ["", "0", "1", "2"])}${oneOf(next, ["J", "K"])}`,
  (next) => `${csi}${oneOf(next, ["", "1", "2", "5", "60"])}${oneOf(next, [..."@PXLMST"])}`,
  (next) => `${csi}${oneOf(next, ["r", "2;6r", "3;8r", "1;4r", "5;10r"])}`,
  (next) => oneOf(next, ["\x1b7", "\x1b8", "\x1bM", "\x1bD", "\x1bE"]),
  (next) => `${csi}?${oneOf(next, ["7", "25", "1049", "1049", "6"])}${oneOf(next, ["h", "l"])}`
]
const rare: ReadonlyArray<(next: Next) => string> = [
  (next) => oneOf(next, ["\x1b(0", "\x1b(B", "\x1b)0", "\x0e", "\x0f", "\x1b(A", "lqqk"]),
  (next) => oneOf(next, ["\x1bH", `${csi}3g`, `${csi}g`, `${csi}2I`, `${csi}Z`]),
  (next) => `${csi}${oneOf(next, ["4h", "4l", "20h", "20l", "3b", "b", "!p", '1"q', '0"q', "?J", "s", "u"])}`,
  (next) =>
    `${csi}?${oneOf(next, ["1", "5", "9", "12", "45", "47", "66", "1000", "1002", "1003", "1004", "1006", "1047", "1048", "2004", "2031", "2048"])}${oneOf(next, ["h", "l"])}`,
  (next) => oneOf(next, ["\x1b]2;a title\x07", "\x1b]0;漢 title\x1b\\", `${csi}22;0t`, `${csi}23;0t`, `${csi}22t`]),
  (next) =>
    oneOf(next, ["\x1b]4;1;#fff\x07", "\x1b]10;red;blue\x07", "\x1b]11;#102030\x07", "\x1b]112\x07", "\x1b]104\x07", "\x1b]17;#333\x07"]),
  (next) => oneOf(next, [`${csi}>1u`, `${csi}<u`, `${csi}=5u`, `${csi}>4;2m`, `${csi}3 q`, `${csi}0 q`, "\x1b=", "\x1b>"]),
  (next) => oneOf(next, ["\x1bc", "\x1b#8", `${csi}2J${csi}H`, `${csi}3J`])
]

/** So many pieces. `isWide`: of those too that terminals differ in. */
export const stream = (next: Next, length: number, isWide: boolean): ReadonlyArray<string> => {
  let wraps = true
  return Array.from({ length }, () => {
    const piece = isWide && below(next, 3) === 0 ? oneOf(next, rare)(next) : oneOf(next, common)(next)
    if (/\[\?7[hl]/.test(piece)) wraps = piece.endsWith("h")
    // Without wrapping, xterm leaves out what is too wide for the last column, and half of what stood there.
    return !wraps && /[\u0300-\u036f\u1100-\u{1ffff}]/u.test(piece) ? "abc" : piece
  })
}

/** The shortest list that still fails, by leaving out ever smaller parts. */
export const shortened = (pieces: ReadonlyArray<string>, fails: (pieces: ReadonlyArray<string>) => boolean): ReadonlyArray<string> => {
  let left = pieces
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < left.length; ) {
      const without = [...left.slice(0, at), ...left.slice(at + size)]
      if (fails(without)) left = without
      else at += size
    }
  }
  return left
}
