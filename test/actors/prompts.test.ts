import { assert, describe, it } from "@effect/vitest"
import type { PromptRequest } from "../../src/actors/sessions.ts"
import { tokenOf } from "../support/world-evidence.ts"
import { ada, rename } from "../support/world-requests.ts"
import { answerOf, countOf, running, seen, sent, staged } from "./actors.ts"

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

  it("that answers a question is not typed once another question is open", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon, { provider: "hooked", command: ["hooked"] })
    // The test speaks for its agent.
    stage.world.hostile.add(id)
    await stage.pass(2_000)
    const asks = async (command: string) => {
      const payload = { session_id: "c", tool_name: "Bash", tool_input: { command } }
      const call = { id: command, generation: 1, event: "PermissionRequest", payload, at: stage.world.clock.wallMs }
      await answerOf(stage, daemon.ask(daemon.sessions.hook(id, tokenOf(id, 1), call)))
      return (await seen(stage, daemon, id)).question?.id
    }
    const first = await asks("list the files")
    assert(first !== undefined)
    // Its keys wait until the dialog has been there for 400 ms.
    const answer = daemon.ask(daemon.sessions.prompt(id, { ...prompt("allow"), answers: first }, ada))
    await stage.until("it is claimed", () => countOf(stage, id, "PromptClaimed") === 1, 300, 1)
    assert.notStrictEqual(await asks("delete the files"), first)
    await stage.until("its fate is known", () => countOf(stage, id, "PromptRejected") === 1)
    assert.deepStrictEqual(stage.world.launchOf({ session: id, generation: 1 })?.holder?.typed, [])
    assert.strictEqual(answer.state, "answered")
  })
})
