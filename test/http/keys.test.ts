import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { inputBytes } from "../../src/http/input.ts"
import { keyBytes, keysBytes } from "../../src/http/keys.ts"

describe("a named key", () => {
  for (const [name, bytes] of [
    ["enter", "\r"],
    ["Enter", "\r"],
    ["escape", "\x1b"],
    ["ctrl-c", "\x03"],
    ["ctrl-z", "\x1a"],
    ["ctrl-a", "\x01"],
    ["ctrl-space", "\0"],
    ["alt-x", "\x1bx"],
    ["alt-X", "\x1bX"],
    ["alt-enter", "\x1b\r"],
    ["shift-tab", "\x1b[Z"],
    ["up", "\x1b[A"],
    ["ctrl-right", "\x1b[1;5C"],
    ["alt-left", "\x1b[1;3D"],
    ["shift-pageup", "\x1b[5;2~"],
    ["f1", "\x1bOP"],
    ["f12", "\x1b[24~"],
    ["delete", "\x1b[3~"],
    ["backspace", "\x7f"],
    ["esc", "\x1b"],
    ["ctrl+c", "\x03"],
    ["C-c", "\x03"],
    ["^C", "\x03"],
    ["<C-c>", "\x03"],
    ["Control-C", "\x03"],
    ["M-x", "\x1bx"],
    ["C-M-x", "\x1b\x18"],
    ["shift+tab", "\x1b[Z"],
    ["S-Tab", "\x1b[Z"],
    ["BTab", "\x1b[Z"],
    ["return", "\r"],
    ["RET", "\r"],
    ["<CR>", "\r"],
    ["pgup", "\x1b[5~"],
    ["PPage", "\x1b[5~"],
    ["page-down", "\x1b[6~"],
    ["bs", "\x7f"],
    ["BSpace", "\x7f"],
    ["ctrl-backspace", "\b"],
    ["del", "\x1b[3~"],
    ["DC", "\x1b[3~"],
    ["ArrowUp", "\x1b[A"],
    ["ctrl-shift-up", "\x1b[1;6A"],
    ["shift-f1", "\x1b[1;2P"],
    ["ctrl-f5", "\x1b[15;5~"],
    ["SPC", " "],
    ["C-SPC", "\0"],
    ["C-@", "\0"],
    ["C-/", "\x1f"],
    ["alt--", "\x1b-"],
    ["y", "y"],
    ["KP5", "5"]
  ] as const) {
    it(`${name} is what an xterm sends`, () => assert.strictEqual(keyBytes(name), bytes))
  }

  for (const name of [
    "",
    "f13",
    "ctrl-é",
    "hyper-x",
    "alt-",
    "alt-é",
    "ctrl-",
    "toString",
    "ctrl-constructor",
    "alt-__proto__",
    "enterr"
  ]) {
    it(`"${name}" is none`, () => assert.isUndefined(keyBytes(name)))
  }

  const cursor = { applicationCursor: true, applicationKeypad: true, kittyKeyboard: 0 }
  const kitty = (flags: number) => ({ ...cursor, kittyKeyboard: flags })
  for (const [name, modes, bytes] of [
    ["up", cursor, "\x1bOA"],
    ["home", cursor, "\x1bOH"],
    ["ctrl-up", cursor, "\x1b[1;5A"],
    ["kp5", cursor, "\x1bOu"],
    ["kpenter", cursor, "\x1bOM"],
    ["escape", kitty(1), "\x1b[27u"],
    ["ctrl-c", kitty(1), "\x1b[99;5u"],
    ["alt-x", kitty(1), "\x1b[120;3u"],
    ["alt-X", kitty(1), "\x1b[120;4u"],
    ["enter", kitty(1), "\r"],
    ["shift-enter", kitty(1), "\x1b[13;2u"],
    ["shift-tab", kitty(1), "\x1b[9;2u"],
    ["up", kitty(1), "\x1b[A"],
    ["f3", kitty(1), "\x1b[13~"],
    ["a", kitty(1), "a"],
    ["enter", kitty(9), "\x1b[13u"],
    ["a", kitty(9), "\x1b[97u"],
    ["A", kitty(25), "\x1b[97;2;65u"]
  ] as const) {
    it(`${name} is spelled as the program asked: ${JSON.stringify(modes)}`, () => assert.strictEqual(keyBytes(name, modes), bytes))
  }

  it("is refused by its place among others", () =>
    assert.deepStrictEqual(keysBytes(["enter", "nope"]), Result.fail({ index: 1, name: "nope" })))
})

describe("the body of an input", () => {
  const field = (body: Parameters<typeof inputBytes>[0]) =>
    Result.match(inputBytes(body), {
      onFailure: ({ errors }) => errors?.[0]?.field,
      onSuccess: (bytes) => Buffer.from(bytes).toString("latin1")
    })

  it("is text and then keys", () => assert.strictEqual(field({ text: "ls", keys: ["enter"] }), "ls\r"))
  it("is any byte, as base64", () => assert.strictEqual(field({ base64: "AP8=" }), "\0\xff"))
  it("is UTF-8", () => assert.strictEqual(field({ text: "é" }), "\xc3\xa9"))
  it("is something", () => assert.strictEqual(field({}), "body"))
  it("is not nothing", () => assert.strictEqual(field({ text: "" }), "text"))
  it("does not mix base64 with text", () => assert.strictEqual(field({ base64: "AA==", text: "x" }), "base64"))
  it("is base64 to the last character", () => assert.strictEqual(field({ base64: "AA=" }), "base64"))
  it("is whole characters", () => assert.strictEqual(field({ text: "\ud800" }), "text"))
  it("names the unknown key", () => assert.strictEqual(field({ keys: ["up", "sideways"] }), "keys.1"))
  it("has a limit", () => assert.strictEqual(field({ text: "x".repeat(65_537) }), "text"))
})
