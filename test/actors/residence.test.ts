import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type EventReader, StoreFailure } from "../../src/infra/log/event-store.ts"
import { tokenOf } from "../support/world-evidence.ts"
import { ada, create, never, rename, resize, stop } from "../support/world-requests.ts"
import type { Stage } from "../support/world-stage.ts"
import { answerOf, countOf, created, errorOf, running, seen, sent, staged, typesOf } from "./actors.ts"

const residents = async (stage: Stage, daemon: Awaited<ReturnType<typeof staged>>["daemon"]) =>
  answerOf(stage, daemon.ask(daemon.sessions.resident))

/** Sessions' facts cannot be read meanwhile. */
const failingWhile =
  (unreadable: () => boolean) =>
  (reader: EventReader["Service"]): EventReader["Service"] => ({
    ...reader,
    stream: (id, page) =>
      Effect.suspend(() =>
        unreadable()
          ? Effect.fail(new StoreFailure({ operation: "stream", code: "SQLITE_IOERR", outcome: "absent", cause: null }))
          : reader.stream(id, page)
      )
  })

describe("a session at rest", () => {
  it("leaves the memory, is read without coming back, and comes back when it is asked for something", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon, { keepalive: never })
    await sent(stage, daemon, id, stop)
    await stage.until("it has ended", () => typesOf(stage, id).includes("GenerationEnded"))
    assert.strictEqual(await residents(stage, daemon), 1)
    await stage.pass(31_000)
    assert.strictEqual(await residents(stage, daemon), 0)
    assert.deepInclude(await seen(stage, daemon, id), { state: "ended" })
    assert.strictEqual(await residents(stage, daemon), 0)
    assert.deepInclude((await sent(stage, daemon, id, rename("x"))).view, { name: "x", state: "ended" })
    assert.strictEqual(await residents(stage, daemon), 1)
  })

  it("costs neither a fiber's timer nor a holder", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const idle = stage.world.clock.timers
    for (let n = 0; n < 5; n++) {
      const id = await running(stage, daemon, { keepalive: never })
      await sent(stage, daemon, id, stop)
    }
    await stage.pass(60_000)
    assert.strictEqual(stage.world.clock.timers, idle)
    assert.strictEqual(stage.world.launches.size, 0)
    assert.strictEqual(await residents(stage, daemon), 0)
  })
})

describe("an actor", () => {
  it("that dies of a defect is made again from the log, and what waited is answered", async () => {
    let defects = 1
    const { daemon, stage } = await staged({
      bendAppend: (decision, append) =>
        decision.input.type === "Resize" && defects-- > 0 ? Effect.die(new Error("a defect")) : append(decision)
    })
    await using _ = stage
    const id = await running(stage, daemon)
    const doomed = daemon.ask(daemon.sessions.send(id, resize(100), ada))
    const behind = daemon.ask(daemon.sessions.send(id, rename("x"), ada))
    assert.strictEqual(String(await errorOf<unknown, unknown>(stage, doomed)), "Error: a defect")
    assert.deepInclude((await answerOf(stage, behind)).view, { name: "x", state: "streaming" })
    await stage.until("it is attended again", () => typesOf(stage, id).includes("Adopted"))
    assert.isNotNull(stage.world.holderOf(id).listener)
  })

  it("that is made again loses no key: it arrives, or the client learns that it did not", async () => {
    for (const isReadable of [true, false]) {
      let dies = false
      let unreadable = false
      const { daemon, stage } = await staged({
        bendReader: failingWhile(() => unreadable),
        bendAppend: (decision, append) => {
          if (decision.input.type !== "Resize" || !dies) return append(decision)
          dies = false
          unreadable = !isReadable
          return Effect.die(new Error("a defect"))
        }
      })
      await using _ = stage
      const id = await running(stage, daemon)
      const keys: Array<{ readonly key: string; readonly arrived: boolean }> = []
      daemon.ask(
        Effect.gen(function* () {
          const { type } = yield* daemon.sessions.attach(id, "c1", "control", ada)
          dies = true
          yield* Effect.forkScoped(Effect.exit(daemon.sessions.send(id, resize(100), ada)))
          for (let n = 0; n < 40; n++) {
            const key = `key-${n}`
            const typed = yield* Effect.exit(type(new TextEncoder().encode(key)))
            keys.push({ key, arrived: typed._tag === "Success" })
            yield* Effect.sleep("5 millis")
          }
        }).pipe(Effect.scoped)
      )
      await stage.until("all keys are answered", () => keys.length === 40, 60_000)
      const seenByHolder = new Set(stage.world.holderOf(id).typed.map(({ bytes }) => new TextDecoder().decode(bytes)))
      const lost = keys.filter(({ arrived, key }) => arrived && !seenByHolder.has(key))
      assert.deepStrictEqual(lost, [])
      assert.isFalse(dies)
      unreadable = false
    }
  })

  it("that is made again takes what waited before what comes, however long its holder is not reached", async () => {
    let defects = 1
    const { daemon, stage } = await staged({
      bendAppend: (decision, append) =>
        decision.input.type === "Resize" && defects-- > 0 ? Effect.die(new Error("a defect")) : append(decision)
    })
    await using _ = stage
    const id = await running(stage, daemon)
    stage.world.holderOf(id).hang()
    const doomed = daemon.ask(daemon.sessions.send(id, resize(100), ada))
    const behind = daemon.ask(daemon.sessions.send(id, rename("before"), ada))
    await errorOf<unknown, unknown>(stage, doomed)
    const late = daemon.ask(daemon.sessions.send(id, rename("after"), ada))
    await answerOf(stage, behind)
    await answerOf(stage, late)
    assert.strictEqual((await seen(stage, daemon, id)).name, "after")
  })

  it("that dies of what waited for it is with its holder again, once it is made again once more", async () => {
    const deadly = ["Resize", "Patch"]
    const { daemon, stage } = await staged({
      bendAppend: (decision, append) => {
        if (decision.input.type !== deadly[0]) return append(decision)
        deadly.shift()
        return Effect.die(new Error("a defect"))
      }
    })
    await using _ = stage
    const id = await running(stage, daemon)
    const doomed = [resize(100), rename("x")].map((command) => daemon.ask(daemon.sessions.send(id, command, ada)))
    for (const asked of doomed) await errorOf<unknown, unknown>(stage, asked)
    await stage.until("it is attended again", () => typesOf(stage, id).includes("Adopted"))
    await stage.pass(60_000)
    assert.strictEqual(countOf(stage, id, "Adopted"), 1)
    assert.isNotNull(stage.world.holderOf(id).listener)
  })

  it("that dies while a report is held back leaves it to the next, and a caller that waits for it is answered", async () => {
    let full = false
    const { daemon, stage } = await staged({
      bendAppend: (decision, append) => {
        if (!full) return append(decision)
        return decision.input.type === "Resize"
          ? Effect.die(new Error("a defect"))
          : Effect.fail(new StoreFailure({ operation: "append", code: "SQLITE_FULL", outcome: "absent", cause: null }))
      }
    })
    await using _ = stage
    const id = await running(stage, daemon, { provider: "hooked", command: ["hooked"] })
    await stage.pass(5_000)
    full = true
    const call = {
      id: "h",
      generation: 1,
      event: "Odd",
      payload: {},
      at: stage.world.clock.wallMs
    }
    const hook = daemon.ask(daemon.sessions.hook(id, tokenOf(id, 1), call))
    await stage.pass(1_000)
    await errorOf<unknown, unknown>(stage, daemon.ask(daemon.sessions.send(id, resize(100), ada)))
    full = false
    await answerOf(stage, hook)
    assert.include(typesOf(stage, id), "MessageUnknown")
  })

  it("that could not be made at the start, for the log could not be read, is made once it can", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon, { keepalive: never })
    await daemon.kill()
    let unreadable = true
    await stage.start({
      bendReader: failingWhile(() => unreadable)
    })
    await stage.pass(20_000)
    unreadable = false
    await stage.until("it is attended again", () => typesOf(stage, id).includes("Adopted"), 10_000)
  })

  it("that died while the log could not be read is back once it can, without a request", async () => {
    let defects = 1
    let unreadable = false
    const { daemon, stage } = await staged({
      bendAppend: (decision, append) => {
        if (decision.input.type !== "Resize" || defects-- <= 0) return append(decision)
        unreadable = true
        return Effect.die(new Error("a defect"))
      },
      bendReader: failingWhile(() => unreadable)
    })
    await using _ = stage
    const id = await running(stage, daemon, { keepalive: never })
    daemon.ask(daemon.sessions.send(id, resize(100), ada))
    await stage.pass(20_000)
    unreadable = false
    stage.world.holderOf(id).crash(3)
    await stage.until("its end is recorded", () => countOf(stage, id, "GenerationEnded") === 1, 10_000)
  })

  it("that dies three times in a minute is loaded again each time", async () => {
    let defects = 0
    const { daemon, stage } = await staged({
      bendAppend: (decision, append) => (defects-- > 0 ? Effect.die(new Error("a defect")) : append(decision))
    })
    await using _ = stage
    const id = await running(stage, daemon)
    for (let n = 0; n < 3; n++) {
      defects = 1
      daemon.ask(daemon.sessions.send(id, resize(100 + n), ada))
      await stage.pass(1_000)
    }
    assert.deepInclude((await sent(stage, daemon, id, rename("x"))).view, { name: "x", state: "streaming" })
  })

  it("that dies again and again is set aside, and no other with it", async () => {
    let target = ""
    const { daemon, stage } = await staged({
      bendAppend: (decision, append) => (decision.stream === target ? Effect.die(new Error("a defect")) : append(decision))
    })
    await using _ = stage
    const [bad, good] = [await running(stage, daemon), await running(stage, daemon)]
    target = bad
    for (let n = 0; n < 4; n++) {
      daemon.ask(daemon.sessions.send(bad, resize(100 + n), ada))
      await stage.pass(1_000)
    }
    assert.deepInclude(await errorOf(stage, daemon.ask(daemon.sessions.send(bad, stop, ada))), { _tag: "Quarantined", session: bad })
    assert.deepInclude((await sent(stage, daemon, good, rename("x"))).view, { name: "x", state: "streaming" })
    // Set aside for good: the next daemon leaves it alone too, and starts.
    target = ""
    await daemon.kill()
    const next = await stage.start()
    assert.deepInclude(await errorOf(stage, next.ask(next.sessions.send(bad, stop, ada))), { _tag: "Quarantined" })
    assert.strictEqual(stage.world.holderOf(bad).processes, 1)
    await sent(stage, next, good, rename("y"))
  })
})

describe("a log that takes nothing", () => {
  it("refuses commands, and takes the reports of processes once it takes something again", async () => {
    let full = false
    const { daemon, stage } = await staged({
      bendAppend: (decision, append) =>
        full
          ? Effect.fail(new StoreFailure({ operation: "append", code: "SQLITE_FULL", outcome: "absent", cause: null }))
          : append(decision)
    })
    await using _ = stage
    const id = await running(stage, daemon, { keepalive: never })
    full = true
    assert.deepInclude(await errorOf(stage, daemon.ask(daemon.sessions.send(id, rename("x"), ada))), {
      _tag: "StoreFailure",
      outcome: "absent"
    })
    assert.deepInclude(await errorOf(stage, daemon.ask(daemon.sessions.create(create(), ada))), { _tag: "StoreFailure" })
    assert.strictEqual(stage.world.environments.size, 1)
    stage.world.holderOf(id).die()
    await stage.pass(30_000)
    assert.notInclude(typesOf(stage, id), "HolderLost")
    // While a report is held back, every command is answered at once: the session has not gone deaf.
    assert.deepInclude(await errorOf(stage, daemon.ask(daemon.sessions.send(id, stop, ada))), { _tag: "StoreFailure", outcome: "absent" })
    full = false
    await stage.until("its end is recorded", () => countOf(stage, id, "GenerationEnded") === 1)
    assert.strictEqual(countOf(stage, id, "SessionPatched"), 0)
  })

  it("for good or for ill after a failed commit is opened again, and the caller learns what is there", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    daemon.disk.loaded.push("after_commit")
    assert.deepInclude((await sent(stage, daemon, id, rename("x"))).view, { name: "x" })
    daemon.disk.loaded.push("before_commit")
    assert.deepInclude(await errorOf(stage, daemon.ask(daemon.sessions.send(id, rename("y"), ada))), {
      _tag: "StoreFailure",
      outcome: "absent"
    })
    await sent(stage, daemon, id, rename("z"))
    assert.strictEqual(countOf(stage, id, "SessionPatched"), 2)
  })

  for (const written of [true, false])
    it(`whose answer to a create is unknown ${written ? "has a session that comes up" : "keeps nothing of it"}`, async () => {
      const unknown = Effect.fail(new StoreFailure({ operation: "append", code: "SQLITE_IOERR", outcome: "unknown", cause: null }))
      const { daemon, stage } = await staged({
        bendAppend: (decision, append) =>
          decision.input.type !== "Create" ? append(decision) : written ? Effect.andThen(append(decision), unknown) : unknown
      })
      await using _ = stage
      assert.deepInclude(await errorOf(stage, daemon.ask(daemon.sessions.create(create(), ada))), {
        _tag: "StoreFailure",
        outcome: "unknown"
      })
      await stage.pass(5_000)
      const ids = [...stage.truth.streams.keys()]
      assert.strictEqual(ids.length, written ? 1 : 0)
      for (const id of ids) assert.include(typesOf(stage, id), "AgentReady")
      assert.strictEqual(stage.world.environments.size, ids.length)
    })

  it("whose answer is unknown lets the actor read what became true", async () => {
    let doubt = false
    const { daemon, stage } = await staged({
      bendAppend: (decision, append) =>
        doubt && decision.input.type === "Patch"
          ? Effect.andThen(
              append(decision),
              Effect.fail(new StoreFailure({ operation: "append", code: "SQLITE_IOERR", outcome: "unknown", cause: null }))
            )
          : append(decision)
    })
    await using _ = stage
    const id = await running(stage, daemon)
    doubt = true
    assert.deepInclude(await errorOf(stage, daemon.ask(daemon.sessions.send(id, rename("x"), ada))), {
      _tag: "StoreFailure",
      outcome: "unknown"
    })
    doubt = false
    await stage.pass(1_000)
    assert.deepInclude(await seen(stage, daemon, id), { name: "x", state: "streaming" })
    await sent(stage, daemon, id, rename("y"))
  })
})

describe("a daemon of the past", () => {
  it("writes nothing more, learns that it must end, and its agents belong to the newer one", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    const newer = await stage.start({ withoutLock: true })
    await stage.until("the newer one is with the agent", () => typesOf(stage, id).includes("Adopted"))
    const late = daemon.ask(daemon.sessions.send(id, rename("old"), ada))
    await stage.until("the old one knows", () => daemon.fenced !== null)
    assert.deepInclude(daemon.fenced, { ours: 1, current: 2 })
    assert.notStrictEqual(late.exit?._tag, "Success")
    await daemon.kill()
    assert.deepInclude((await sent(stage, newer, id, rename("new"))).view, { name: "new", state: "streaming" })
    assert.strictEqual(countOf(stage, id, "SessionPatched"), 1)
    assert.isAbove(stage.ledger.counts.get("I8 fenced") ?? 0, 0)
    await created(stage, newer)
  })
})
