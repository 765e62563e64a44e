import { assert, describe, it } from "@effect/vitest"
import { Drawable } from "../../../src/domain/terminal/drawable.ts"

const drawn = (text: string): string => {
  const pieces = new Drawable({ cols: 80, rows: 24 }).push(Buffer.from(text))
  return Buffer.concat(pieces.map(({ bytes }) => bytes)).toString("utf8")
}

describe("what an emulator is given", () => {
  it("holds no control inside of a string: the emulator would end the string there and read on", () => {
    for (const [begin, end] of [
      ["\x1b]4;1;?", "\x1b\\"],
      ["\x1b]0;title", "\x07"],
      ["\x1b]11;?", "\x1b\\"],
      ["\x1bP$q", "\x1b\\"]
    ] as const)
      for (const control of ["\u009b", "\u0090", "\u009d", "\u0085", "\x13", "\x7f"]) {
        const given = drawn(`${begin}${control}99999999999999999999S${end}`)
        assert.notMatch(given.slice(2, -end.length), /\p{Cc}/u, JSON.stringify(given))
      }
  })

  it("holds a colour space in every colour of red, green and blue", () => {
    assert.strictEqual(drawn("\x1b[1;38:2:24:68:112;48:2::1:2:3;58:2:9:8:7m"), "\x1b[1;38:2::24:68:112;48:2::1:2:3;58:2::9:8:7m")
  })
})
