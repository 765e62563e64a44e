/** Waiting for a file: what the kernel reports is real, the clock is virtual. */
import { appendFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { limits } from "../../../src/domain/limits.ts"
import { FileWatch } from "../../../src/infra/evidence/file-watch.ts"
import { temporaryDirectory } from "./launched.ts"

const watching = (path: string) =>
  Effect.acquireRelease(
    Effect.sync(() => new FileWatch(path)),
    (watch) => Effect.sync(() => watch[Symbol.dispose]())
  )

const turns = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 50)))

describe("the watch over a file", () => {
  it.effect("says without a word from the kernel that it is time to look, to all at the same moment", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const waits: Array<Fiber.Fiber<void>> = []
      for (const name of ["a", "b", "c"]) {
        const watch = yield* watching(join(directory, name))
        watch.arm()
        waits.push(yield* Effect.forkChild(watch.changed, { startImmediately: true }))
        yield* TestClock.adjust(limits.filePollMs / 5)
      }
      const over = () => waits.map((fiber) => fiber.pollUnsafe() !== undefined)
      yield* TestClock.adjust(limits.filePollMs / 5)
      assert.deepStrictEqual(over(), [false, false, false])
      yield* TestClock.adjust(limits.filePollMs / 5)
      assert.deepStrictEqual(over(), [true, true, true])
    }).pipe(Effect.scoped)
  )

  it.effect("does not forget what happened before a caller waited, and reports nothing else", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "file")
      const watch = yield* watching(path)
      watch.arm()
      writeFileSync(`${path}.other`, "")
      yield* turns
      const waiting = yield* Effect.forkChild(watch.changed, { startImmediately: true })
      yield* turns
      assert.isUndefined(waiting.pollUnsafe())
      writeFileSync(path, "")
      yield* Fiber.join(waiting)
      watch.arm()
      appendFileSync(path, "more")
      yield* turns
      yield* watch.changed
    }).pipe(Effect.scoped)
  )
})
