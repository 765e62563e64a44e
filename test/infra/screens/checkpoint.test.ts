import { assert, describe, it } from "@effect/vitest"
import { Emulator, type EmulatorCheckpoint } from "../../../src/infra/screens/emulator.ts"

const size = { cols: 40, rows: 10 }

/** What a program may write, in pieces that are cut anywhere. */
const phrases: ReadonlyArray<string> = [
  "plain text ",
  "wide 漢字 and 🙂 ",
  "\r\n",
  "\n",
  "\r",
  "\b\b",
  "\t",
  "\x1b[31;1m",
  "\x1b[0m",
  "\x1b[48;2;10;20;30m",
  "\x1b[38;5;200m",
  "\x1b[7m",
  "\x1b[3;5H",
  "\x1b[10;40Hx",
  "\x1b[2J",
  "\x1b[K",
  "\x1b[2;6r",
  "\x1b[r",
  "\x1b7",
  "\x1b8",
  "\x1b[?1049h",
  "\x1b[?1049l",
  "\x1b[?6h",
  "\x1b[?6l",
  "\x1b[?7l",
  "\x1b[?7h",
  "\x1b[4h",
  "\x1b[4l",
  "\x1b[?25l",
  "\x1b[?25h",
  "\x1b[?2004h",
  "\x1b(0lqqk\x1b(B",
  "\x1b)0\x0e",
  "\x0f",
  "\x1b[3g",
  "\x1bH",
  "\x1bM",
  "\x1bD",
  "\x1b[2L",
  "\x1b[2M",
  "\x1b[3P",
  "\x1b[3@",
  "\x1b]2;a title\x07",
  "\x1b]0;another\x1b\\",
  "x".repeat(50),
  "x".repeat(40),
  "\x1b[5S",
  "\x1b[2T",
  "\x1b[5X",
  "e\u0301",
  "\x1b[4:3;58:5:3m",
  "\x1b[3b",
  "\x1b[?1000h\x1b[?1006h",
  "\x1bc"
]

/** Mulberry32: the same choices for the same seed. */
const chance = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}

describe("a checkpoint of a terminal", () => {
  it("goes on as one that drew everything, wherever it was taken", () => {
    let taken = 0
    for (let seed = 1; seed <= 400; seed++) {
      const next = chance(seed)
      const bytes = Buffer.from(Array.from({ length: 60 }, () => phrases[Math.floor(next() * phrases.length)]).join(""))
      const cut = Math.floor(next() * bytes.length)
      const whole = new Emulator(size)
      whole.write(bytes.subarray(0, cut))
      const checkpoint = whole.checkpoint(100)
      whole.write(bytes.subarray(cut))
      if (checkpoint === null) continue
      taken += 1
      const restored = Emulator.restored(JSON.parse(JSON.stringify(checkpoint)) as EmulatorCheckpoint)
      restored.write(bytes.subarray(cut))
      assert.deepStrictEqual(restored.picture(), whole.picture(), `seed ${seed}, cut at ${cut}: ${JSON.stringify(bytes.toString())}`)
      assert.strictEqual(restored.restoring(0), whole.restoring(0), `seed ${seed}, cut at ${cut}: ${JSON.stringify(bytes.toString())}`)
      whole.dispose()
      restored.dispose()
    }
    assert.isAbove(taken, 150)
  })

  it("is not taken inside a sequence or a character", () => {
    for (const [written, whole] of [
      ["a", true],
      ["\x1b", false],
      ["\x1b[3", false],
      ["\x1b[31m", true],
      ["\x1b]2;tit", false],
      ["\x1b]2;title\x07", true]
    ] as const) {
      const emulator = new Emulator(size)
      emulator.write(Buffer.from(written))
      assert.strictEqual(emulator.checkpoint(0) !== null, whole, JSON.stringify(written))
      emulator.dispose()
    }
    const emulator = new Emulator(size)
    emulator.write(Buffer.from("é").subarray(0, 1))
    assert.isNull(emulator.checkpoint(0))
    emulator.dispose()
  })
})
