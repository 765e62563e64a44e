/** An agent in a folder that it was never in: it asks whether that can be trusted, and a prompt or the launch answers. */
import { assert, describe, it } from "vitest"
import { processesOf } from "../support/daemon.ts"
import { type AgentName, pinned } from "./installed.ts"
import { Stage } from "./stage.ts"

/** `restarts`: it begins again once its folder is trusted, and what it does meanwhile is unknown. */
export const trust = (name: AgentName, { restarts = false } = {}) =>
  describe(`${pinned[name].package} ${pinned[name].version} in a strange folder`, () => {
    const opened = async () => {
      return Stage.opened(name, { stranger: true })
    }
    const asks = (stage: Stage, id: string) =>
      stage.reaches(id, "the question of trust", ({ question }) => question?.kind === "trust" && question.choices.length > 1)

    it("waits until it is allowed, and then works", async () => {
      await using stage = await opened()
      const { id } = await stage.launched()
      const { question } = await asks(stage, id)
      await stage.prompt(id, "allow", { answers: question!.id })
      await stage.idle(id)
      await stage.answered(id, await stage.prompt(id, "the boat is blue"))
      assert.deepStrictEqual((await stage.asked("the boat is blue")).said, ["the boat is blue"])
    })

    it("is answered by its launch, and for no other question", async () => {
      await using stage = await opened()
      const { id } = await stage.launched({ trustFolder: true, prompt: "the boat is blue" })
      const { steps } = await stage.answered(id, (await stage.prompted(id, "first"))!)
      assert.strictEqual(steps.at(-1)?.state, "answered")
      const told = (await stage.prompted(id, "trust-1.1"))?.state
      assert.include(restarts ? ["answered", "uncertain"] : ["answered"], told)
    })

    it("is not trusted where it is denied", async () => {
      await using stage = await opened()
      const { id } = await stage.launched()
      const { question } = await asks(stage, id)
      await stage.prompt(id, "deny", { answers: question!.id })
      await stage.reaches(id, "an end of the question", (session) => session.question === null)
      assert.isEmpty(stage.model.turns)
      // Some agents leave by themselves then, and a stop is refused.
      await stage.daemon.ask("POST", `/v1/sessions/${id}/stop`, {})
      await stage.ended(id)
      assert.deepStrictEqual(processesOf(id), [])
    })
  })
