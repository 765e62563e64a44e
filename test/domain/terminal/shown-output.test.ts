import { assert, describe, it } from "@effect/vitest"
import { makeShownOutput } from "../../../src/domain/terminal/shown-output.ts"

const shown = (...chunks: ReadonlyArray<string>): string => {
  const output = makeShownOutput({ clipboard: false })
  return chunks.map((chunk) => Buffer.from(output.push(Buffer.from(chunk))).toString()).join("")
}

describe("a setting on which a terminal reports", () => {
  it.each(["\x1b[?2048h", "\x1b[?1004h"])("passes once while it is set: %j", (set) => {
    assert.strictEqual(shown(set, "a", set, `${set}b`), `${set}ab`)
  })
  it("passes again after it was unset, and after a reset", () => {
    for (const back of ["\x1b[?2048l", "\x1bc"])
      assert.strictEqual(shown("\x1b[?2048h", back, "\x1b[?2048h"), `\x1b[?2048h${back}\x1b[?2048h`)
  })
  it("leaves the other modes of its sequence", () => {
    assert.strictEqual(shown("\x1b[?2048h", "\x1b[?25;2048;2004h"), "\x1b[?2048h\x1b[?25;2004h")
  })
  it("is not taken for set where its sequence is refused", () => {
    assert.strictEqual(shown("\x1b[?2048:1h", "\x1b[?2048h"), "\x1b[?2048h")
  })
  it("changes nothing for other modes", () => {
    assert.strictEqual(shown("\x1b[?25h", "\x1b[?25h"), "\x1b[?25h\x1b[?25h")
  })
})
