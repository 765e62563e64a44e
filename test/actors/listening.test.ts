import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { countOf, running, staged } from "./actors.ts"

describe("the observer of an agent", () => {
  it("is one for each launch, however often its holder was reached again", async () => {
    let listening = 0
    const { daemon, stage } = await staged({
      bendOutput: (output) => ({
        ...output,
        scan: (session, from) =>
          Stream.unwrap(
            Effect.sync(() => {
              listening += 1
              return Stream.ensuring(
                output.scan(session, from),
                Effect.sync(() => {
                  listening -= 1
                })
              )
            })
          )
      })
    })
    await using _ = stage
    const id = await running(stage, daemon)
    assert.strictEqual(listening, 1)
    for (let n = 1; n <= 3; n++) {
      stage.world.holderOf(id).disconnect()
      await stage.until("it is reached again", () => countOf(stage, id, "Adopted") === n)
      assert.strictEqual(listening, 1)
    }
    stage.world.holderOf(id).crash(1)
    await stage.until("it is back", () => countOf(stage, id, "AgentReady") === 2)
    assert.strictEqual(listening, 1)
  })
})
