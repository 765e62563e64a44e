import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { makeProgramStatusReader } from "../../src/domain/program-status.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const said = (state: string, more = "") => `\x1b]7501;state=${state}:app=a${more}\x1b\\`
const message = (text: string) => `:kind=permission:msg=${Buffer.from(text).toString("base64")}`
const heard = (...chunks: ReadonlyArray<Uint8Array>) => {
  const read = makeProgramStatusReader(100)
  return chunks.map((chunk) => read(chunk)).flatMap(({ statuses }) => statuses)
}

describe("a program's word of itself", () => {
  it("is heard with the offset of its end, among anything else that is printed", () => {
    const text = `\x1b[31mred\x1b[0m ünd ${said("working")}more`
    assert.deepStrictEqual(heard(bytes(text)), [{ activity: "working", question: null, offset: 100 + bytes(text).length - 4 }])
  })

  it("says what is asked, as plain text", () => {
    assert.deepInclude(heard(bytes(said("blocked", message("may I?\x1b[2J"))))[0], { activity: "waiting", question: "may I? [2J" })
    assert.deepInclude(heard(bytes(said("blocked", ":kind=input")))[0], { question: "input" })
    assert.deepInclude(heard(bytes(said("blocked", ":msg=%%%")))[0], { question: null })
  })

  it("ends with BEL as well, and is nothing where the state is none that is known", () => {
    assert.strictEqual(heard(bytes("\x1b]7501;state=idle\x07"))[0]?.activity, "idle")
    assert.deepStrictEqual(heard(bytes(said("dancing"))), [])
  })

  it("is asked for by a query, which is no state", () => {
    const read = makeProgramStatusReader(0)
    assert.deepStrictEqual(read(bytes("x\x1b]7501;?\x1b\\")), { statuses: [], queries: [11] })
  })

  it("that never ends is not waited for, and what comes after is heard", () => {
    const endless = bytes(`\x1b]7501;state=${"x".repeat(20_000)}`)
    assert.deepStrictEqual(
      heard(endless, bytes(said("idle"))).map(({ activity }) => activity),
      ["idle"]
    )
  })

  it.prop(
    "is the same however the output is cut into chunks",
    [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 })))],
    ([cuts]) => {
      const whole = bytes(
        `noise \x1b]0;title\x07${said("working")}\x1b\x1b]75${said("blocked", message("höw?"))}ünï\x1b]7501${said("done")}`
      )
      const chunks: Array<Uint8Array> = []
      let from = 0
      for (const cut of cuts) {
        chunks.push(whole.subarray(from, from + cut))
        from = Math.min(whole.length, from + cut)
      }
      chunks.push(whole.subarray(from))
      assert.deepStrictEqual(heard(...chunks), heard(whole))
      assert.deepStrictEqual(
        heard(whole).map(({ activity }) => activity),
        ["working", "waiting", "idle"]
      )
    }
  )
})
