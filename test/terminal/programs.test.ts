/** The part of the matrix whose programs stand on most machines; `npm run test:terminal -- --programs` runs all of it. */
import { assert, describe, it } from "@effect/vitest"
import { editors, shells } from "./programs/list.ts"
import { programs, versionOf } from "./programs/matrix.ts"

const common = [...editors, ...shells].filter(({ name }) => ["vim", "nano", "less", "python with prompt_toolkit"].includes(name))

const installed = common.filter((program) => versionOf(program) !== null)

describe("a full-screen program that is resized, left and orphaned", () => {
  it.skipIf(installed.length === 0)("shows what an undisturbed twin shows", { timeout: 240_000 }, async () => {
    for (const { name, outcome, why } of await programs(installed)) assert.strictEqual(outcome, "passed", `${name}: ${why}`)
  })
})
