import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { type DetachKeys, defaultDetachKeys, detachScanner, parseDetachKeys, withoutStop } from "../../src/cli/terminal/detach-keys.ts"

const keys = (text: string): DetachKeys => Result.getOrThrow(parseDetachKeys(text))
const bytes = (text: string) => Buffer.from(text, "latin1")

/** Everything typed, in these chunks: what reached the agent, and whether it ended in a detach. */
const type = (text: string, ...chunks: ReadonlyArray<string>) => {
  const scanner = detachScanner(keys(text))
  let passed = ""
  for (const chunk of chunks) {
    const { detach, pass } = scanner.typed(bytes(chunk))
    passed += Buffer.from(pass).toString("latin1")
    if (detach) return { passed, detached: true }
  }
  return { passed: passed + Buffer.from(scanner.flush().pass).toString("latin1"), detached: false }
}

describe("the detach keys", () => {
  it("let everything else pass, byte for byte", () => {
    const everything = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 0x1c)).toString("latin1")
    assert.deepStrictEqual(type(defaultDetachKeys, everything), { passed: everything, detached: false })
  })
  it("detach, and send what was typed before them but not themselves", () => {
    assert.deepStrictEqual(type(defaultDetachKeys, "ab\x1cdrest"), { passed: "ab", detached: true })
  })
  it("are found across chunks", () => {
    assert.deepStrictEqual(type(defaultDetachKeys, "a\x1c", "d"), { passed: "a", detached: true })
  })
  it("are one prefix when the prefix is typed twice", () => {
    assert.deepStrictEqual(type(defaultDetachKeys, "\x1c\x1cd"), { passed: "\x1cd", detached: false })
  })
  it("are sent when another key follows the prefix", () => {
    assert.deepStrictEqual(type(defaultDetachKeys, "\x1c", "x"), { passed: "\x1cx", detached: false })
  })
  it("are recognised in the kitty protocol, key releases included", () => {
    assert.isTrue(type(defaultDetachKeys, "\x1b[92;5u", "\x1b[92;5:3u", "\x1b[100u").detached)
    assert.isTrue(type(defaultDetachKeys, "\x1b[92;5u", "d").detached)
    assert.deepStrictEqual(type(defaultDetachKeys, "\x1b[97;5u"), { passed: "\x1b[97;5u", detached: false })
  })
  it("are recognised under modifyOtherKeys", () => {
    assert.isTrue(type(defaultDetachKeys, "\x1b[27;5;92~", "d").detached)
  })
  it.each([
    ["the mouse (SGR)", "\x1b[<35;10;5M"],
    ["the mouse (X10), a button that is the second key", "\x1b[MCdd"],
    ["the mouse (X10), beyond column 95", "\x1b[MC\xc8d"],
    ["the mouse (urxvt)", "\x1b[67;10;5M"],
    ["focus that is lost", "\x1b[O"],
    ["focus that comes back", "\x1b[I"],
    ["the colour scheme", "\x1b[?997;1n"],
    ["the size in band", "\x1b[48;24;80;480;800t"],
    ["the status", "\x1b[0n"],
    ["the place of the cursor", "\x1b[24;80R"],
    ["the place of the cursor, DEC's", "\x1b[?24;80R"],
    ["the attributes", "\x1b[?64;1;2;6;9;15;18;21;22c"],
    ["the second attributes", "\x1b[>41;390;0c"],
    ["a mode", "\x1b[?2026;2$y"],
    ["the flags of the keyboard", "\x1b[?31u"],
    ["a colour", "\x1b]11;rgb:dddd/dddd/dddd\x07"],
    ["a colour, ended by ST", "\x1b]4;13;rgb:dddd/dddd/dddd\x1b\\"],
    ["a setting", "\x1bP1$rd m\x1b\\"],
    ["graphics", "\x1b_Gi=1;OKd\x1b\\"],
    ["a released arrow", "\x1b[1;1:3A"],
    ["Ctrl by itself", "\x1b[57442;5u"]
  ])("detach when the terminal reports %s between them, however it is cut", (_, report) => {
    const typed = `\x1c${report}d`
    assert.deepStrictEqual(type(defaultDetachKeys, typed), { passed: report, detached: true })
    for (let at = 1; at < typed.length; at++)
      assert.deepStrictEqual(
        type(defaultDetachKeys, typed.slice(0, at), typed.slice(at)),
        { passed: report, detached: true },
        `cut at ${at}`
      )
    assert.deepStrictEqual(type(defaultDetachKeys, ...typed), { passed: report, detached: true }, "byte by byte")
  })
  it.each([
    ["Escape", "\x1b"],
    ["an arrow", "\x1b[A"],
    ["F3 with Ctrl", "\x1b[1;5R"],
    ["a key of rxvt", "\x1b[c"],
    ["a key of the Linux console", "\x1b[[A"],
    ["Alt and the second key", "\x1bd"],
    ["Alt and a bracket", "\x1b]"],
    ["the mark of a paste", "\x1b[200~"]
  ])("are sent when %s follows the prefix", (_, key) => {
    assert.deepStrictEqual(type(defaultDetachKeys, "\x1c", key), { passed: `\x1c${key}`, detached: false })
    assert.deepStrictEqual(type(defaultDetachKeys, `\x1c\x1b[I${key}`), { passed: `\x1b[I\x1c${key}`, detached: false })
  })
  it("detach when the terminal reports the mouse in UTF-8 between them", () => {
    assert.deepStrictEqual(type(defaultDetachKeys, "\x1c\x1b[MC\xc4\x80dd"), { passed: "\x1b[MC\xc4\x80d", detached: true })
  })
  it("keep a prefix and its release together", () => {
    assert.deepStrictEqual(type(defaultDetachKeys, "\x1b[92;5u\x1b[92;5:3u\x1b[120u"), {
      passed: "\x1b[92;5u\x1b[92;5:3u\x1b[120u",
      detached: false
    })
  })
  it("are recognised by their place where a layout has the key nowhere", () => {
    assert.isTrue(type(defaultDetachKeys, "\x1b[35::92;5u", "\x1b[35::92;5:3u", "d").detached)
    assert.isTrue(type(defaultDetachKeys, "\x1b[35:39:92;5u", "\x1b[1074::100u").detached)
    assert.isTrue(type("ctrl-a ctrl-d", "\x1b[1092::97;5u", "\x1b[1074::100;5u").detached)
  })
  it("are not recognised by the place of another Latin letter", () => {
    assert.isFalse(type("ctrl-z d", "\x1b[121::122;5u", "d").detached)
    assert.isFalse(withoutStop(bytes("\x1b[121::122;5u")).isThere)
    assert.isFalse(withoutStop(bytes("\x1b[59::122;5u")).isThere)
    assert.isTrue(withoutStop(bytes("\x1b[1103::122;5u")).isThere)
  })
  it("need Ctrl where they say so", () => {
    assert.isFalse(type(defaultDetachKeys, "\x1b[92u", "d").detached)
  })
  it("can be others", () => {
    assert.isTrue(type("ctrl-a ctrl-d", "\x01\x04").detached)
    assert.isTrue(type("^] q", "\x1dq").detached)
  })
  it.each(["d", "a d", "ctrl-a ctrl-a", "ctrl-1 d", "ctrl-a d e", ""])("refuse %j", (text) => {
    assert.isTrue(Result.isFailure(parseDetachKeys(text)))
  })
})
