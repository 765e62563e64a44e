import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { limits } from "../../../src/domain/limits.ts"
import { outputDirectory } from "../../../src/infra/holder/launch-directory.ts"
import { Spool } from "../../../src/infra/holder/spool.ts"
import { Output } from "../../../src/infra/output/output.ts"
import { Emulator } from "../../../src/infra/screens/emulator.ts"
import { Emulators } from "../../../src/infra/screens/emulators.ts"
import { PastScreens } from "../../../src/infra/screens/past-screens.ts"

const size = { cols: 80, rows: 24 }
const session = "s-000000000000"

interface Place {
  readonly spool: Spool
  readonly directory: string
  readonly checkpoints: () => ReadonlyArray<string>
}

const withSpool = <A, E>(test: (place: Place) => Effect.Effect<A, E, Output | PastScreens>, retentionBytes = 67_108_864) =>
  Effect.gen(function* () {
    const home = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "past-screens-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
    )
    const output = outputDirectory(home, session)
    const spool = new Spool({ directory: output, retentionBytes, size, onDropped: () => {}, onKept: () => {} })
    const directory = join(dirname(output), "screens")
    const checkpoints = () => {
      try {
        return readdirSync(directory)
      } catch {
        return []
      }
    }
    const layer = Layer.fresh(Layer.provideMerge(Layer.provide(PastScreens.layer, Emulators.layer), Output.layer({ home })))
    return yield* Effect.provide(test({ spool, directory, checkpoints }), layer)
  }).pipe(Effect.scoped)

/** A full-screen program: paints cells here and there, in colours, and now and then goes to its other screen. */
const frame = (n: number) =>
  `\x1b[${(n % 24) + 1};${((n * 7) % 60) + 1}H\x1b[3${n % 8};4${(n >> 3) % 8}m frame ${n} é漢\x1b[K${n % 500 === 0 ? "\x1b[?1049h\x1b[2J" : ""}${n % 900 === 0 ? "\x1b[?1049l\r\n" : ""}${n % 31 === 0 ? "\x1b(0lqk\x1b(B\x1b7" : ""}${n % 37 === 0 ? "\x1b8" : ""}`

type Step = Buffer | { readonly cols: number; readonly rows: number }

/** So many bytes of it, in chunks that are cut anywhere, with a resize here and there. */
const program = (bytes: number): ReadonlyArray<Step> => {
  const all = Buffer.from(Array.from({ length: Math.ceil(bytes / 36) }, (_, n) => frame(n)).join("")).subarray(0, bytes)
  const steps: Array<Step> = []
  for (let at = 0, n = 0; at < all.length; n++) {
    const length = 3_001 + ((n * 977) % 30_000)
    steps.push(all.subarray(at, at + length))
    at += length
    if (n % 40 === 39) steps.push({ cols: 70 + (n % 30), rows: 20 + (n % 9) })
  }
  return steps
}

const play = (spool: Spool, steps: ReadonlyArray<Step>) => {
  for (const step of steps) Buffer.isBuffer(step) ? spool.append(step) : spool.resize(step)
}

/** Drawn from the first byte, without a file in between: the picture at each of these offsets, which rise. */
const drawn = (steps: ReadonlyArray<Step>, offsets: ReadonlyArray<number>) => {
  const emulator = new Emulator(size)
  const pictures = new Map<number, unknown>()
  let at = 0
  for (const step of steps) {
    if (!Buffer.isBuffer(step)) {
      emulator.resize(step)
      continue
    }
    let done = 0
    for (const offset of offsets.filter((offset) => offset > at && offset <= at + step.length)) {
      emulator.write(step.subarray(done, offset - at))
      done = offset - at
      pictures.set(offset, { ...emulator.picture(), ansi: emulator.restoring(0) })
    }
    emulator.write(step.subarray(done))
    at += step.length
  }
  emulator.dispose()
  return pictures
}

describe("a screen of the past", () => {
  it.live(
    "is what was shown after any byte, from checkpoints or without them",
    () =>
      withSpool(({ checkpoints, spool }) =>
        Effect.gen(function* () {
          const steps = program(5_300_000)
          play(spool, steps)
          const offsets = [1, 17, 70_001, 999_999, 1_048_576, 1_900_000, 2_500_001, 3_400_000, 4_194_304, 5_299_999, 5_300_000]
          const expected = drawn(steps, offsets)
          const past = yield* PastScreens
          const near = yield* past.at(session, 1_500_000, size)
          assert.deepStrictEqual([near.exact, near.offset], [true, 1_500_000], "what is near the beginning needs no checkpoint")
          const far = yield* past.at(session, 4_000_000, size)
          assert.isFalse(far.exact, "from its beginning it would be too much to draw")
          yield* past.keep(session)
          assert.strictEqual(checkpoints().length, 5)
          for (const offset of offsets) {
            const { exact, offset: at, ...picture } = yield* past.at(session, offset, size)
            assert.deepStrictEqual([exact, at], [true, offset])
            assert.deepStrictEqual(picture, expected.get(offset), `at ${offset}`)
          }
          const before = yield* past.at(session, 0, { cols: 50, rows: 5 })
          assert.deepStrictEqual([before.exact, before.lines.join("")], [true, ""])
        })
      ),
    60_000
  )

  it.live(
    "is gone with its output, whose checkpoints go with it, and is known from then on to whoever kept them",
    () =>
      withSpool(
        ({ checkpoints, spool }) =>
          Effect.gen(function* () {
            const steps = program(3_300_000)
            play(spool, steps.slice(0, 130))
            const past = yield* PastScreens
            const output = yield* Output
            yield* past.keep(session)
            const kept = checkpoints()
            assert.isAbove(kept.length, 0)
            play(spool, steps.slice(130))
            const [from, to] = [yield* output.begin(session), yield* output.end(session)]
            assert.isAbove(from, 0)
            for (const offset of [1, from - 1, from]) {
              const gone = yield* Effect.flip(past.at(session, offset, size))
              assert.deepInclude({ ...gone }, { _tag: "OutputGone", from, to, offset })
            }
            yield* past.keep(session)
            assert.isTrue(checkpoints().every((name) => Number.parseInt(name, 16) >= from))
            // Nothing that it was drawn from reaches back to a known screen.
            const first = yield* past.at(session, from + 100_000, size)
            assert.isFalse(first.exact)
          }),
        2_097_152
      ),
    60_000
  )

  it.live(
    "does without checkpoints that were damaged, and makes them again",
    () =>
      withSpool(({ checkpoints, directory, spool }) =>
        Effect.gen(function* () {
          const steps = program(2_400_000)
          play(spool, steps)
          const past = yield* PastScreens
          yield* past.keep(session)
          const expected = yield* past.at(session, 2_200_000, size)
          const [first, second] = checkpoints().toSorted()
          writeFileSync(join(directory, second!), readFileSync(join(directory, second!), "utf8").slice(0, 500))
          writeFileSync(join(directory, first!), readFileSync(join(directory, first!), "utf8").replace(/"format":"\d+/, '"format":"0'))
          const { exact } = yield* past.at(session, 2_200_000, size)
          assert.deepStrictEqual([expected.exact, exact], [true, false])
          yield* past.keep(session)
          assert.deepStrictEqual(yield* past.at(session, 2_200_000, size), expected)
        })
      ),
    60_000
  )

  it.live("is found by its time, among the times of the chunks", () =>
    withSpool(({ spool }) =>
      Effect.gen(function* () {
        const past = yield* PastScreens
        const times: Array<number> = []
        for (let n = 0; n < 6; n++) {
          spool.append(Buffer.from(`${n}`.repeat(1_000)))
          times.push(Date.now())
          yield* Effect.sleep("15 millis")
        }
        for (const [n, time] of times.entries()) assert.strictEqual(yield* past.offsetAt(session, time), (n + 1) * 1_000)
        assert.strictEqual(yield* past.offsetAt(session, times[0]! - 60_000), 0)
        assert.strictEqual(yield* past.offsetAt(session, times[5]! + 60_000), 6_000)
        assert.strictEqual(yield* past.offsetAt("s-111111111111", times[5]!), 0)
      })
    )
  )

  it.live("costs checkpoints of the size that is reckoned with", () =>
    withSpool(({ checkpoints, directory, spool }) =>
      Effect.gen(function* () {
        play(spool, program(2_300_000))
        yield* (yield* PastScreens).keep(session)
        for (const name of checkpoints()) assert.isBelow(readFileSync(join(directory, name)).length, limits.screenCheckpointBytes / 16)
      })
    )
  )
})
