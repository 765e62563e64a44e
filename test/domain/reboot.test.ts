/** A reboot ends what ran, keeps what was promised, and moves what was waited for to the new clock. */
import { assert, describe, it } from "@effect/vitest"
import { insideOf, stateName } from "../../src/domain/session.ts"
import {
  always,
  archive,
  at,
  cleared,
  due,
  exited,
  gone,
  having,
  never,
  prepared,
  prepareFailed,
  rebooted,
  resume,
  running,
  spawned,
  spec,
  stop,
  terminate,
  up,
  when
} from "../support/domain.ts"

const elsewhere = at(5, { bootId: "boot-2", wallMs: 1_500_000 })
const crash = [exited(1), cleared()] as const

describe("a reboot", () => {
  const endsAs = (session: ReturnType<typeof running>) => {
    const over = when(session, rebooted, elsewhere).then(
      { type: "ClockRebased", bootId: "boot-2", deadlines: {} },
      { type: "GenerationEnded" }
    )
    return over.context.exit?.cause
  }

  it("ends every generation that was launched, and says so", () => {
    const launched = [[prepared()], [prepared(), spawned()], [...up], [...up, exited(1)], [...up, gone()]]
    for (const [index, inputs] of launched.entries())
      assert.deepStrictEqual(
        endsAs(having(spec({ keepalive: never }), ...inputs)),
        index === 3 ? { type: "crashed", code: 1, signal: null } : { type: "host_rebooted" }
      )
  })

  it("completes a stop, an archive and a terminate", () => {
    assert.deepInclude(endsAs(having(spec({ keepalive: always }), ...up, stop)), { type: "stopped", by: "ada" })
    const gone = when(having(spec(), ...up, archive), rebooted, elsewhere).then(
      { type: "ClockRebased" },
      { type: "GenerationEnded" },
      { type: "SessionArchived" }
    )
    assert.strictEqual(insideOf(gone), "archived")
    when(having(spec(), ...up, terminate), rebooted, elsewhere).then(
      { type: "ClockRebased" },
      { type: "GenerationEnded" },
      { type: "SessionTerminated" }
    )
  })

  it("brings back what is kept alive, in the new boot's time", () => {
    const back = when(running(), rebooted, elsewhere).then(
      { type: "ClockRebased" },
      { type: "GenerationEnded" },
      { type: "RelaunchScheduled", delayMs: 3_000 }
    )
    assert.deepStrictEqual(back.context.deadlines.backoff, { bootMs: 3_005, wallMs: 1_503_000 })
  })

  it("forgets the relaunches that the old boot counted", () => {
    let session = running({ keepalive: { ...always, maxAttempts: 100 } })
    for (let generation = 1; generation <= 5; generation++) {
      const day = at(generation * 86_400_000)
      session = when(session, exited(1, null, generation), day).then({ type: "ProcessExited" })
      session = when(session, cleared(generation), day).then({ type: "GenerationEnded" }, { type: "RelaunchScheduled" })
      const later = at(generation * 86_400_000 + 300_000)
      session = when(session, due, later).then({ type: "RelaunchStarted" })
      session = when(session, prepared(generation + 1), later).then({ type: "LaunchIntended" })
      session = when(session, spawned(generation + 1), later).then({ type: "ProcessSpawned" })
    }
    const back = when(session, rebooted, elsewhere).then(
      { type: "ClockRebased" },
      { type: "GenerationEnded" },
      { type: "RelaunchScheduled", reason: "backoff" }
    )
    assert.isAtMost(back.context.deadlines.backoff?.bootMs ?? Number.POSITIVE_INFINITY, 300_005)
  })

  it("moves a backoff that began before anything was launched", () => {
    const waiting = having(spec(), [prepareFailed("EMFILE"), at(900_000)])
    const moved = when(waiting, rebooted, at(5, { bootId: "boot-2", wallMs: 1_901_000 })).then({ type: "ClockRebased", bootId: "boot-2" })
    assert.deepStrictEqual(moved.context.deadlines.backoff, { bootMs: 2_005, wallMs: 1_903_000 })
    when(moved, rebooted, at(6, { bootId: "boot-2" })).ignored("unchanged")
  })

  it("leaves a launch that is being prepared to be prepared again, and an ended session ended", () => {
    const preparing = when(having(spec({ keepalive: never }), ...up, ...crash, resume), rebooted, elsewhere).then({ type: "ClockRebased" })
    assert.strictEqual(stateName(preparing), "resuming/preparing")
    when(having(spec()), rebooted, elsewhere).ignored("unchanged")
    const resting = when(having(spec({ keepalive: never }), ...up, ...crash), rebooted, elsewhere).then({
      type: "ClockRebased",
      deadlines: {}
    })
    assert.strictEqual(stateName(resting), "ended/resting")
  })

  it("is no reboot when the boot is the same, and nothing to a terminated session", () => {
    when(running(), rebooted).ignored("unchanged")
    when(having(spec({ keepalive: never }), ...up, ...crash, terminate), rebooted, elsewhere).ignored("not_now")
  })
})
