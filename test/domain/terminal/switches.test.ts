import { assert, describe, it } from "@effect/vitest"
import headless from "@xterm/headless"
import { makeShownOutput } from "../../../src/domain/terminal/shown-output.ts"
import { Switches } from "../../../src/domain/terminal/switches.ts"
import { Emulator } from "../../../src/infra/screens/emulator.ts"

const undoing = (...chunks: ReadonlyArray<string>): string => {
  const seen = new Switches()
  const shown = makeShownOutput({ clipboard: false }, { passed: seen })
  for (const chunk of chunks) shown.push(Buffer.from(chunk))
  return seen.off()
}

describe("the terminal's modes", () => {
  it("need nothing after plain text and colours that were taken back", () => {
    assert.strictEqual(undoing("hello\r\n\x1b[31mred\x1b[0m \x1b[2J\x1b[3;4H"), "")
  })
  it("need nothing when what was switched on was switched off", () => {
    assert.strictEqual(undoing("\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[>1u", "\x1b[<u\x1b[?2004l\x1b[?25h\x1b[?1049l"), "")
  })
  it("are each undone by their own opposite", () => {
    const undone = undoing("\x1b[?1000;1006h\x1b[?1004h\x1b[?2004h\x1b[?25l\x1b[>1u\x1b[>4;2m\x1b[1m\x1b=\x1b[?1049h")
    const opposites = [
      "\x1b[?1000l",
      "\x1b[?1006l",
      "\x1b[?1004l",
      "\x1b[?2004l",
      "\x1b[?25h",
      "\x1b[<1u",
      "\x1b[>4;0m",
      "\x1b[0m",
      "\x1b>",
      "\x1b[?1049l"
    ]
    for (const each of opposites) assert.include(undone, each)
  })
  it("are followed through sequences cut at any byte", () => {
    const text = "\x1b[?1003h\x1b]0;a title\x07\x1b[?2004h\x1b[?25l"
    const whole = undoing(text)
    for (let at = 1; at < text.length; at++) assert.strictEqual(undoing(text.slice(0, at), text.slice(at)), whole)
  })
  it("need nothing after a string that was cut off: it never reached the terminal", () => {
    assert.strictEqual(undoing("\x1b]0;half a title"), "")
  })
  it("are off again, what a shell cannot see too", () => {
    const drawn =
      "\x1b]8;;http://a.example/\x07\x1b]4;1;#fff\x07\x1b]10;red\x07\x1b]11;#000\x07\x1b]12;blue\x07\x1b]9;4;1;50\x07\x1b[?2048h\x1b(0\x1b[20h\x1b[22;0t\x1b[3g"
    const undone = undoing(drawn)
    for (const back of ["]8;;", "]104", "]110", "]111", "]112", "]9;4;0", "[?2048l", "(B", "[20l", "[23;0t", "[3g"])
      assert.include(undone, `\x1b${back}`)
    assert.strictEqual(
      undoing(
        `${drawn}\x1b]8;;\x07\x1b]104\x07\x1b]110\x07\x1b]111\x07\x1b]112\x07\x1b]9;4;0\x07\x1b[?2048l\x1b(B\x1b[20l\x1b[23;0t\x1b[?5W`
      ),
      ""
    )
  })
  it("take no title or query for a mode", () => {
    assert.strictEqual(undoing("\x1b]0;\\[?1000h\x07\x1b[c\x1b[6n\x1bP+q544e\x1b\\"), "")
  })
  it.each([
    ["with the keyboard changed before the screen", "\x1b[>7u\x1b[?1049h"],
    ["with the keyboard changed after the screen", "\x1b[?1049h\x1b[>7u"],
    ["with the keyboard changed on both", "\x1b[>1u\x1b[?1049h\x1b[>3u\x1b[=5u"]
  ])("are all off after an agent that was killed, %s", ([, first]) => {
    const switches = ["?1000", "?1002", "?1003", "?1006", "?1004", "?2004"]
    const drawn = `${first}${switches.map((mode) => `\x1b[${mode}h`).join("")}\x1b[?25ltext`
    const emulator = new Emulator({ cols: 40, rows: 10 })
    emulator.write(`shell$ ${drawn}${undoing(drawn)}`)
    const asked = ["?1049", ...switches, "?25"].map((mode) => `\x1b[${mode}$p`).join("")
    const off = ["?1049", ...switches].map((mode) => `\x1b[${mode};2$y`).join("")
    assert.strictEqual(emulator.ask(Buffer.from(`${asked}\x1b[?u`)), `${off}\x1b[?25;1$y\x1b[?0u`)
    emulator.write("\x1b[?1049h")
    assert.strictEqual(emulator.ask(Buffer.from("\x1b[?u")), "\x1b[?0u", "nor on the other screen")
    emulator.dispose()
  })
  it("leave a real terminal as it was", async () => {
    const terminal = new headless.Terminal({ cols: 40, rows: 10, allowProposedApi: true })
    const write = (text: string) => new Promise<void>((resolve) => terminal.write(text, resolve))
    const drawn = "\x1b[?1049h\x1b[?1003h\x1b[?1006h\x1b[?2004h\x1b[?1h\x1b=\x1b[?6h\x1b[2;5r\x1b[?7l\x1b[4h\x1b[1;31mtext"
    await write(`shell$ ${drawn}`)
    assert.strictEqual(terminal.buffer.active.type, "alternate")
    await write(undoing(drawn))
    assert.strictEqual(terminal.buffer.active.type, "normal")
    const {
      applicationCursorKeysMode,
      applicationKeypadMode,
      bracketedPasteMode,
      insertMode,
      mouseTrackingMode,
      originMode,
      wraparoundMode
    } = terminal.modes
    assert.deepStrictEqual(
      { applicationCursorKeysMode, applicationKeypadMode, bracketedPasteMode, insertMode, mouseTrackingMode, originMode, wraparoundMode },
      {
        applicationCursorKeysMode: false,
        applicationKeypadMode: false,
        bracketedPasteMode: false,
        insertMode: false,
        mouseTrackingMode: "none",
        originMode: false,
        wraparoundMode: true
      }
    )
    terminal.dispose()
  })

  it("take back what was pushed on the other screen, and colours of every kind", () => {
    const undone = undoing("\x1b[?1049h\x1b[>7u\x1b[?1049l\x1b]13;red\x07\x1b]17;#fff;#000\x07\x1b]19;blue\x07\x1b[?5h\x1b[20h\x1b[>4;2m")
    for (const back of ["[<1u", "]113", "]117", "]118", "]119", "[?5l", "[20l", "[>4;0m"]) assert.include(undone, `\x1b${back}`)
  })
  it("keep the mouse on over a soft reset, which leaves it on", () => {
    assert.include(undoing("\x1b[?1003h\x1b[!p"), "\x1b[?1003l")
  })
  it("leave the title below the agent's own, whatever it takes from the stack", () => {
    const shown = makeShownOutput({ clipboard: false })
    const passed = Buffer.from(
      shown.push(Buffer.from(`${"\x1b[23;0t".repeat(9)}\x1b[22;0t\x1b]2;mine\x07${"\x1b[23t".repeat(3)}`))
    ).toString()
    assert.strictEqual(passed, "\x1b[22;0t\x1b]2;mine\x07\x1b[23t")
    const deep = Buffer.from(
      makeShownOutput({ clipboard: false }).push(Buffer.from("\x1b[22t".repeat(30) + "\x1b[23t".repeat(30)))
    ).toString()
    assert.strictEqual(deep, "\x1b[22t".repeat(8) + "\x1b[23t".repeat(8))
  })
})
