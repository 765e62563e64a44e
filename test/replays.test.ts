/** Every recording, lived through once more: by the real registry, actors and log, where the pure core has decided it already. */
import { assert, describe, it } from "@effect/vitest"
import { play } from "./support/player.ts"
import { recordings } from "./support/sealed.ts"

describe("a recorded session, played to the real actor,", () => {
  for (const recording of recordings())
    it(`comes to the same log and does the same where ${recording.title}`, async () => {
      const { daemons, facts, ladders, launched } = await play(recording)
      assert.deepStrictEqual(
        facts,
        recording.steps.flatMap(({ facts }) => facts)
      )
      const owed = recording.steps.flatMap(({ effects }) => effects ?? [])
      assert.deepStrictEqual(
        launched.map(({ nonce }) => nonce),
        owed.flatMap(({ nonce, type }) => (type === "Spawn" ? [nonce] : []))
      )
      assert.deepStrictEqual(
        ladders,
        owed.flatMap(({ mode, type }) => (type === "RunLadder" ? [mode] : []))
      )
      assert.strictEqual(daemons, new Set(recording.steps.map(({ epoch }) => epoch)).size)
    })
})
