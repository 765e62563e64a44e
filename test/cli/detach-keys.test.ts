import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { type DetachKeys, defaultDetachKeys, detachScanner, parseDetachKeys } from "../../src/cli/terminal/detach-keys.ts"

const keys = (text: string): DetachKeys => Result.getOrThrow(parseDetachKeys(text))
const bytes = (text: string) => Buffer.from(text, "latin1")

/** Everything typed, in these chunks: what reached the agent, and whether it ended in a detach. */
const type = (text: string, ...chunks: ReadonlyArray<string>) => {
  const scan = detachScanner(keys(text))
  let passed = ""
  for (const chunk of chunks) {
    const { detach, pass } = scan(bytes(chunk))
    passed += Buffer.from(pass).toString("latin1")
    if (detach) return { passed, detached: true }
  }
  return { passed, detached: false }
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
