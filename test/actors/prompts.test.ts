import { assert, describe, it } from "@effect/vitest"
import type { PromptRequest } from "../../src/actors/sessions.ts"
import { ada, rename } from "../support/world-requests.ts"
import { answerOf, countOf, running, sent, staged } from "./actors.ts"

const prompt = (text: string): PromptRequest => ({
  text,
  deliver: "now",
  onUncertain: "report",
  from: null,
  replyTo: null,
  threadId: null,
  replyExpected: false,
  expiresInMs: null
})

describe("a prompt", () => {
  it("is not called rejected because its agent slept while the machine did", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon, { provider: "hooked", command: ["hooked"] })
    await answerOf(stage, daemon.ask(daemon.sessions.prompt(id, prompt("good night"), ada)))
    await stage.until("it is submitted", () => countOf(stage, id, "PromptSubmitted") === 1, 1_000, 1)
    stage.world.clock.suspend(600_000)
    await sent(stage, daemon, id, rename("x"))
    await stage.until("it is answered", () => countOf(stage, id, "PromptAnswered") === 1)
    assert.strictEqual(countOf(stage, id, "PromptRejected"), 0)
  })
})
