import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { limits } from "../../../src/domain/limits.ts"
import { outputDirectory } from "../../../src/infra/holder/launch-directory.ts"
import { Spool } from "../../../src/infra/holder/spool.ts"
import { Output } from "../../../src/infra/output/output.ts"
import { Emulator } from "../../../src/infra/screens/emulator.ts"
import { Emulators } from "../../../src/infra/screens/emulators.ts"
import { Screens } from "../../../src/infra/screens/screens.ts"

const size = { cols: 80, rows: 24 }
const session = "s-000000000000"

const spoolOptions = { retentionBytes: 67_108_864, size, onDropped: () => {}, onKept: () => {} }

/** A spool in the place of a holder's, and screens over the same files. */
const withSpool = <A, E>(test: (spool: Spool) => Effect.Effect<A, E, Output | Screens>, retentionBytes = 67_108_864) =>
  Effect.gen(function* () {
    const home = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "screens-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
    )
    const spool = new Spool({ ...spoolOptions, directory: outputDirectory(home, session), retentionBytes })
    return yield* Effect.provide(
      test(spool),
      Layer.fresh(Layer.provideMerge(Layer.provide(Screens.layer, Emulators.layer), Output.layer({ home })))
    )
  }).pipe(Effect.scoped)

/** The same bytes and resizes, drawn without a file in between. */
const drawn = (steps: ReadonlyArray<string | { readonly cols: number; readonly rows: number }>) => {
  const emulator = new Emulator(size)
  for (const step of steps) {
    if (typeof step === "string") emulator.write(Buffer.from(step))
    else emulator.resize(step)
  }
  const picture = emulator.picture()
  emulator.dispose()
  return picture
}

describe("a session's screen", () => {
  it.live("is blank, of the size given, before there is any output", () =>
    withSpool(() =>
      Effect.gen(function* () {
        const { cols, lines, offset, rows } = yield* (yield* Screens).now("s-111111111111", { cols: 50, rows: 5 })
        assert.deepStrictEqual([cols, rows, offset, lines], [50, 5, 0, ["", "", "", "", ""]])
      })
    )
  )

  it.live("has every resize at its byte, drawn at once or as it came", () =>
    Effect.gen(function* () {
      const long = "a line that is longer than forty columns, and wraps there\r\n"
      const steps = [
        long,
        { cols: 40, rows: 10 },
        long,
        "\x1b[3;3Hx",
        { cols: 60, rows: 12 },
        { cols: 61, rows: 13 },
        long,
        { cols: 30, rows: 8 }
      ]
      const expected = drawn(steps)
      const play = (spool: Spool, step: (typeof steps)[number]) =>
        typeof step === "string" ? spool.append(Buffer.from(step)) : spool.resize(step)
      const look = Effect.flatMap(Screens, (screens) => screens.now(session, size))
      const once = yield* withSpool((spool) => {
        for (const step of steps) play(spool, step)
        return look
      })
      const stepwise = yield* withSpool((spool) =>
        Effect.gen(function* () {
          for (const step of steps) {
            play(spool, step)
            yield* look
            yield* look
          }
          return yield* look
        })
      )
      for (const { ansi: _, offset: __, ...picture } of [once, stepwise]) assert.deepStrictEqual(picture, expected)
    })
  )

  it.live("begins new with each launch, looked at before it or not", () =>
    withSpool((spool) =>
      Effect.gen(function* () {
        const screens = yield* Screens
        const first = "\x1b[?1049h\x1b[?1003h\x1b[?2004h\x1b[5;10r\x1b(0\x1b[4h\x1b[31;7mof the first \x1b]0;half"
        for (const isLookedAt of [false, true]) {
          spool.append(Buffer.from(first))
          if (isLookedAt) yield* screens.now(session, size)
          spool.close()
          spool = new Spool({ ...spoolOptions, directory: (yield* Output).directoryOf(session) })
          spool.append(Buffer.from("of the second"))
          const { altScreen, ansi, lines } = yield* screens.now(session, size)
          assert.deepStrictEqual([altScreen, lines[0]], [false, "of the second"])
          for (const mode of ["?1003h", "?2004h", "5;10r", "4h"]) assert.notInclude(ansi, `\x1b[${mode}`)
        }
      })
    )
  )

  it.live("is drawn from the newest of very much output", () =>
    withSpool((spool) =>
      Effect.gen(function* () {
        const line = `${"0123456789".repeat(7)}\r\n`
        const block = Buffer.from(line.repeat(1_000))
        for (let written = 0; written < 3 * limits.screenReplayBytes; written += block.length) spool.append(block)
        spool.append(Buffer.from("THE END"))
        const { lines, offset } = yield* (yield* Screens).now(session, size)
        assert.deepStrictEqual([offset, lines.at(-1)], [spool.kept, "THE END"])
        assert.strictEqual(lines[0], "0123456789".repeat(7))
      })
    )
  )

  it.live("survives a hole in its output", () =>
    withSpool(
      (spool) =>
        Effect.gen(function* () {
          const screens = yield* Screens
          spool.append(Buffer.from("seen before the hole\r\n"))
          yield* screens.now(session, size)
          for (let n = 0; n < 200; n++) spool.append(Buffer.from(`${"x".repeat(10_000)}\r\n`))
          spool.append(Buffer.from("AFTER"))
          const { lines, offset } = yield* screens.now(session, size)
          assert.deepStrictEqual([offset, lines.at(-1)], [spool.kept, "AFTER"])
        }),
      262_144
    )
  )

  it.live("is kept for so many sessions and no more", () =>
    withSpool(() =>
      Effect.gen(function* () {
        const screens = yield* Screens
        for (let n = 0; n < limits.screens + 20; n++) yield* screens.now(`s-${String(n).padStart(12, "0")}`, size)
        assert.strictEqual(yield* screens.kept, limits.screens)
      })
    )
  )

  it.effect("is forgotten a minute after the last look", () =>
    withSpool((spool) =>
      Effect.gen(function* () {
        const screens = yield* Screens
        spool.append(Buffer.from("here"))
        yield* screens.now(session, size)
        yield* TestClock.adjust(limits.screenIdleMs - 1)
        assert.strictEqual(yield* screens.kept, 1)
        yield* screens.now(session, size)
        yield* TestClock.adjust(limits.screenIdleMs / 2)
        assert.strictEqual(yield* screens.kept, 1)
        yield* TestClock.adjust(limits.screenIdleMs)
        assert.strictEqual(yield* screens.kept, 0)
        assert.strictEqual((yield* screens.now(session, size)).lines[0], "here")
      })
    )
  )
})
