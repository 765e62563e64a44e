import { assert, describe, it } from "@effect/vitest"
import { colourReader, type TerminalColours } from "../../../src/domain/terminal/terminal-colours.ts"

const answers =
  "\x1b]10;rgb:0000/0000/0000\x1b\\\x1b]11;rgb:ff/ff/ff\x07\x1b]12;rgba:f/0/0/f\x1b\\\x1b]4;1;rgb:cdcd/0000/0000\x1b\\\x1b[?62;22c"

const read = (chunks: ReadonlyArray<string>) => {
  const told: Array<readonly [TerminalColours, boolean]> = []
  const reader = colourReader((colours, isLast) => told.push([colours, isLast]))
  const typed = chunks.map((chunk) => Buffer.from(reader.typed(Buffer.from(chunk))).toString()).join("")
  return { typed, told: told.at(-1), flushed: Buffer.from(reader.flush()).toString() }
}

describe("the reader of a terminal's colours", () => {
  it("takes the answers out of what is typed, wherever they are cut", () => {
    for (let cut = 1; cut < answers.length; cut++) {
      const { flushed, told, typed } = read([`a${answers.slice(0, cut)}`, `${answers.slice(cut)}b`])
      assert.deepStrictEqual([typed, flushed], ["ab", ""])
      assert.deepStrictEqual(told?.[1], true)
      const { background, cursor, foreground, palette } = told![0]
      assert.deepStrictEqual([foreground, background, cursor], ["0000/0000/0000", "ffff/ffff/ffff", "ffff/0000/0000"])
      assert.strictEqual(palette?.[1], "cdcd/0000/0000")
    }
  })

  it("leaves keys as they are, and whatever comes behind the last answer", () => {
    const keys = "\x1b[A\x1bOP\x1b[200~text\x1b[201~\x1b[<0;1;1M"
    assert.strictEqual(read([keys]).typed, keys)
    assert.strictEqual(read([answers, "\x1b]11;rgb:1/2/3\x07\x1b[?1c"]).typed, "\x1b]11;rgb:1/2/3\x07\x1b[?1c")
    assert.strictEqual(read(["\x1b"]).flushed, "\x1b")
  })
})
