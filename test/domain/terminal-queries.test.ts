import { assert, describe, it } from "@effect/vitest"
import { makeQueryReader } from "../../src/domain/terminal-queries.ts"
import { answers, queries } from "../support/terminal-queries.ts"

const bytesOf = (text: string) => Buffer.from(text, "latin1")

const others: Readonly<Record<string, string>> = {
  "plain text": "6n c ?u",
  colours: "\x1b[31m\x1b[0;1m\x1b[38;5;22m",
  "a title": "\x1b]0;what?\x07",
  "a link": "\x1b]8;;https://example.org/?a=q\x1b\\",
  "a colour that is set": "\x1b]11;#123456\x07\x1b]4;1;rgb:12/34/56\x1b\\",
  "a status": "\x1b]7501;state=idle\x1b\\",
  "a mode": "\x1b[?2026h\x1b[?2004l\x1b[4h",
  "keys in another spelling": "\x1b[>1u\x1b[<u\x1b[=1;1u\x1b[>4;2m",
  "a cursor's shape": "\x1b[2 q",
  "the cursor put back": "\x1b[u\x1b[s",
  "a title kept": "\x1b[22;0t\x1b[23;0t",
  "a size": "\x1b[8;24;80t",
  "a picture": "\x1b_Ga=T,f=24,s=1,v=1;AAAA\x1b\\",
  "a picture without keys": "\x1b_G;a=q\x1b\\",
  "the clipboard written": "\x1b]52;c;YWJj\x07",
  "a notification": "\x1b]99;i=1;hello?\x1b\\",
  "a query broken off": "\x1b]11;?\x18 and \x1b[6\x1b[m",
  "a string of another kind": "\x1bP1;2;3qsixels?\x1b\\",
  "an escape at the very end": "text\x1b",
  "a control that never ends": `\x1b[${"1;".repeat(40)}6n`,
  "a string that never ends": `\x1b]10;${"x".repeat(9_000)}`
}

describe("a query of the terminal", () => {
  for (const [name, query] of Object.entries(queries)) {
    it(`is found wherever the chunks end: ${name}`, () => {
      const text = `before\x1b[1m${query}after`
      const from = "before\x1b[1m".length
      for (let cut = 0; cut <= text.length; cut += 1) {
        const read = makeQueryReader(100)
        const found = [...read(bytesOf(text.slice(0, cut))), ...read(bytesOf(text.slice(cut)))]
        assert.deepStrictEqual(found, [{ from: 100 + from, to: 100 + from + query.length }], `cut at ${cut}`)
      }
    })
  }

  for (const [name, text] of Object.entries(others)) {
    it(`is not: ${name}`, () => {
      assert.deepStrictEqual(makeQueryReader(0)(bytesOf(text)), [])
    })
  }

  it("is not an answer to one, which a terminal may echo", () => {
    for (const answer of Object.values(answers)) if (answer !== "") assert.deepStrictEqual(makeQueryReader(0)(bytesOf(answer)), [], answer)
  })
})
