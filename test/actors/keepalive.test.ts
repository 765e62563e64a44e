import { assert, describe, it } from "@effect/vitest"
import type { FactOf } from "../../src/domain/facts.ts"
import { script } from "../support/world-agent.ts"
import { never, resume, stop } from "../support/world-requests.ts"
import type { Stage } from "../support/world-stage.ts"
import { countOf, created, running, seen, sent, staged, typesOf } from "./actors.ts"

const scheduled = (stage: Stage, id: string) =>
  stage.truth.facts(id).flatMap(({ fact }) => (fact.type === "RelaunchScheduled" ? [fact as FactOf<"RelaunchScheduled">] : []))
const crashing = script({ livesMs: 1_500, exit: { code: 1, signal: null } })

describe("a session that is kept alive", () => {
  it("comes back after each crash, later each time, and is given up when its budget is spent", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    stage.world.nextScript = crashing
    const id = await created(stage, daemon)
    stage.world.scripts.set(id, crashing)
    await stage.until("it is given up", () => typesOf(stage, id).includes("GaveUp"), 120_000)
    assert.deepStrictEqual(
      scheduled(stage, id).map(({ attempt, delayMs, jitterMs }) => [attempt, delayMs - jitterMs]),
      [
        [1, 3_000],
        [2, 6_000],
        [3, 12_000]
      ]
    )
    assert.strictEqual(countOf(stage, id, "LaunchIntended"), 4)
    assert.deepInclude(await seen(stage, daemon, id), { state: "ended", phase: "given_up" })
  })

  it("waits what is left of its backoff when the daemon was killed meanwhile", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    stage.world.nextScript = crashing
    const id = await created(stage, daemon)
    await stage.until("it waits", () => scheduled(stage, id).length === 1)
    const due = scheduled(stage, id)[0]!.deadline.bootMs
    await daemon.kill()
    await stage.pass(1_000)
    // People's clock has nothing to say in this.
    stage.world.clock.jumpWall(-3_600_000)
    await stage.start()
    await stage.pass(due - stage.world.clock.bootMs - 1)
    assert.strictEqual(countOf(stage, id, "RelaunchStarted"), 0)
    await stage.pass(10)
    assert.strictEqual(countOf(stage, id, "RelaunchStarted"), 1)
  })

  it("is relaunched at once when its time came while no daemon was there", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    stage.world.nextScript = crashing
    const id = await created(stage, daemon)
    await stage.until("it waits", () => scheduled(stage, id).length === 1)
    await daemon.kill()
    await stage.pass(60_000)
    await stage.start()
    await stage.until("it is back", () => countOf(stage, id, "AgentReady") === 2, 3_000)
  })

  it("sleeps no longer than the machine did", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    stage.world.nextScript = crashing
    const id = await created(stage, daemon, {
      keepalive: { mode: "always", baseMs: 600_000, factor: 2, capMs: 600_000, maxAttempts: 3, healthyAfterMs: 60_000 }
    })
    await stage.until("it waits", () => scheduled(stage, id).length === 1)
    stage.world.clock.suspend(700_000)
    // No timer moved while the machine slept: the longest sleep is what it may be late.
    await stage.until("it is back", () => countOf(stage, id, "RelaunchStarted") === 1, 61_000)
  })

  it("stays down once a client stopped it in its backoff, through a restart too", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    stage.world.nextScript = crashing
    const id = await created(stage, daemon)
    await stage.until("it waits", () => scheduled(stage, id).length === 1)
    await sent(stage, daemon, id, stop)
    await daemon.kill()
    const next = await stage.start()
    await stage.pass(600_000)
    assert.strictEqual(countOf(stage, id, "LaunchIntended"), 1)
    await sent(stage, next, id, resume)
    await stage.until("it is back", () => countOf(stage, id, "AgentReady") === 2)
  })

  it("stays down when the daemon was killed between the stop and the end", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    stage.world.nextScript = script({ hearsHangup: false })
    const id = await running(stage, daemon)
    await sent(stage, daemon, id, stop)
    await daemon.kill()
    await stage.pass(20_000)
    assert.strictEqual(stage.world.holderOf(id).processes, 0)
    await stage.start()
    await stage.pass(600_000)
    assert.strictEqual(countOf(stage, id, "LaunchIntended"), 1)
    assert.strictEqual(countOf(stage, id, "GenerationEnded"), 1)
  })

  it("has its budget back after a while of health", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    stage.world.nextScript = crashing
    const id = await running(stage, daemon)
    await stage.until("it is back", () => countOf(stage, id, "AgentReady") === 2, 30_000)
    await stage.pass(61_000)
    assert.strictEqual(countOf(stage, id, "HealthConfirmed"), 1)
  })
})

describe("an idle session", () => {
  it("without clients that prints nothing is stopped in its time, and not brought back", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon, { idleStopMs: 5_000 })
    await stage.pass(3_000)
    stage.world.holderOf(id).print(10)
    await stage.pass(3_000)
    assert.notInclude(typesOf(stage, id), "StopRequested")
    await stage.until("it was stopped", () => typesOf(stage, id).includes("GenerationEnded"), 30_000)
    await stage.pass(600_000)
    assert.strictEqual(countOf(stage, id, "LaunchIntended"), 1)
  })
})

describe("an end", () => {
  it("of a clean exit under `never` is the end", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    stage.world.nextScript = script({ livesMs: 2_000 })
    const id = await running(stage, daemon, { keepalive: never })
    await stage.pass(600_000)
    assert.deepInclude(await seen(stage, daemon, id), { state: "ended", phase: "resting" })
    assert.strictEqual(stage.world.launches.size, 0)
  })

  it("that is reported late, by a holder of an earlier generation, changes nothing", async () => {
    const { daemon, stage } = await staged()
    await using _ = stage
    const id = await running(stage, daemon, { keepalive: never })
    const old = stage.world.holderOf(id)
    await sent(stage, daemon, id, stop)
    await stage.until("it has ended", () => countOf(stage, id, "GenerationEnded") === 1)
    await sent(stage, daemon, id, resume)
    await stage.until("it is back", () => countOf(stage, id, "AgentReady") === 2)
    const before = typesOf(stage, id)
    // Its journal, sent again from the start on a connection of its own.
    old.alive = true
    stage.world.launches.set(`${id}/g1`, { order: old.order, madeAtMs: 0, maker: daemon.process, holder: old, denied: false })
    await daemon.kill()
    await stage.start()
    await stage.pass(5_000)
    assert.deepStrictEqual(
      typesOf(stage, id)
        .slice(before.length)
        .filter((type) => type !== "Adopted"),
      []
    )
    assert.strictEqual(stage.world.holderOf(id).processes, 1)
  })
})
