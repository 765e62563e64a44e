import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { RecoveryReport } from "../../src/actors/sessions.ts"
import { StoreFailure } from "../../src/infra/log/event-store.ts"
import { keyOf } from "../support/world.ts"
import { script } from "../support/world-agent.ts"
import { ada, create, never, rename, stop } from "../support/world-requests.ts"
import type { Stage } from "../support/world-stage.ts"
import { answerOf, countOf, created, running, seen, sent, staged, typesOf } from "./actors.ts"

const reportOf = async (stage: Stage, daemon: Awaited<ReturnType<typeof staged>>["daemon"]): Promise<RecoveryReport> =>
  (await answerOf(stage, daemon.ask(daemon.sessions.recovery)))!

const outcomes = ({ adopted, exited, failed, lost, rebooted, respawned, resting }: RecoveryReport) => ({
  ...{ adopted, exited, failed, lost, rebooted, respawned, resting }
})
const none = { adopted: 0, exited: 0, failed: 0, lost: 0, rebooted: 0, respawned: 0, resting: 0 }
const sum = (report: RecoveryReport) => Object.values(outcomes(report)).reduce((all, count) => all + count, 0)

/** A session has ended, and its daemon died right after it had recorded that. */
const endedUnsaid = async () => {
  const { daemon, stage } = await staged({
    bendAppend: (decision, append) =>
      Effect.tap(append(decision), () =>
        Effect.sync(() => {
          if (decision.facts.some(({ type }) => type === "GenerationEnded")) daemon.port.fuse = 1
        })
      )
  })
  const id = await running(stage, daemon, { keepalive: never })
  await sent(stage, daemon, id, stop)
  await stage.until("the daemon has died", () => !daemon.alive)
  await daemon.bury()
  return { id, stage }
}

describe("start-up", () => {
  it("calls a silent agent ready as soon as its holder is attached again, whether its time passed before or passes after", async () => {
    for (const [downMs, lateMs] of [
      [0, 2_000],
      [3_000, 500]
    ] as const) {
      const { daemon, stage } = await staged()
      await using _ = stage
      stage.world.nextScript = script({ printsAfterMs: null })
      const id = await created(stage, daemon, { keepalive: never })
      await stage.until("it is launched", () => typesOf(stage, id).includes("ProcessSpawned"))
      await daemon.kill()
      await stage.pass(downMs)
      await stage.start()
      await stage.until("it is ready", () => typesOf(stage, id).includes("AgentReady"), lateMs)
    }
  })

  it("calls no agent ready that died before its time, while no daemon was there", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    stage.world.nextScript = script({ printsAfterMs: null, livesMs: 500 })
    const id = await created(stage, daemon, { keepalive: never })
    await stage.until("it is launched", () => typesOf(stage, id).includes("ProcessSpawned"))
    await daemon.kill()
    await stage.pass(3_000)
    await stage.start()
    await stage.until("it has ended", () => typesOf(stage, id).includes("GenerationEnded"))
    assert.notInclude(typesOf(stage, id), "AgentReady")
  })

  it("accounts for every kind of leftover, once", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const [live, exited, lost, waiting] = [
      await running(stage, daemon),
      await running(stage, daemon, { keepalive: never }),
      await running(stage, daemon, { keepalive: never }),
      await running(stage, daemon)
    ]
    stage.world.holderOf(waiting).die()
    await stage.until("one waits for its relaunch", () => typesOf(stage, waiting).includes("RelaunchScheduled"))
    // Intended, and the daemon dies before it has made anything of it.
    daemon.port.fuse = 8
    daemon.ask(daemon.sessions.create(create(), ada))
    await stage.until("the daemon has died", () => !daemon.alive)
    await daemon.bury()
    stage.world.holderOf(exited).runLadder("kill")
    stage.world.holderOf(lost).die()
    await stage.pass(1_000)
    // Everything was written down, and then its holder died too.
    stage.world.holderOf(exited).die()
    const neverStarted = [...stage.truth.streams.keys()].find((id) => ![live, exited, lost, waiting].includes(id))!

    const report = await reportOf(stage, await stage.start())
    assert.deepStrictEqual(outcomes(report), { ...none, adopted: 1, exited: 1, lost: 1, respawned: 1, resting: 1 })
    assert.strictEqual(report.expected, 5)
    assert.strictEqual(sum(report), report.expected)
    await stage.until("what never started has started", () => typesOf(stage, neverStarted).includes("AgentReady"))
    assert.strictEqual(countOf(stage, live, "Adopted"), 1)
    assert.deepInclude(stage.truth.facts(exited).find(({ fact }) => fact.type === "ProcessExited")?.fact, { signal: "SIGKILL" })
    const end = stage.truth.facts(lost).find(({ fact }) => fact.type === "GenerationEnded")!.fact
    assert(end.type === "GenerationEnded" && end.cause.type === "lost")
  })

  it("after a reboot ends what ran, in one fact each, and keeps what waited waiting", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const ids = [await running(stage, daemon), await running(stage, daemon, { keepalive: never })]
    await daemon.kill()
    stage.world.reboot()
    const next = await stage.start()
    const report = await reportOf(stage, next)
    assert.deepStrictEqual(outcomes(report), { ...none, rebooted: 2 })
    for (const id of ids) {
      const end = stage.truth.facts(id).find(({ fact }) => fact.type === "GenerationEnded")!.fact
      assert(end.type === "GenerationEnded" && end.cause.type === "host_rebooted")
    }
    await stage.until("the one that is kept alive is back", () => countOf(stage, ids[0]!, "AgentReady") === 2)
    assert.deepInclude(await seen(stage, next, ids[1]!), { state: "ended" })
  })

  it("acknowledges an end that its daemon recorded and could not say so", async () => {
    const { id, stage } = await endedUnsaid()
    await using _ = stage
    assert.strictEqual(countOf(stage, id, "GenerationEnded"), 1)
    assert.strictEqual(stage.world.launches.size, 1)
    const report = await reportOf(stage, await stage.start())
    assert.strictEqual(report.quarantinedHolders, 0)
    await stage.pass(100)
    assert.strictEqual(stage.world.launches.size, 0)
  })

  it("comes about though the log cannot be read when leftovers are looked through", async () => {
    const { stage } = await endedUnsaid()
    await using _ = stage
    let failures = 0
    const next = await stage.start({
      bendReader: (reader) => ({
        ...reader,
        row: () => {
          failures += 1
          return Effect.fail(new StoreFailure({ operation: "row", code: "SQLITE_IOERR", outcome: "absent", cause: null }))
        }
      })
    })
    assert.isTrue(next.ready)
    assert.isAbove(failures, 0)
  })

  it("shows a holder that the log never intended, and leaves it alone", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    const { order } = stage.world.holderOf(id)
    await daemon.kill()
    const stranger = {
      order: { ...order, session: "s-stranger0000", nonce: "0".repeat(32) },
      madeAtMs: 0,
      maker: daemon.process,
      holder: null,
      denied: false
    }
    const watched = stage.world.spawned
    stage.world.spawned = () => {}
    stage.world.launches.set(keyOf(stranger.order), stranger)
    stage.world.start(stranger)
    await stage.pass(1_000)
    stage.world.spawned = watched
    const report = await reportOf(stage, await stage.start())
    assert.strictEqual(report.quarantinedHolders, 1)
    assert.strictEqual(report.expected, 1)
    await stage.pass(60_000)
    assert.strictEqual(stage.world.holderOf("s-stranger0000").processes, 1)
    assert.strictEqual(stage.world.holderOf(id).processes, 1)
  })

  it("is held up by a hanging holder no longer than its bound, and takes it up when it answers again", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const ids: Array<string> = []
    for (let n = 0; n < 5; n++) ids.push(await running(stage, daemon))
    await daemon.kill()
    stage.world.holderOf(ids[0]!).hang()
    const next = await stage.start()
    const report = await reportOf(stage, next)
    assert.deepStrictEqual(outcomes(report), { ...none, adopted: 4, failed: 1 })
    assert.isAtMost(report.tookMs, 5_200)
    // Left running, and shown as it was last known.
    assert.strictEqual(stage.world.holderOf(ids[0]!).processes, 1)
    stage.world.holderOf(ids[0]!).resume()
    await stage.until("it is adopted", () => countOf(stage, ids[0]!, "Adopted") === 1, 20_000)
  })

  it("goes on with a launch whose directory is there and whose holder is not", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const { watch } = stage.world
    stage.world.watch = (act) => {
      watch(act)
      // The next crossing lies between the directory and the holder.
      if (act.type === "launch" && daemon.alive) daemon.port.fuse = 1
    }
    const id = await created(stage, daemon)
    await stage.until("the daemon has died", () => !daemon.alive)
    await daemon.bury()
    assert.isNull(stage.world.launchOf({ session: id, generation: 1 })?.holder ?? null)
    await stage.start()
    await stage.until("it is up", () => typesOf(stage, id).includes("AgentReady"))
    assert.strictEqual(stage.world.holders.length, 1)
  })

  it("long after the deadline of a launch that it finds unfinished leaves no process behind", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const { watch } = stage.world
    stage.world.watch = (act) => {
      watch(act)
      if (act.type === "launch" && daemon.alive) daemon.port.fuse = 1
    }
    const id = await created(stage, daemon, { keepalive: never })
    await stage.until("the daemon has died", () => !daemon.alive)
    await daemon.bury()
    await stage.pass(60_000)
    await stage.start()
    await stage.until("the launch is settled", () => typesOf(stage, id).some((type) => type === "GenerationEnded" || type === "AgentReady"))
    await stage.pass(5_000)
    assert.strictEqual(stage.world.livingProcesses.length, typesOf(stage, id).includes("GenerationEnded") ? 0 : 1)
  })

  it("ends an agent that comes to be after its launch was given up and its daemon killed", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    stage.world.nextScript = script({ spawnMs: 3_000 })
    const id = await created(stage, daemon, { keepalive: never })
    await stage.until("its holder starts", () => stage.world.holders.length === 1, 1_000, 1)
    stage.world.clock.suspend(60_000)
    await sent(stage, daemon, id, rename("x"))
    await stage.until("it is given up", () => typesOf(stage, id).includes("HolderLost"), 100, 1)
    await daemon.kill()
    await stage.start()
    assert.strictEqual(stage.world.holderOf(id).stage, "starting")
    await stage.until("it is over", () => typesOf(stage, id).includes("GenerationEnded"), 10_000)
    assert.strictEqual(stage.world.livingProcesses.length, 0)
  })

  it("takes away what an ended launch left, also when its holder never finished its journal", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon, { keepalive: never })
    stage.world.holderOf(id).hang()
    await sent(stage, daemon, id, stop)
    await stage.until("it was given up and swept", () => typesOf(stage, id).includes("GenerationEnded"))
    await daemon.kill()
    stage.world.reboot()
    const report = await reportOf(stage, await stage.start())
    assert.strictEqual(report.quarantinedHolders, 0)
    assert.strictEqual(stage.world.launches.size, 0)
  })

  it("is not needed for a holder that hung when it was let go", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon, { keepalive: never })
    stage.world.holderOf(id).hang()
    await sent(stage, daemon, id, stop)
    await stage.until("it was given up and swept", () => typesOf(stage, id).includes("GenerationEnded"))
    stage.world.holderOf(id).resume()
    await stage.pass(700_000)
    assert.strictEqual(stage.world.launches.size, 0)
    assert.strictEqual(stage.world.holderOf(id).alive, false)
  })

  it("detaches clients that a killed daemon left attached to a session at rest, too", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon, { keepalive: never })
    await sent(stage, daemon, id, stop)
    await stage.until("it has ended", () => typesOf(stage, id).includes("GenerationEnded"))
    daemon.ask(Effect.andThen(daemon.sessions.attach(id, "c1", "view", ada), Effect.never))
    await stage.pass(10)
    await daemon.kill()
    const next = await stage.start()
    await stage.pass(100)
    assert.strictEqual((await seen(stage, next, id)).clients, 0)
  })

  it("detaches clients that the killed daemon left attached", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon)
    daemon.ask(Effect.andThen(daemon.sessions.attach(id, "c1", "control", ada), Effect.never))
    await stage.pass(10)
    assert.strictEqual((await seen(stage, daemon, id)).clients, 1)
    await daemon.kill()
    const next = await stage.start()
    await stage.pass(100)
    assert.strictEqual((await seen(stage, next, id)).clients, 0)
  })
})
