import { assert, describe, it } from "@effect/vitest"
import { Emulator } from "../../../src/infra/screens/emulator.ts"

const size = { cols: 40, rows: 10 }
const csi = "\x1b["

/** What a program may have left on its screen. */
const scenes: Readonly<Record<string, string>> = {
  nothing: "",
  "plain lines": "one\r\ntwo\r\nthree",
  "more than fits": Array.from({ length: 60 }, (_, n) => `line ${n}`).join("\r\n"),
  colours: `${csi}1;31mred${csi}0m ${csi}48;5;22mgreen ground${csi}m ${csi}38;2;1;2;3mtrue${csi}0m plain`,
  "a colour that goes on": `before ${csi}1;4;35mon and on`,
  "wide and combined": "漢字 e\u0301 👩‍💻 한국어",
  "a wrapped line": "x".repeat(95),
  "a cursor elsewhere": `${csi}5;20Hhere${csi}2;3H`,
  "an alternate screen": `main\r\n${csi}?1049h${csi}2J${csi}H${csi}7mTUI${csi}m${csi}10;1Hstatus${csi}4;4H`,
  "a hidden cursor": `${csi}?25lhidden`,
  "a scroll region": `${csi}1;1Htop${csi}10;1Hbottom${csi}3;8r${csi}3;1Hinside`,
  "an origin": `${csi}3;8r${csi}?6h${csi}2;2Hrelative`,
  "mouse and paste": `${csi}?1002h${csi}?1006h${csi}?2004h${csi}?1hmodes`,
  "a full last column": `${csi}4;1H${"y".repeat(40)}`
}
/** What comes after, and must do the same on both. */
const after = `z${csi}Kend\r\nnext ${csi}32mgreen${csi}m\r\n\x1bMup\r\n${"w".repeat(50)}\nlast${"\r\nscrolls".repeat(9)}`

const state = (emulator: Emulator) => ({ ...emulator.picture(), title: "", again: emulator.restoring(0) })

describe("a restored screen", () => {
  for (const [name, bytes] of Object.entries(scenes)) {
    it(`with ${name} is the screen, and goes on as it does`, () => {
      const original = new Emulator(size)
      const copy = new Emulator(size)
      // Whatever a person's terminal was doing before must not show through.
      copy.write(`${csi}?1049h${csi}?25l${csi}?1003h${csi}3;4r${csi}41mleft over${csi}?6h`)
      original.write(bytes)
      copy.write(original.restoring(1_000))
      assert.deepStrictEqual(state(copy), state(original))
      original.write(after)
      copy.write(after)
      assert.deepStrictEqual(state(copy), state(original))
      original.dispose()
      copy.dispose()
    })
  }

  it("carries what no picture shows: the pointer's encoding, and that the cursor is hidden", () => {
    const emulator = new Emulator(size)
    emulator.write(`${csi}?1002h${csi}?1006h${csi}?25l`)
    const copy = new Emulator(size)
    copy.write(emulator.restoring(0))
    for (const restored of [emulator, copy]) {
      for (const mode of ["?1002h", "?1006h", "?25l"]) assert.include(restored.restoring(0).slice(-40), csi + mode)
    }
    copy.write(`${csi}?25h${csi}?1006l`)
    for (const mode of ["?1006h", "?25l"]) assert.notInclude(copy.restoring(0).slice(-40), csi + mode)
  })

  it.each(["✅", "🚀", "⏳", "🤖", "🧠", "👩‍💻", "👨‍👩‍👧‍👦", "🇩🇪", "👍🏽", "❤️"])("gives %s two cells", (emoji) => {
    const emulator = new Emulator(size)
    const asked = Buffer.from(`${emoji}${csi}6n`)
    assert.strictEqual(emulator.ask(asked), `${csi}1;3R`)
    emulator.write(`${csi}HxAB${csi}H${emoji}CD`)
    assert.strictEqual(emulator.picture().lines[0], `${emoji}CD`)
    emulator.dispose()
  })

  it("shows the title, the cursor and the screen it is on", () => {
    const emulator = new Emulator(size)
    emulator.write(`\x1b]2;a title\x07${csi}?1049h${csi}3;5Hxy`)
    const { altScreen, cursor, lines, title } = emulator.picture()
    assert.deepStrictEqual([altScreen, cursor, title, lines[2]], [true, { x: 6, y: 2 }, "a title", "    xy"])
    assert.strictEqual(lines.length, 10)
    emulator.dispose()
  })

  it.each([
    ["the cursor behind the last column in it", `${"x".repeat(40)}${csi}6n`, `${csi}1;40R`],
    ["the cursor in origin mode from the top of the region", `${csi}3;8r${csi}?6h${csi}2;5H${csi}6n`, `${csi}2;5R`],
    ["the style that is set", `${csi}0;1;31m\x1bP$qm\x1b\\`, "\x1bP1$r0;1;31m\x1b\\"],
    ["the region", `${csi}2;7r\x1bP$qr\x1b\\`, "\x1bP1$r2;7r\x1b\\"],
    ["the shape of the cursor", `${csi}4 q\x1bP$q q\x1b\\`, "\x1bP1$r4 q\x1b\\"],
    ["a checksum of cells", `AB${csi}7;1;1;1;1;2*y`, "\x1bP7!~FF7D\x1b\\"],
    ["reverse video", `${csi}?5h${csi}?5$p`, `${csi}?5;1$y`]
  ])("tells %s", (_, asked, answer) => {
    const emulator = new Emulator(size)
    assert.strictEqual(emulator.ask(Buffer.from(asked)), answer)
    emulator.dispose()
  })

  it("erases the character in the last column, behind which the cursor stands", () => {
    const emulator = new Emulator(size)
    emulator.write(`${"x".repeat(40)}${csi}K!`)
    assert.strictEqual(emulator.picture().lines[0], `${"x".repeat(39)}!`)
    emulator.dispose()
  })

  it("keeps the margins over a change of the screen, and scrolls the program's background in", () => {
    const emulator = new Emulator(size)
    emulator.write(`${csi}3;8r${csi}?1049h${csi}?1049l\x1bP$qr\x1b\\`)
    assert.strictEqual(emulator.ask(Buffer.from("\x1bP$qr\x1b\\")), "\x1bP1$r3;8r\x1b\\")
    emulator.write(`${csi}42m${csi}T`)
    assert.include(emulator.restoring(0), `${csi}0;42m${csi}40X`)
    emulator.dispose()
  })

  it("draws the alignment test in the terminal's own colours, and keeps the pen", () => {
    const emulator = new Emulator({ cols: 4, rows: 2 })
    emulator.write(`${csi}33;44m\x1b#8${csi}2;2Hx`)
    assert.deepStrictEqual(emulator.styledRows(), ["EEEE", `E${csi}0;33;44mx${csi}0mEE`])
    emulator.dispose()
  })

  it.each([
    ["goes back over a wrapped row by CUB, as by BS", "?45h", [2, 0]],
    ["stops at the left edge without that mode", "?45l", [0, 1]],
    ["stops at the left edge without wrapping", `?45h${csi}?7l`, [0, 1]]
  ] as const)("%s", (_, mode, [x, y]) => {
    const emulator = new Emulator({ cols: 4, rows: 3 })
    emulator.write(`abcdef${csi}${mode}${csi}4D`)
    assert.deepStrictEqual(emulator.picture().cursor, { x, y })
    emulator.dispose()
  })
})
