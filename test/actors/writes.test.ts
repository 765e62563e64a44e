import { assert, describe, it } from "@effect/vitest"
import { script } from "../support/world-agent.ts"
import { ada } from "../support/world-requests.ts"
import { answerOf, countOf, errorOf, running, staged } from "./actors.ts"

const hello = new TextEncoder().encode("hello\n")

describe("what is typed into a session", () => {
  it("is answered once every byte has reached the terminal, and is typed once", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    const { view } = await answerOf(stage, daemon.ask(daemon.sessions.write(id, hello, ada)))
    assert.strictEqual(view.id, id)
    assert.deepStrictEqual(
      stage.world.holderOf(id).typed.map(({ bytes }) => new TextDecoder().decode(bytes)),
      ["hello\n"]
    )
    assert.strictEqual(countOf(stage, id, "InputWritten"), 1)
  })

  it("while the terminal cannot be reached is known not to be written", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    stage.world.holderOf(id).disconnect()
    await stage.world.clock.settle()
    assert.deepInclude(await errorOf(stage, daemon.ask(daemon.sessions.write(id, hello, ada))), {
      _tag: "InputNotWritten",
      code: "not_written"
    })
    await stage.pass(10_000)
    assert.lengthOf(stage.world.holderOf(id).typed, 0)
  })

  it("is uncertain when the holder dies with it in its hands", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    stage.world.nextScript = script({ reads: false })
    const id = await running(stage, daemon)
    const asked = daemon.ask(daemon.sessions.write(id, hello, ada))
    await stage.pass(10)
    stage.world.holderOf(id).die()
    assert.deepInclude(await errorOf(stage, asked), { _tag: "InputNotWritten", code: "uncertain" })
  })

  it("before the daemon was killed is settled by the next one, from what the holder remembers", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    // Two crossings are the append's, two the write's: the holder has written it, and the daemon never learns so.
    daemon.port.fuse = 4
    daemon.ask(daemon.sessions.write(id, hello, ada))
    await stage.until("the daemon has died", () => !daemon.alive)
    await daemon.bury()
    assert.lengthOf(stage.world.holderOf(id).typed, 1)
    assert.strictEqual(countOf(stage, id, "InputWritten"), 0)
    await stage.start()
    await stage.until("its fate is known", () => countOf(stage, id, "InputWritten") === 1)
    assert.lengthOf(stage.world.holderOf(id).typed, 1)
  })

  it("and never left a killed daemon is known not to be written, and is not typed later", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    // Durable, and the daemon dies before it learns so.
    daemon.port.fuse = 2
    daemon.ask(daemon.sessions.write(id, hello, ada))
    await stage.until("the daemon has died", () => !daemon.alive)
    await daemon.bury()
    assert.strictEqual(countOf(stage, id, "InputAccepted"), 1)
    await stage.start()
    await stage.until("its fate is known", () => countOf(stage, id, "InputFailed") === 1)
    assert.lengthOf(stage.world.holderOf(id).typed, 0)
  })
})
