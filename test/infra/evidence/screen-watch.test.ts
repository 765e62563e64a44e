/** Screens over the files of a spool, which stands in the place of a holder's; the watch's own waits on a virtual clock. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { limits } from "../../../src/domain/limits.ts"
import { watchScreen } from "../../../src/infra/evidence/screen-watch.ts"
import { outputDirectory } from "../../../src/infra/holder/launch-directory.ts"
import { Spool } from "../../../src/infra/holder/spool.ts"
import { Output } from "../../../src/infra/output/output.ts"
import { Emulators } from "../../../src/infra/screens/emulators.ts"
import { type ScreenRead, Screens } from "../../../src/infra/screens/screens.ts"

const stepMs = 50
const size = { cols: 40, rows: 5 }
const session = "s-000000000000"

interface Watched {
  readonly seen: ReadonlyArray<ScreenRead>
  readonly print: (text: string) => Effect.Effect<void>
  /** Lets the clock go on, and the emulator do what it does in turns of the event loop. */
  readonly pass: (ms: number) => Effect.Effect<void>
}

const watching = <A, E>(test: (watched: Watched) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const home = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "screen-watch-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
    )
    const spool = new Spool({
      directory: outputDirectory(home, session),
      retentionBytes: 67_108_864,
      size,
      onDropped: () => {},
      onKept: () => {}
    })
    yield* Effect.gen(function* () {
      const output = yield* Output
      const seen: Array<ScreenRead> = []
      const emulators = yield* Emulators
      // The emulator draws in a thread of its own, on the real clock.
      const turns = Effect.promise(async () => {
        for (let quiet = 0; quiet < 2; quiet = emulators.isBusy() ? 0 : quiet + 1) await new Promise((resolve) => setTimeout(resolve, 2))
      })
      const pass = Effect.fnUntraced(function* (ms: number) {
        for (let left = ms; left > 0; left -= stepMs) {
          yield* TestClock.adjust(Math.min(left, stepMs))
          yield* turns
        }
      })
      const print = Effect.fnUntraced(function* (text: string) {
        spool.append(Buffer.from(text))
        output.ring(session, yield* output.end(session))
      })
      yield* print("first")
      yield* Effect.forkScoped(
        Stream.runForEach(watchScreen(session, size, null), (screen) => Effect.sync(() => void seen.push(screen))),
        { startImmediately: true }
      )
      yield* turns
      yield* test({ seen, print, pass })
    }).pipe(
      Effect.scoped,
      Effect.provide(Layer.fresh(Layer.provideMerge(Layer.provideMerge(Screens.layer, Emulators.layer), Output.layer({ home }))))
    )
  }).pipe(Effect.scoped)

const firstLines = (seen: ReadonlyArray<ScreenRead>) => seen.map(({ lines }) => lines[0])

describe("the watch over a screen", () => {
  it.effect("shows it at once, and when what was printed since has come to rest", () =>
    watching(({ pass, print, seen }) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(firstLines(seen), ["first"])
        yield* print("\x1b]0;title\x07\x1b[H\x1b[Kone")
        yield* pass(limits.screenQuietMs - 1)
        yield* print("\x1b[H\x1b[Ktwo")
        yield* pass(limits.screenQuietMs - 1)
        assert.strictEqual(seen.length, 1)
        yield* pass(limits.screenQuietMs + 1)
        assert.deepStrictEqual(firstLines(seen), ["first", "two"])
        assert.deepInclude(seen[1], { title: "title", offset: 5 + 10 + 2 * 9 })
      })
    )
  )

  it.effect("looks now and then while the output flows, and never without output", () =>
    watching(({ pass, print, seen }) =>
      Effect.gen(function* () {
        for (let printed = 0; printed < 100; printed += 1) {
          yield* print(`\x1b[H\x1b[K${printed}`)
          yield* pass(100)
        }
        assert.isAtLeast(seen.length, 10_000 / limits.screenFlowMs)
        assert.isAtMost(seen.length, 2 + 10_000 / limits.screenFlowMs)
        yield* pass(limits.screenFlowMs)
        const looked = seen.length
        assert.strictEqual(seen.at(-1)?.lines[0], "99")
        yield* TestClock.adjust(3_600_000)
        yield* pass(stepMs)
        assert.strictEqual(seen.length, looked)
      })
    )
  )
})
