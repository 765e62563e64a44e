import { assert, describe, it } from "@effect/vitest"
import { limits } from "../../../src/domain/limits.ts"
import { Scanner } from "../../../src/domain/terminal/scanner.ts"
import { chance, cutAnywhere, terminalBytes } from "../../support/terminal-bytes.ts"

/** What the scanner gives, one line for each thing; text that belongs together is one. */
const scanned = (chunks: ReadonlyArray<Uint8Array>) => {
  const all: Array<string> = []
  let text: Array<Uint8Array> = []
  const flush = () => {
    if (text.length > 0) all.push(`text ${Buffer.concat(text).toString("latin1")}`)
    text = []
  }
  const scanner = new Scanner({
    text: (bytes) => void text.push(bytes.slice()),
    control: (code) => {
      flush()
      all.push(`control ${code}`)
    },
    sequence: (sequence) => {
      flush()
      all.push(JSON.stringify("body" in sequence ? { ...sequence, body: Buffer.from(sequence.body).toString("latin1") } : sequence))
    }
  })
  for (const chunk of chunks) {
    scanner.push(chunk)
    assert.isAtMost(scanner.held, limits.terminalStringBytes * 4)
  }
  flush()
  return [...all, `held ${scanner.held}, ${scanner.dropping}`]
}

const kinds = (text: string | Uint8Array) =>
  scanned([typeof text === "string" ? Buffer.from(text) : text]).map((line) => line.replaceAll(/"(?:from|to)":\d+,?/g, ""))

describe("the scanner of terminal sequences", () => {
  it("gives the same however the bytes are cut", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const next = chance(seed)
      const bytes = terminalBytes(next, 2_000)
      const whole = scanned([bytes])
      assert.deepStrictEqual(scanned(cutAnywhere(next, bytes)), whole, `seed ${seed}`)
      assert.deepStrictEqual(scanned([...bytes].map((byte) => Uint8Array.of(byte))), whole, `seed ${seed}, byte by byte`)
    }
  })

  it("gives text without any control, and what was no UTF-8 as U+FFFD", () => {
    for (let seed = 200; seed <= 260; seed++) {
      new Scanner({
        text: (bytes) => {
          const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
          assert.notMatch(text, /[\x00-\x1f\x7f-\x9f]/, `seed ${seed}`)
        },
        sequence: () => {}
      }).push(terminalBytes(chance(seed), 5_000))
    }
  })

  it("reads every spelling of a sequence as the same sequence", () => {
    const expected = kinds("\x1b[6n")
    assert.deepStrictEqual(kinds("\u009b6n"), expected, "C1 in UTF-8")
    assert.deepStrictEqual(kinds("\x1b[\x7f6\x7fn"), expected, "with DEL in it")
    assert.deepStrictEqual(kinds("\x1b[\x076n"), ["control 7", ...expected], "with a control in it, which comes first")
    assert.deepStrictEqual(kinds("\x1b[1;2\x1b[6n"), expected, "after one that was broken off")
    assert.deepStrictEqual(kinds("\x1b]0;a\x1b[6n"), expected, "after a string that was broken off")
  })

  it("takes a raw byte of C1 for no UTF-8", () => {
    assert.deepStrictEqual(kinds(Uint8Array.of(0x9b, 0x36, 0x6e)), ["text ï¿½6n", "held 0, null"])
  })

  it("ends a string with BEL, ST and U+009C", () => {
    for (const end of ["\x07", "\x1b\\", "\u009c"]) assert.include(kinds(`\x1b]2;a title${end}x`)[0], "2;a title", JSON.stringify(end))
    assert.deepStrictEqual(kinds("\x1b]2;a\x18x"), ["text x", "held 0, null"])
  })

  it("holds no more than one sequence, however long a string is, and reads on behind it", () => {
    const megabyte = Buffer.alloc(1_048_576, "x")
    const chunks = [Buffer.from("a\x1b]0;"), ...Array.from({ length: 100 }, () => megabyte), Buffer.from("\x07b")]
    assert.deepStrictEqual(scanned(chunks), ["text ab", "held 0, null"])
  })

  it("drops a sequence of endless parameters, and of endless controls", () => {
    assert.deepStrictEqual(kinds(`\x1b[${"1;".repeat(1_000)}mx`), ["text x", "held 0, null"])
    assert.strictEqual(kinds(`\x1b[${"\n".repeat(1_000)}mx`).filter((line) => line === "control 10").length, 1_000)
  })
})
