import { assert, describe, it } from "@effect/vitest"
import { ada, create, keyed, never, rename, resize, stop } from "../support/world-requests.ts"
import { answerOf, countOf, created, errorOf, running, seen, sent, staged, typesOf } from "./actors.ts"

describe("a command", () => {
  it("is durable before anybody hears of it, and before anything is done", async () => {
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

  it("to a session that nobody knows is told so", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    assert.deepInclude(await errorOf(stage, daemon.ask(daemon.sessions.send("s-nobody", stop, ada))), { _tag: "SessionNotFound" })
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
