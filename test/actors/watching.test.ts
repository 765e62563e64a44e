import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import type { SessionView } from "../../src/domain/view.ts"
import { StoreFailure } from "../../src/infra/log/event-store.ts"
import { ada, never, rename, stop, terminate } from "../support/world-requests.ts"
import type { Stage } from "../support/world-stage.ts"
import { answerOf, countOf, errorOf, running, sent, staged, typesOf } from "./actors.ts"

describe("a client that attaches", () => {
  it("is in the log from the first moment to the last, with what was typed", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    const visit = daemon.ask(
      Effect.gen(function* () {
        const attached = yield* daemon.sessions.attach(id, "c1", "control", ada)
        yield* attached.type(new TextEncoder().encode("ls\n"))
        yield* Effect.sleep("5 seconds")
        return attached.view
      })
    )
    await stage.pass(1_000)
    assert.strictEqual(countOf(stage, id, "ClientAttached"), 1)
    assert.strictEqual(countOf(stage, id, "ClientDetached"), 0)
    assert.strictEqual((await answerOf(stage, visit)).clients, 1)
    await stage.pass(100)
    const left = stage.truth.facts(id).find(({ fact }) => fact.type === "ClientDetached")?.fact
    assert.deepInclude(left, { client: "c1", typedBytes: 3 })
    assert.lengthOf(stage.world.holderOf(id).typed, 1)
  })

  it("is known to have left also when the log took nothing in that moment", async () => {
    let full = false
    const { daemon, stage } = await staged({
      bendAppend: (decision, append) =>
        full
          ? Effect.fail(new StoreFailure({ operation: "append", code: "SQLITE_FULL", outcome: "absent", cause: null }))
          : append(decision)
    })
    await using _ = stage
    const id = await running(stage, daemon)
    daemon.ask(Effect.andThen(daemon.sessions.attach(id, "c1", "view", ada), Effect.sleep("5 seconds")))
    await stage.pass(1_000)
    full = true
    await stage.pass(10_000)
    full = false
    await stage.until("it is in the log", () => countOf(stage, id, "ClientDetached") === 1, 10_000)
  })

  it("keeps an idle session from being stopped for as long as it stays", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon, { idleStopMs: 5_000, keepalive: never })
    daemon.ask(Effect.andThen(daemon.sessions.attach(id, "c1", "view", ada), Effect.sleep("60 seconds")))
    await stage.pass(59_000)
    assert.notInclude(typesOf(stage, id), "StopRequested")
    await stage.until("it was stopped", () => typesOf(stage, id).includes("StopRequested"), 10_000)
  })
})

/** The seqs after which a decision is whole. */
const endsOfDecisions = (stage: Stage, id: string) => {
  const rows = stage.truth.rows.filter(({ stream }) => stream === id)
  return rows.filter(({ input_id }, index) => rows[index + 1]?.input_id !== input_id).map(({ seq }) => seq)
}

describe("a client that follows a session", () => {
  it("sees it after every decision, once, in order, until it is over", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    const seqs: Array<number> = []
    const followed = daemon.ask(Stream.runForEach(daemon.sessions.changes(id), (view) => Effect.sync(() => void seqs.push(view.seq))))
    await stage.pass(10)
    const first = seqs[0]!
    await sent(stage, daemon, id, rename("a"))
    await sent(stage, daemon, id, terminate)
    await stage.until("it is over", () => followed.state === "answered")
    assert.deepStrictEqual(
      seqs,
      endsOfDecisions(stage, id).filter((seq) => seq >= first)
    )
    assert.strictEqual(typesOf(stage, id).at(-1), "SessionTerminated")
  })

  it("never sees a session that has ended and is about to be launched again by the same decision", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    const views: Array<SessionView> = []
    daemon.ask(Stream.runForEach(daemon.sessions.changes(id), (view) => Effect.sync(() => void views.push(view))))
    await stage.pass(10)
    stage.world.holderOf(id).crash(1)
    await stage.until("a relaunch is scheduled", () => typesOf(stage, id).includes("RelaunchScheduled"), 10_000)
    await stage.pass(10)
    assert.isTrue(views.some(({ relaunch }) => relaunch !== null))
    assert.isEmpty(views.filter(({ relaunch, state }) => state === "ended" && relaunch === null))
  })

  it("of an unknown id is refused by name", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    assert.deepInclude(await errorOf(stage, daemon.ask(Stream.runDrain(daemon.sessions.changes("s-nobody")))), { _tag: "SessionNotFound" })
  })
})

describe("a daemon that is asked to end", () => {
  it("leaves the agents alive, and the log detaches the clients", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    await sent(stage, daemon, id, rename("x"))
    await daemon.stop()
    assert.strictEqual(stage.world.holderOf(id).processes, 1)
    const next = await stage.start()
    await stage.until("it is adopted", () => typesOf(stage, id).includes("Adopted"))
    await sent(stage, next, id, stop)
  })
})
