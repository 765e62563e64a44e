/** The table of widths beside two others: the ICU of the runtime, and tmux. */
import { assert, describe, it } from "@effect/vitest"
import { widthOf } from "../../src/cli/text/width.ts"
import { type Step, step } from "../../src/domain/terminal/graphemes.ts"
import { unicodeVersion } from "../../src/domain/terminal/width-table.ts"
import { Emulator } from "../../src/infra/screens/emulator.ts"
import { chance } from "../support/terminal-bytes.ts"

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" })
const clustersOf = (text: string): ReadonlyArray<string> => {
  const clusters: Array<string> = []
  let before: Step | null = null
  for (const character of text) {
    before = step(character.codePointAt(0)!, before)
    clusters.push((before.joins ? (clusters.pop() ?? "") : "") + character)
  }
  return clusters
}
const columnsOnScreen = (text: string): number => {
  const emulator = new Emulator({ cols: 80, rows: 4 })
  emulator.write(text)
  const { x } = emulator.picture().cursor
  emulator.dispose()
  return x
}

/** One of each kind, those that are new in Unicode 16 and 17, and what joins them. */
const pieces = [
  ...[
    "a",
    "1",
    "é",
    "\u0301",
    "\u200d",
    "\ufe0f",
    "\u200c",
    "\u20e3",
    "漢",
    "가",
    "각",
    "ᄀ",
    "ᅡ",
    "ᆨ",
    "👍",
    "🏽",
    "👩",
    "🚀",
    "❤",
    "🇩",
    "🇪"
  ],
  ...["क", "\u094d", "ष", "\u0903", "\u0600", "ক", "\u09cd", "กำ", "\u2630", "\u4dc0", "\u{1fae9}", "\u{1fac8}", "\u{1cf00}"]
]

describe("the table of widths", () => {
  it.skipIf(process.versions.unicode !== unicodeVersion)("cuts text into clusters where the runtime's ICU does", () => {
    const next = chance(7)
    for (let count = 0; count < 20_000; count++) {
      const text = Array.from({ length: 1 + Math.floor(next() * 7) }, () => pieces[Math.floor(next() * pieces.length)]).join("")
      assert.deepStrictEqual(
        clustersOf(text),
        Array.from(segmenter.segment(text), ({ segment }) => segment),
        JSON.stringify(text)
      )
    }
  })

  it("knows what is wide since Unicode 16 and 17, and how clusters count", () => {
    const widths: ReadonlyArray<readonly [string, number]> = [
      ...([
        ["a", 1],
        ["漢", 2],
        ["가", 2],
        ["각", 2],
        ["\u2630", 2],
        ["\u4dc0", 2],
        ["\u{1d300}", 2]
      ] as const),
      ...([
        ["\u{1fae9}", 2],
        ["\u{1fac8}", 2],
        ["👍🏽", 2],
        ["👩🏽‍🚀", 2],
        ["🇩🇪", 2],
        ["🇩🇪🇫🇷", 4],
        ["❤", 1],
        ["❤\ufe0f", 2],
        ["1\ufe0f\u20e3", 2]
      ] as const),
      ...([
        ["e\u0301", 1],
        ["a\ufe0f", 1],
        ["x\u200bx", 2],
        ["x\u00adx", 3],
        ["क्ष", 2],
        ["कि", 1]
      ] as const)
    ]
    for (const [text, width] of widths) {
      assert.strictEqual(widthOf(text), width, JSON.stringify(text))
      assert.strictEqual(columnsOnScreen(text), width, `on the screen: ${JSON.stringify(text)}`)
    }
  })

  it("is the same for tables of the command line and for screens, whatever stands side by side", () => {
    const next = chance(11)
    for (let count = 0; count < 300; count++) {
      const text = Array.from({ length: 1 + Math.floor(next() * 7) }, () => pieces[Math.floor(next() * pieces.length)]).join("")
      assert.strictEqual(columnsOnScreen(text), widthOf(text), JSON.stringify(text))
    }
  })
})
