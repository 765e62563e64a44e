import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { makePathLooks } from "../../src/infra/path-looks.ts"

const never = new Promise<never>(() => {})

describe("looks at paths", () => {
  it.live("give what was found", () =>
    Effect.gen(function* () {
      const lookAt = makePathLooks({ atOnce: 2, withinMs: 20_000 })
      const found = yield* Effect.all(
        Array.from({ length: 50 }, (_, at) => lookAt(`/${at}`, async () => at)),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(
        found,
        Array.from({ length: 50 }, (_, at) => at)
      )
    })
  )
  it.live("are at most so many at once", () =>
    Effect.gen(function* () {
      const lookAt = makePathLooks({ atOnce: 2, withinMs: 20_000 })
      let [now, most] = [0, 0]
      const one = lookAt("/a", async () => {
        most = Math.max(most, ++now)
        await new Promise((resolve) => setTimeout(resolve, 2))
        now--
      })
      yield* Effect.all(
        Array.from({ length: 10 }, () => one),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(most, 2)
    })
  )
  it.live("fail by the path that does not answer", () =>
    Effect.gen(function* () {
      const lookAt = makePathLooks({ atOnce: 2, withinMs: 20 })
      const { path } = yield* Effect.flip(
        lookAt("/a", async (visit) => {
          visit("/b")
          return never
        })
      )
      assert.strictEqual(path, "/b")
    })
  )
  it.live("are refused where all places wait, and made again when one answers", () =>
    Effect.gen(function* () {
      const lookAt = makePathLooks({ atOnce: 2, withinMs: 200 })
      const ended: Array<() => void> = []
      const hang = lookAt("/gone", () => new Promise<void>((resolve) => ended.push(resolve)))
      const three = yield* Effect.all([hang, hang, lookAt("/there", async () => "there")].map(Effect.result), { concurrency: "unbounded" })
      assert.deepStrictEqual(
        three.map(({ _tag }) => _tag),
        ["Failure", "Failure", "Failure"]
      )
      assert.match((yield* Effect.flip(lookAt("/there", async () => "there"))).detail, /\/there was not looked at, since \/gone and \/gone/)
      assert.strictEqual(ended.length, 2)
      ended[0]!()
      yield* Effect.promise(() => Promise.resolve())
      assert.strictEqual(yield* lookAt("/there", async () => "there"), "there")
    })
  )
  it.live("go no further after they were given up", () =>
    Effect.gen(function* () {
      const lookAt = makePathLooks({ atOnce: 1, withinMs: 20_000 })
      let answer = () => {}
      const visited: Array<string> = []
      const fiber = yield* Effect.forkChild(
        lookAt("/a", async (visit) => {
          await new Promise<void>((resolve) => {
            answer = resolve
          })
          visit("/b")
          visited.push("/b")
        })
      )
      yield* Effect.sleep(5)
      yield* Fiber.interrupt(fiber)
      answer()
      assert.strictEqual(yield* lookAt("/c", async () => "c"), "c")
      assert.deepStrictEqual(visited, [])
    })
  )
})
