import { assert, describe, it } from "@effect/vitest"
import { paint, wantsColour } from "../../src/cli/text/colour.ts"
import { eventLine } from "../../src/cli/text/event-line.ts"
import { bytes, span } from "../../src/cli/text/span.ts"
import { table } from "../../src/cli/text/table.ts"
import { clip, pad, widthOf } from "../../src/cli/text/width.ts"

describe("a text on a terminal", () => {
  it("is as wide as the terminal draws it", () => {
    assert.deepStrictEqual(["abc", "日本", "é", "e\u0301", "👩‍👩‍👧", "❤️", "한글", "x\u200bx"].map(widthOf), [3, 4, 1, 1, 2, 2, 4, 2])
  })
  it("is cut before a wide character that would not fit", () => {
    assert.deepStrictEqual([clip("日本語", 6), clip("日本語", 5), clip("日本語", 4), clip("abc", 0)], ["日本語", "日本…", "日…", ""])
  })
  it("is padded to a width, not to a length", () => {
    assert.deepStrictEqual([pad("日", 4), pad("日本語", 4)].map(widthOf), [4, 4])
  })
})

describe("a fact on a line", () => {
  const line = (type: string, fields: Record<string, unknown>) =>
    eventLine(
      {
        position: 1,
        seq: 7,
        session: "s-000000000000",
        generation: 1,
        type,
        at: "2026-01-02T03:04:05.678Z",
        inputId: "i-1",
        data: { offset: 9, ...fields },
        stateHash: "0"
      } as never,
      { paint: paint(false), session: false, width: undefined }
    )
  it("says when, where in the log, what, and what a person asks for", () => {
    assert.strictEqual(
      line("Resized", { size: { cols: 100, rows: 30 } }),
      "2026-01-02 03:04:05.678      7  Resized             size=100x30"
    )
  })
  it("names a prompt by its id, and the evidence by its source", () => {
    const prompt = { id: "p-1", hash: "9f", bytes: 4, deliver: "now", from: "bob", threadId: null, replyTo: null, expires: null }
    assert.match(line("PromptQueued", { prompt, by: "ada" }), / PromptQueued +promptId=p-1 bytes=4 deliver=now from=bob by=ada$/)
    const evidence = { source: "osc", detail: "the agent is idle" }
    assert.match(line("PromptAnswered", { promptId: "p-1", evidence }), / PromptAnswered +promptId=p-1 osc: "the agent is idle"$/)
  })
  it("cannot move the cursor, whatever a name holds", () => {
    assert.notInclude(line("ClientAttached", { client: "x\x1b[2Jy\r\n", mode: "view" }), "\x1b")
  })
})

describe("a table", () => {
  const columns = [{ title: "ID" }, { title: "N", align: "right" as const }, { title: "COMMAND", shrinkTo: 8 }]
  const plain = (text: string) => text
  it("lines up, wide characters or not", () => {
    const lines = table(
      columns,
      [
        [{ text: "日本" }, { text: "1" }, { text: "a" }],
        [{ text: "x" }, { text: "10" }, { text: "b" }]
      ],
      {
        width: undefined,
        title: plain
      }
    )
    assert.deepStrictEqual(lines, ["ID     N  COMMAND", "日本   1  a", "x     10  b"])
  })
  it("takes from the elastic columns what the terminal lacks, and never from the others", () => {
    const lines = table(columns, [[{ text: "s-123456" }, { text: "1" }, { text: "a long command line" }]], { width: 22, title: plain })
    assert.deepStrictEqual(lines, ["ID        N  COMMAND", "s-123456  1  a long c…"])
    assert.isTrue(lines.every((line) => widthOf(line) <= 22))
  })
  it("paints after it has padded, so that colours take no room", () => {
    const [, line] = table(columns, [[{ text: "x", paint: (text) => `<${text}>` }, { text: "1" }, { text: "c" }]], {
      width: undefined,
      title: plain
    })
    assert.strictEqual(line, "<x >  1  c")
  })
})

describe("colours", () => {
  it("are asked of the flag, then of NO_COLOR, then of FORCE_COLOR, then of the terminal", () => {
    assert.isTrue(wantsColour("always", { NO_COLOR: "1" }, false))
    assert.isFalse(wantsColour("never", { FORCE_COLOR: "1" }, true))
    assert.isFalse(wantsColour("auto", { NO_COLOR: "1", FORCE_COLOR: "1" }, true))
    assert.isTrue(wantsColour("auto", { NO_COLOR: "" }, true))
    assert.isTrue(wantsColour("auto", { FORCE_COLOR: "1" }, false))
    assert.isFalse(wantsColour("auto", { TERM: "dumb" }, true))
    assert.isFalse(wantsColour("auto", {}, false))
  })
})

describe("spans and sizes", () => {
  it("are said in the largest unit that fits", () => {
    assert.deepStrictEqual([-5, 0, 999, 59_999, 60_000, 3_600_000, 172_800_000].map(span), ["now", "now", "now", "59s", "1m", "1h", "2d"])
    assert.deepStrictEqual([0, 1_023, 1_024, 65_536, 5_368_709_120].map(bytes), ["0 B", "1023 B", "1.0 KiB", "64 KiB", "5.0 GiB"])
  })
})
