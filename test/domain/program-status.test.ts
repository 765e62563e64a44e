import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { makeProgramStatusReader } from "../../src/domain/program-status.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const said = (state: string, more = "") => `\x1b]7501;state=${state}:app=a${more}\x1b\\`
const message = (text: string) => `:kind=permission:msg=${Buffer.from(text).toString("base64")}`
const all = (...chunks: ReadonlyArray<Uint8Array>) => {
  const read = makeProgramStatusReader(0)
  const each = chunks.map((chunk) => read(chunk))
  const of = <Key extends "statuses" | "queries" | "titles" | "notifications">(key: Key) => each.flatMap((heard) => [...heard[key]])
  return { statuses: of("statuses"), queries: of("queries"), titles: of("titles"), notifications: of("notifications") }
}
const heard = (...chunks: ReadonlyArray<Uint8Array>) => {
  const read = makeProgramStatusReader(100)
  return chunks.map((chunk) => read(chunk)).flatMap(({ statuses }) => statuses)
}

describe("a program's word of itself", () => {
  it("is read with the offset of its end, among anything else that is printed", () => {
    const text = `\x1b[31mred\x1b[0m ünd ${said("working")}more`
    assert.deepStrictEqual(heard(bytes(text)), [
      { activity: "working", ended: null, kind: null, question: null, offset: 100 + bytes(text).length - 4 }
    ])
  })

  it("says what is asked, as plain text", () => {
    assert.deepInclude(heard(bytes(said("blocked", message("may I?\x1b[2J"))))[0], { activity: "waiting", question: "may I? [2J" })
    assert.deepInclude(heard(bytes(said("blocked", ":kind=input")))[0], { question: null, kind: "input" })
    assert.deepInclude(heard(bytes(said("blocked", ":kind=auth")))[0], { activity: "waiting", kind: "login" })
    assert.deepInclude(heard(bytes(said("blocked", ":msg=%%%")))[0], { question: null })
  })

  it("ends with BEL as well, and is nothing where the state is none that is known", () => {
    assert.strictEqual(heard(bytes("\x1b]7501;state=idle\x07"))[0]?.activity, "idle")
    assert.deepStrictEqual(heard(bytes(said("dancing") + said("constructor"))), [])
  })

  it("is asked for by a query, which is no state", () => {
    const read = makeProgramStatusReader(0)
    assert.deepStrictEqual(read(bytes("x\x1b]7501;?\x1b\\")), {
      ...{ statuses: [], queries: [11], titles: [], notifications: [] },
      asked: [{ from: 1, to: 11 }]
    })
  })

  it("that never ends is not waited for, and what comes after is read", () => {
    const endless = bytes(`\x1b]7501;state=${"x".repeat(20_000)}`)
    assert.deepStrictEqual(
      heard(endless, bytes(said("idle"))).map(({ activity }) => activity),
      ["idle"]
    )
  })

  it("counts for nothing when something else begins inside it", () => {
    const broken = "\x1b]7501;state=idle\x1b[0m\x07\x1b]7501;state=idle\x18\x07"
    assert.deepStrictEqual(heard(bytes(broken + said("working"))), [
      { activity: "working", ended: null, kind: null, question: null, offset: 100 + broken.length + said("working").length }
    ])
  })

  it("is read behind an escape that began nothing", () => {
    assert.strictEqual(heard(bytes(`\x1b${said("working")}\x1b\x1b[0m${said("idle")}`)).length, 2)
  })

  it("may lie in memory that is used again before it ends", () => {
    const read = makeProgramStatusReader(0)
    const memory = Buffer.from("\x1b]7501;state=wor")
    read(memory)
    memory.fill(0)
    assert.deepInclude(read(bytes("king\x07")).statuses[0], { activity: "working" })
  })

  it.prop(
    "is the same however the output is cut into chunks",
    [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 })))],
    ([cuts]) => {
      const whole = bytes(
        `noise \x1b]0;title\x07${said("working")}\x1b\x1b]75${said("blocked", message("höw?"))}ünï\x1b]7501${said("done")}` +
          "\x1b]2;tïtle\x1b\\\x1b]9;nöte\x07\x1b[31m\x1b]777;notify;a;b;c\x07\x1b]0;tïtle\x07\x1b]7501;?\x1b\\\x1b"
      )
      const chunks: Array<Uint8Array> = []
      let from = 0
      for (const cut of cuts) {
        chunks.push(whole.subarray(from, from + cut))
        from = Math.min(whole.length, from + cut)
      }
      chunks.push(whole.subarray(from))
      assert.deepStrictEqual(all(...chunks), all(whole))
      assert.deepStrictEqual(
        Object.values(all(whole)).map(({ length }) => length),
        [3, 1, 2, 2]
      )
      assert.deepStrictEqual(
        heard(whole).map(({ activity }) => activity),
        ["working", "waiting", "idle"]
      )
    }
  )
})

describe("a title", () => {
  const titles = (text: string, key?: (title: string) => string) => makeProgramStatusReader(0, key)(bytes(text)).titles

  it("is read from OSC 0 and OSC 2 with the offset of its end, as plain text of a bounded length", () => {
    assert.deepStrictEqual(titles("x\x1b]0;✳ wörk\x07y\x1b]2;b\x01c\x1b\\"), [
      { title: "✳ wörk", offset: 15 },
      { title: "bc", offset: 25 }
    ])
    assert.strictEqual(titles(`\x1b]0;${"x".repeat(5_000)}\x07`)[0]?.title.length, 512)
    assert.deepStrictEqual(titles("\x1b]0;\x07"), [{ title: "", offset: 5 }])
    assert.deepStrictEqual(titles("\x1b]1;icon\x07\x1b]4;0;?\x07\x1b]10;?\x07\x1b]22;hand\x07"), [])
  })

  it("is read once in a row, by the rule that says which are the same", () => {
    const frames = "\x1b]0;◐ a\x07\x1b]0;◑ a\x07\x1b]0;◐ a\x07\x1b]0;✳ a\x07\x1b]0;◐ a\x07"
    assert.strictEqual(titles(frames).length, 5)
    assert.deepStrictEqual(
      titles(frames, (title) => title.replace("◑", "◐")).map(({ title }) => title),
      ["◐ a", "✳ a", "◐ a"]
    )
  })
})

describe("a notification", () => {
  const notifications = (text: string) => makeProgramStatusReader(0)(bytes(text)).notifications.map(({ text, title }) => [title, text])

  it("is read from OSC 9 and OSC 777", () => {
    assert.deepStrictEqual(notifications("\x1b]9;Approval requested: touch a\x07\x1b]777;notify;Claude Code;needs; you\x1b\\"), [
      ["", "Approval requested: touch a"],
      ["Claude Code", "needs; you"]
    ])
  })

  it("is neither a progress bar nor a directory, nor anything else that shares the number", () => {
    assert.deepStrictEqual(notifications('\x1b]9;4;3;\x07\x1b]9;9;"/tmp"\x07\x1b]9;12\x07\x1b]777;precmd;x\x07'), [])
  })
})
