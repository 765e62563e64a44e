/** A few seconds of every fuzz target; `npm run fuzz` runs them for longer. */
import { describe, expect, it } from "vitest"
import { allTargets } from "./index.ts"

/** The same inputs in every run: a failure here is a change of ours. */
const seed = 1
const slice = { seconds: 6, inputs: 4_000 }
/**
 * The listeners get the largest slice: client and daemon take about 0.25 ms of processor time each for a request, so two idle cores send
 * some 3,000 a second, and a million in six minutes (`npm run fuzz -- --target http --inputs 1000000 --minutes 20`).
 */
const largest: Readonly<Record<string, typeof slice>> = { http: { seconds: 30, inputs: 100_000 } }

describe("the daemon", () => {
  it("has no two fuzz targets of one name", () => {
    expect(new Set(allTargets.map(({ name }) => name)).size).toBe(allTargets.length)
  })

  for (const { name, promise, run } of allTargets) {
    it(`${promise}, whatever the ${name} target sends`, { timeout: 180_000 }, async () => {
      const { inputs: most, seconds } = largest[name] ?? slice
      const budget = { endsAt: performance.now() + seconds * 1_000, inputs: most, turnMs: 1_000, keep: () => {} }
      const { findings, inputs } = await run(seed, budget)
      expect(findings).toEqual([])
      expect(inputs).toBeGreaterThan(0)
    })
  }
})
