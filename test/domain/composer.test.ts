/** What a person's keys leave in a composer, known from the keys alone. */
import { assert, describe, it } from "@effect/vitest"
import { makeComposer } from "../../src/domain/composer.ts"

const saidBy = (...frames: ReadonlyArray<string>) => {
  const read = makeComposer()
  return frames.map((frame) => read(Buffer.from(frame))).findLast((said) => said !== null) ?? null
}

describe("a composer", () => {
  it("holds text from the first letter until Enter or ctrl-c", () => {
    assert.strictEqual(saidBy("h"), "open")
    assert.strictEqual(saidBy("hello", "\r"), "empty")
    assert.strictEqual(saidBy("hello\r"), "empty")
    assert.strictEqual(saidBy("hello", "\x03"), "empty")
    assert.strictEqual(saidBy("hello\rmore"), "open")
    assert.strictEqual(saidBy("é"), "open")
  })

  it("holds text behind a new line, a paste and a key of the Kitty protocol", () => {
    for (const keys of ["a\x1b\r", "a\x1b[13;2u", "\x1b[200~one\rtwo\r\x1b[201~", "\x1b[97u", "\x1b[97;2u", "a\n"])
      assert.strictEqual(saidBy(keys), "open", JSON.stringify(keys))
    assert.strictEqual(saidBy("\x1b[97u", "\x1b[13u"), "empty")
    assert.strictEqual(saidBy("a", "\x1b[99;5u"), "empty")
    assert.strictEqual(saidBy("\x1b[200~one\rtwo\x1b[201~\r"), "empty")
  })

  it("learns nothing from what a terminal sends by itself, nor from keys that only move", () => {
    const sent = ["\x1b[24;80R", "\x1b[I", "\x1b[O", "\x1b[<0;10;10M", "\x1b[M !!", "\x1b]11;rgb:0000/0000/0000\x07", "\x1bP>|xterm\x1b\\"]
    for (const report of [...sent, "\x1b[?62;22c", "\x1b[A", "\x1bOA", "\x1b[1;5C", "\x1b", "\x7f", "\t", "\x01"])
      assert.isNull(saidBy(report), JSON.stringify(report))
  })

  it("reads a sequence that comes in pieces as one", () => {
    assert.isNull(saidBy("\x1b[24;", "80R"))
    assert.strictEqual(saidBy("\x1b[20", "0~a\r", "b\x1b[201~"), "open")
  })
})
