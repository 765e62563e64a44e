/** So many lives, each sound, and together every rule looked at and every fault met. */
import { assert } from "@effect/vitest"
import { Ledger } from "../support/world-ledger.ts"
import { unmet } from "./rules.ts"
import { simulate } from "./simulation.ts"

/** `open`: seeds that show what is known and not mended. */
export const live = async (first: number, count: number, open: ReadonlyArray<number> = []): Promise<void> => {
  const all = new Ledger()
  for (let seed = first; seed < first + count; seed++) {
    if (open.includes(seed)) continue
    const outcome = await simulate(seed)
    assert.deepStrictEqual(outcome.violations, [], `npm run simulate -- --seed ${seed}`)
    all.add(outcome)
  }
  assert.deepStrictEqual(unmet(all), [], "rules that no life has looked at, and faults that none has met")
}
