import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Command } from "../../src/domain/inputs.ts"
import { limits } from "../../src/domain/limits.ts"
import { tokenOf } from "../support/world-evidence.ts"
import { ada, create, keyed, never, rename, resize, stop } from "../support/world-requests.ts"
import { answerOf, countOf, created, errorOf, lastOf, running, seen, sent, staged, typesOf } from "./actors.ts"

describe("a command", () => {
  it("is durable before a client learns of it, and before anything is done", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    await sent(stage, daemon, id, resize(100))
    await sent(stage, daemon, id, stop)
    await stage.until("it has ended", () => typesOf(stage, id).includes("GenerationEnded"))
    await stage.pass(1_000)
    // Each of these acts looked for its cause in the file itself.
    assert.isAbove(stage.ledger.counts.get("I5") ?? 0, 4)
  })

  it("that cannot be is refused with what could be, and writes nothing", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    const before = typesOf(stage, id).length
    const refused = await errorOf(stage, daemon.ask(daemon.sessions.send(id, { type: "Resume", by: "ada" }, ada)))
    assert.deepInclude(refused, { _tag: "Refused", code: "already_running", state: "streaming/unknown", input: "Resume" })
    assert("allowed" in refused && refused.allowed.includes("Stop") && !refused.allowed.includes("Resume"))
    assert.strictEqual(typesOf(stage, id).length, before)
  })

  it("is recorded at the place of the output that its caller may have seen, though the holder has not reported it", async () => {
    const { daemon, stage } = await staged({ bendOutput: (output) => ({ ...output, end: () => Effect.succeed(4_711) }) })
    await using _ = stage
    const id = await running(stage, daemon)
    await sent(stage, daemon, id, rename("x"))
    stage.truth.look()
    const patched = stage.truth.facts(id).find(({ fact }) => fact.type === "SessionPatched")
    assert.strictEqual(patched?.fact.offset, 4_711)
  })

  it("that brings an agent to life is refused where as many sessions live as may", async () => {
    const { daemon, stage } = await staged({ liveSessions: 1 })
    await using _ = stage
    const ended = await running(stage, daemon, { keepalive: never })
    await sent(stage, daemon, ended, stop)
    await stage.until("it has ended", () => typesOf(stage, ended).includes("GenerationEnded"))
    await running(stage, daemon)
    const commands: ReadonlyArray<Command> = [
      { type: "Resume", by: "ada" },
      { type: "Reload", by: "ada", reason: "new settings" }
    ]
    for (const command of commands)
      assert.deepInclude(await errorOf(stage, daemon.ask(daemon.sessions.send(ended, command, ada))), {
        _tag: "OverCapacity",
        limit: "live_sessions"
      })
  })

  it("for another version of the session than there is changes nothing", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    const { seq } = await seen(stage, daemon, id)
    const failed = await errorOf(stage, daemon.ask(daemon.sessions.send(id, rename("x"), { by: "ada", ifMatch: seq - 1 })))
    assert.deepInclude(failed, { _tag: "PreconditionFailed", expected: seq - 1, seq })
    const { view } = await sent(stage, daemon, id, rename("x"), { by: "ada", ifMatch: seq })
    assert.deepInclude(view, { name: "x", seq: seq + 1 })
  })

  it("that is repeated with its key is answered as before, and done once", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    const first = await sent(stage, daemon, id, rename("x"), keyed("k1"))
    await sent(stage, daemon, id, rename("y"))
    const again = await sent(stage, daemon, id, rename("x"), keyed("k1"))
    assert.strictEqual(again.repeated, true)
    assert.deepStrictEqual(again.view, first.view)
    assert.strictEqual(countOf(stage, id, "SessionPatched"), 2)
    assert.deepInclude(await errorOf(stage, daemon.ask(daemon.sessions.send(id, rename("z"), keyed("k1", "another")))), {
      _tag: "IdempotencyMismatch",
      key: "k1"
    })
  })

  it("that arrives twice at once with one key is done once", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    const both = [1, 2].map(() => daemon.ask(daemon.sessions.send(id, rename("x"), keyed("k1"))))
    const [one, two] = [await answerOf(stage, both[0]!), await answerOf(stage, both[1]!)]
    assert.deepStrictEqual(one.view, two.view)
    assert.strictEqual(countOf(stage, id, "SessionPatched"), 1)
  })

  it("that is repeated while its original is under way is answered like it, though it would be refused now", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    const { seq } = await seen(stage, daemon, id)
    const asking = { ...keyed("k1"), ifMatch: seq }
    const both = [1, 2].map(() => daemon.ask(daemon.sessions.send(id, stop, asking)))
    const [one, two] = [await answerOf(stage, both[0]!), await answerOf(stage, both[1]!)]
    assert.deepStrictEqual(two, { view: one.view, repeated: true })
    assert.strictEqual(countOf(stage, id, "StopRequested"), 1)
  })

  it("to create with a used key finds the session that is there, also after the daemon was killed", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const first = await answerOf(stage, daemon.ask(daemon.sessions.create(create(), keyed("c1"))))
    await daemon.kill()
    const next = await stage.start()
    const again = await answerOf(stage, next.ask(next.sessions.create(create(), keyed("c1"))))
    assert.deepStrictEqual(again, { view: first.view, repeated: true })
    assert.strictEqual(stage.truth.streams.size, 1)
  })

  it("to an unknown session is refused by name", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    assert.deepInclude(await errorOf(stage, daemon.ask(daemon.sessions.send("s-nobody", stop, ada))), { _tag: "SessionNotFound" })
  })
})

describe("a session that gets more than it can take", () => {
  it("refuses the rest by name, a hook's word too, and still records the clients that leave", async () => {
    let slow = false
    const { daemon, stage } = await staged({
      bendAppend: (decision, append) => (slow ? Effect.andThen(Effect.sleep("5 seconds"), append(decision)) : append(decision))
    })
    await using _ = stage
    const id = await running(stage, daemon, { provider: "hooked", command: ["hooked"] })
    daemon.ask(Effect.andThen(daemon.sessions.attach(id, "c1", "view", ada), Effect.sleep("2 seconds")))
    await stage.until("it is attached", () => lastOf(stage, id, "ClientAttached"))
    slow = true
    const names = Array.from({ length: limits.mailbox + 10 }, (_, i) => daemon.ask(daemon.sessions.send(id, rename(`n${i}`), ada)))
    await stage.until("some are refused", () => names.some(({ state }) => state === "answered"))
    const call = { id: "h", generation: 1, event: "Stop", payload: { session_id: "c" }, at: stage.world.clock.wallMs }
    const hook = daemon.ask(daemon.sessions.hook(id, tokenOf(id, 1), call))
    assert.deepInclude(await errorOf(stage, hook, 1_000), { _tag: "OverCapacity", limit: "mailbox" })
    await stage.pass(3_000)
    slow = false
    await stage.until("everybody is answered", () => names.every(({ state }) => state === "answered"))
    const refused = names.filter(({ exit }) => exit?._tag === "Failure")
    for (const asked of refused) assert.deepInclude(await errorOf(stage, asked), { _tag: "OverCapacity", maximum: limits.mailbox })
    assert.strictEqual(countOf(stage, id, "SessionPatched"), names.length - refused.length)
    await stage.until("who left is gone", () => lastOf(stage, id, "ClientDetached"))
  })
})

describe("a burst of creates", () => {
  it("beyond the capacity leaves exactly so many alive, and the refused leave nothing", async () => {
    const { daemon, stage } = await staged({ liveSessions: 10 })
    await using _ = stage
    const all = Array.from({ length: 15 }, () => daemon.ask(daemon.sessions.create(create(), ada)))
    await stage.until("all are answered", () => all.every(({ state }) => state === "answered"))
    assert.strictEqual(all.filter(({ exit }) => exit?._tag === "Success").length, 10)
    for (const asked of all.filter(({ exit }) => exit?._tag === "Failure"))
      assert.deepInclude(await errorOf(stage, asked), { _tag: "OverCapacity", limit: "live_sessions", maximum: 10 })
    assert.strictEqual(stage.truth.streams.size, 10)
    assert.strictEqual(stage.world.environments.size, 10)
  })

  it("finds room again once one has ended", async () => {
    const { daemon, stage } = await staged({ liveSessions: 1 })
    await using _ = stage
    const id = await running(stage, daemon, { keepalive: never })
    assert.deepInclude(await errorOf(stage, daemon.ask(daemon.sessions.create(create(), ada))), { _tag: "OverCapacity" })
    await sent(stage, daemon, id, stop)
    await stage.until("it has ended", () => typesOf(stage, id).includes("GenerationEnded"))
    await created(stage, daemon)
  })
})
