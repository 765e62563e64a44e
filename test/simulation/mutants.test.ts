import { assert, describe, it } from "@effect/vitest"
import { find } from "./hunt.ts"
import { canary, mutants } from "./mutants.ts"
import { simulate } from "./simulation.ts"

/** They take hundreds of lives: `npm run simulate -- --mutants` looks for them, too. */
const rare: ReadonlySet<string> = new Set([
  ...["noEpochCheck", "unknownIsAbsent", "forgetConversation", "noLeases", "neverExpire", "ignoreDueDeadlines", "believeEveryWrite"],
  ...["skipLastOutput", "believeOldHooks", "overlookReboots", "resubmitOnDoubt", "answerLate", "typeDuringInterrupt"],
  ...["assumeWritten", "assumeNotWritten", "forgetKeysOnRestart", "refillBudgetOnSpawn"]
])

describe("a planted fault", () => {
  for (const [name, mutant] of Object.entries(mutants))
    if (!rare.has(name))
      it(`is found: ${name}`, { timeout: 120_000 }, async () => {
        assert.isNotNull(await find(mutant, 150), "150 lives did not find it")
      })

  it("that no rule can overlook is overlooked in no life", { timeout: 300_000 }, async () => {
    for (let seed = 1; seed <= 20; seed++) assert.isNotEmpty((await simulate(seed, { mutant: canary })).violations, `seed ${seed}`)
  })
})
