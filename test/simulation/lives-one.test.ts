import { assert, describe, it } from "@effect/vitest"
import { live } from "./lives.ts"
import { museum, open } from "./museum.ts"
import { simulate } from "./simulation.ts"

describe("any world", () => {
  it("keeps every promise, and every promise is looked at", { timeout: 900_000 }, () => live(1, 1_000, open))

  it("stays sound in the lives that once were not", { timeout: 300_000 }, async () => {
    for (const [seed, mended] of museum) assert.deepStrictEqual((await simulate(seed)).violations, [], `seed ${seed}: ${mended}`)
  })

  it("has one history for one seed", { timeout: 300_000 }, async () => {
    for (const seed of [3, 11, 29]) {
      const [one, two] = [await simulate(seed), await simulate(seed)]
      assert.strictEqual(one.hash, two.hash)
      assert.deepStrictEqual(one.story, two.story)
    }
    assert.notStrictEqual((await simulate(3)).hash, (await simulate(4)).hash)
  })

  it("begins the same, however early it is to end", { timeout: 300_000 }, async () => {
    const [short, long] = [await simulate(3, { steps: 6 }), await simulate(3)]
    assert.strictEqual(short.story.length, 6)
    assert.deepStrictEqual(short.story, long.story.slice(0, 6))
  })
})
