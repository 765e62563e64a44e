/** A few seconds of every fuzz target; `npm run fuzz` runs them for longer. */
import { describe, expect, it } from "vitest"
import { allTargets } from "./index.ts"

/** The same inputs in every run: a failure here is a change of ours. */
const seed = 1
const slice = { seconds: 6, inputs: 4_000 }

describe("the daemon", () => {
  it("has no two fuzz targets of one name", () => {
    expect(new Set(allTargets.map(({ name }) => name)).size).toBe(allTargets.length)
  })

  for (const { name, promise, run } of allTargets) {
    it(`${promise}, whatever the ${name} target sends`, { timeout: 180_000 }, async () => {
      const budget = { endsAt: performance.now() + slice.seconds * 1_000, inputs: slice.inputs, turnMs: 1_000, keep: () => {} }
      const { findings, inputs } = await run(seed, budget)
      expect(findings).toEqual([])
      expect(inputs).toBeGreaterThan(0)
    })
  }
})
