import { assert, describe, it } from "@effect/vitest"
import { type LoggedEvent, TestDaemon } from "../support/daemon.ts"

const crashing = ["bash", "--norc", "-c", "echo born; exit 3"]
const policy = { mode: "on_crash", baseMs: 300, factor: 2, maxAttempts: 3 }

const waits = (events: ReadonlyArray<LoggedEvent>) =>
  events.filter(({ type }) => type === "RelaunchScheduled").map(({ data }) => (data.delayMs as number) - (data.jitterMs as number))

/** Between what was promised and what happened: never early; the machine may make it late. */
const punctual = (events: ReadonlyArray<LoggedEvent>) => {
  const scheduled = events.filter(({ type }) => type === "RelaunchScheduled")
  const started = events.filter(({ type }) => type === "RelaunchStarted")
  for (const [index, start] of started.entries()) {
    const schedule = scheduled[index]!
    // The boot clock moves in steps of 10 ms.
    assert.isAtLeast(Date.parse(start.at) - Date.parse(schedule.at), (schedule.data.delayMs as number) - 20)
  }
}

describe("a session that crashes at once", () => {
  it("comes back after growing waits, then is given up with one notice, and a resume starts afresh", async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(crashing, { keepalive: policy })
    const givenUp = await daemon.reaches(id, "given up", ({ phase }) => phase === "given_up")
    assert.match(givenUp.notice ?? "", /4 times/)
    assert.deepInclude(givenUp.exit, { cause: "crashed", code: 3 })
    const events = await daemon.events(id)
    assert.deepStrictEqual(waits(events), [300, 600, 1_200])
    punctual(events)
    assert.strictEqual(events.filter(({ type }) => type === "GaveUp").length, 1)
    assert.strictEqual(givenUp.generation, 4)
    await daemon.done("POST", `/v1/sessions/${id}/resume`, {})
    await daemon.reaches(id, "scheduled anew", ({ generation, phase }) => generation === 5 && phase === "backing_off")
    assert.deepStrictEqual(waits(await daemon.events(id)).at(-1), 300)
  })

  it("waits what is left of the backoff when the daemon is killed during it", async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(crashing, { keepalive: { ...policy, baseMs: 10_000 } })
    const waiting = await daemon.reaches(id, "backing off", ({ phase }) => phase === "backing_off")
    await daemon.kill()
    await daemon.start()
    assert.deepStrictEqual((await daemon.session(id)).relaunch, waiting.relaunch)
    await daemon.reaches(id, "relaunched", ({ generation }) => generation === 2)
    const events = await daemon.events(id)
    punctual(events)
    const [due] = events.filter(({ type }) => type === "RelaunchScheduled")
    const [started] = events.filter(({ type }) => type === "RelaunchStarted")
    const dueAt = (due!.data.deadline as { wallMs: number }).wallMs
    assert.isBelow(Math.abs(Date.parse(started!.at) - dueAt), 2_500, "it began to wait anew")
  })

  it("is never relaunched when it is stopped during the backoff, not even by the next daemon", async () => {
    await using daemon = await TestDaemon.started()
    const { id } = await daemon.create(crashing, { keepalive: { ...policy, baseMs: 400 } })
    await daemon.reaches(id, "backing off", ({ phase }) => phase === "backing_off")
    await daemon.done("POST", `/v1/sessions/${id}/stop`, {})
    await daemon.kill()
    await daemon.start()
    // Another session's relaunch after a longer wait shows that the time has come and gone.
    const other = await daemon.create(crashing, { keepalive: { ...policy, baseMs: 900 } })
    await daemon.reaches(other.id, "relaunched", ({ generation }) => generation === 2)
    const session = await daemon.session(id)
    assert.deepInclude(session, { state: "ended", phase: "resting", generation: 1 })
  })
})
