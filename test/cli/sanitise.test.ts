import { assert, describe, it } from "@effect/vitest"
import { oneLine, sanitiser } from "../../src/cli/text/sanitise.ts"

const clean = (...chunks: ReadonlyArray<string | Uint8Array>): string => {
  const cleaner = sanitiser()
  return chunks.map((chunk) => cleaner.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk)).join("") + cleaner.end()
}

describe("output made harmless", () => {
  const cases: ReadonlyArray<readonly [string, string, string]> = [
    ["keeps text, tabs and line ends", "a\tb\r\nc\n", "a\tb\nc\n"],
    ["keeps colours", "\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m"],
    ["ends a colour that was left on", "\x1b[38:5:3mx", "\x1b[38:5:3mx\x1b[0m"],
    ["drops titles, however they end", "\x1b]0;evil\x07a\x1b]2;evil\x1b\\b", "ab"],
    ["drops what would be typed back", "\x1b[c\x1b[6n\x1b]52;c;ZXZpbA==\x07\x1bP+q544e\x1b\\ok", "ok"],
    ["drops cursor movement and modes", "\x1b[2J\x1b[1;1H\x1b[?1049h\x1b[5Ax", "x"],
    ["drops 8-bit controls", "\u009b2Ja\u009d0;t\u0007b", "ab"],
    ["drops bells, backspaces and deletes", "a\x07\x08\x7fb", "ab"],
    ["shows what a carriage return would overwrite", "rm -rf /\rls", "rm -rf /\nls"],
    ["drops text that reorders itself", "a\u202eb\u2066c", "abc"],
    ["is not fooled by a sequence inside a sequence", "\x1b[\x1b[31mx\x1b]0;\x1b[32my", "\x1b[31mx\x1b[32my\x1b[0m"],
    ["drops colours that are none", "\x1b[>4;2m\x1b[?1mx", "x"]
  ]
  it.each(cases)("%s", (_, dirty, expected) => {
    assert.strictEqual(clean(dirty), expected)
  })
  it("is the same however the bytes are cut", () => {
    const dirty = Buffer.from("é\x1b[31m日本\x1b]0;t\x07\r\nz\r\ry\x1b[0m")
    const whole = clean(dirty)
    for (let at = 1; at < dirty.length; at++) assert.strictEqual(clean(dirty.subarray(0, at), dirty.subarray(at)), whole)
  })
  it("lets no control character through, whatever comes", () => {
    let state = 12345
    const random = () => (state = (state * 1_103_515_245 + 12_345) & 0x7fffffff)
    const favourites = [0x1b, 0x5b, 0x5d, 0x6d, 0x3b, 0x31, 0x07, 0x0d, 0x0a, 0x50, 0x5c, 0xc2, 0x9b]
    for (let round = 0; round < 200; round++) {
      const dirty = Uint8Array.from({ length: 200 }, () =>
        random() % 3 === 0 ? random() % 256 : favourites[random() % favourites.length]!
      )
      assert.match(clean(dirty), /^(?:[^\x00-\x08\x0b-\x1f\x7f-\x9f]|\x1b\[[0-9;:]*m)*$/u)
    }
  })
  it("is one line where one line is wanted", () => {
    assert.strictEqual(oneLine("a\x1b[2Jb\r\nc\u202ed"), "a[2Jb cd")
  })
})
