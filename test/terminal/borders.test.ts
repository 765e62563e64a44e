import { assert, describe, it } from "@effect/vitest"
import { limits } from "../../src/domain/limits.ts"
import { makeShownOutput } from "../../src/domain/terminal/shown-output.ts"
import { Emulator } from "../../src/infra/screens/emulator.ts"
import { chance } from "../support/terminal-bytes.ts"
import { stateOf } from "./borders.ts"
import { shortened, stream } from "./grammar.ts"
import { failsAnywhere } from "./many-borders.ts"

/** More are drawn by `npm run test:terminal`. */
const seeds = 40

describe("a terminal that attaches", () => {
  it("in the middle of any stream shows what the screen shows, then and after it", { timeout: 300_000 }, () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const pieces = stream(chance(seed), 30, true)
      if (failsAnywhere(pieces)) assert.fail(`seed ${seed}: ${JSON.stringify(shortened(pieces, failsAnywhere))}`)
    }
  })

  it("gets what was switched on before it came: modes, title, colours, shape, keys, character sets, the kept cursor, tab stops", () => {
    const before = [
      ...["\x1b[?5h", "\x1b[?12h", "\x1b[20h", "\x1b[?2031h", "\x1b[?2048h", "\x1b[?1015h", "\x1b[>4;2m", "\x1b[>5u"],
      ...["\x1b]2;title\x07", "\x1b]4;1;#fff;200;red\x07", "\x1b]11;#102030\x07", "\x1b]17;blue\x07", "\x1b]22;crosshair\x07"],
      ...["\x1b]9;4;1;50\x07", "\x1b[3 q", "\x1b(0\x1b)A", "\x1b[3g\x1b[5G\x1bH", "\x1b[4;7H\x1b[31m\x1b7\x1b[m\x1b[H"]
    ].join("")
    const wanted = [
      ...["[?5h", "[20h", "[?2031h", "[?2048h", "[?1015h", "[>4;2m", "[>5u", "]2;title", "]4;1;#fff", "]4;200;red", "]11;#102030"],
      ...["]17;blue", "]22;crosshair", "]9;4;1;50", "[3 q", "(0", ")A", "[3g", "[4;7H"]
    ]
    const screen = new Emulator({ cols: 40, rows: 10 })
    screen.write(before)
    const shown = Buffer.from(makeShownOutput({ clipboard: false }).push(Buffer.from(screen.restoring(0)))).toString()
    for (const each of wanted) assert.include(shown, `\x1b${each}`)
    screen.dispose()
  })

  it("finds the title that was below on the stack", () => {
    const [screen, person] = [new Emulator({ cols: 40, rows: 10 }), new Emulator({ cols: 40, rows: 10 })]
    screen.write("\x1b]2;outer\x07\x1b[22;0t\x1b]2;inner\x07")
    person.write(screen.restoring(0))
    for (const each of [screen, person]) {
      assert.strictEqual(each.picture().title, "inner")
      each.write("\x1b[23;0t")
      assert.strictEqual(each.picture().title, "outer")
      each.dispose()
    }
  })
})

describe("a screen", () => {
  it("is the same however its bytes are cut, and goes on from a checkpoint as if there were none", () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const next = chance(seed)
      const bytes = Buffer.from(stream(next, 40, true).join(""))
      const whole = new Emulator({ cols: 40, rows: 10 })
      let cut = new Emulator({ cols: 40, rows: 10 })
      whole.write(bytes)
      for (let at = 0; at < bytes.length; ) {
        const to = Math.min(bytes.length, at + 1 + Math.floor(next() * 40))
        cut.write(bytes.subarray(at, to))
        at = to
        const checkpoint = cut.checkpoint(limits.screenScrollback)
        if (checkpoint === null) continue
        cut.dispose()
        cut = Emulator.restored(JSON.parse(JSON.stringify(checkpoint)) as typeof checkpoint)
      }
      assert.strictEqual(stateOf(cut), stateOf(whole), `seed ${seed}`)
      whole.dispose()
      cut.dispose()
    }
  })

  it("stays within the region in origin mode, wherever the cursor is moved", () => {
    const emulator = new Emulator({ cols: 40, rows: 10 })
    emulator.write("\x1b[3;8r\x1b[?6h\x1b[2;2H\x1b[5G\x1b[2C\x1b[1D\x1b[9`\x1b[Ax")
    assert.deepStrictEqual(emulator.picture().cursor, { x: 9, y: 2 })
    emulator.dispose()
  })

  it("is erased up to its last cell", () => {
    const emulator = new Emulator({ cols: 40, rows: 10 })
    emulator.write("text\x1b[10;40Hx\x1b[1J")
    assert.deepStrictEqual(
      emulator.picture().lines,
      Array.from({ length: 10 }, () => "")
    )
    emulator.dispose()
  })

  it("puts the kept cursor back in its row of the screen, whatever scrolled", () => {
    const emulator = new Emulator({ cols: 40, rows: 10 })
    emulator.write(`\x1b[5;5H\x1b7\x1b[10;1H${"\n".repeat(4)}\x1b8x`)
    assert.deepStrictEqual(emulator.picture().cursor, { x: 5, y: 4 })
    emulator.dispose()
  })
})
