import { assert, describe, it } from "@effect/vitest"
import { Ledger } from "../support/world-ledger.ts"
import { simulate } from "./simulation.ts"

describe("any world with hostile agents", () => {
  it("keeps every promise to the other sessions, and ends every stop", { timeout: 900_000 }, async () => {
    const all = new Ledger()
    for (let seed = 5_000_001; seed <= 5_000_200; seed++) {
      const outcome = await simulate(seed, { hostile: true })
      assert.deepStrictEqual(outcome.violations, [], `npm run simulate -- --hostile --seed ${seed}`)
      all.add(outcome)
    }
    assert.isAbove(all.faults.get("agent lies without end") ?? 0, 500)
    assert.isAbove(all.counts.get("H words bounded") ?? 0, 50)
  })
})
