/** What is due, and when: a deadline is passed once, in the state that set it, by the clock that no wall-clock jump moves. */
import { assert, describe, it } from "@effect/vitest"
import { earliest } from "../../src/domain/decide/index.ts"
import { stateName } from "../../src/domain/session.ts"
import {
  at,
  attach,
  due,
  exited,
  having,
  kill,
  observed,
  prepared,
  printed,
  running,
  spawned,
  spec,
  stop,
  up,
  when,
  write
} from "../support/domain.ts"

const talkative = spec({ provider: "talkative", readyTimeoutMs: 10_000 })

describe("a deadline", () => {
  it("has the earliest one passed first", () => {
    assert.isNull(earliest({}))
    assert.deepStrictEqual(earliest({ stop: { bootMs: 9, wallMs: 1 }, launch: { bootMs: 8, wallMs: 2 } })?.name, "launch")
  })

  it("that falls on another's moment is passed in the same order whichever reader folds the log", () => {
    const both = { bootMs: 8, wallMs: 2 }
    assert.strictEqual(earliest({ expire: both, backoff: both })?.name, earliest({ backoff: both, expire: both })?.name)
  })

  it("is not moved by the wall clock", () => {
    const booting = having(spec(), prepared(), spawned())
    when(booting, due, at(999, { wallMs: 99_000_000 })).ignored("not_due")
    when(booting, due, at(1_000, { wallMs: 0 })).then({ type: "AgentReady" })
  })

  it("belongs to the state that set it", () => {
    assert.deepStrictEqual(Object.keys(having(spec(), prepared()).context.deadlines), ["launch"])
    assert.deepStrictEqual(Object.keys(having(spec(), prepared(), spawned()).context.deadlines), ["ready"])
    assert.deepStrictEqual(Object.keys(running().context.deadlines), [])
    assert.deepStrictEqual(Object.keys(having(spec({ idleStopMs: 1_000 }), ...up).context.deadlines), ["idle"])
    assert.deepStrictEqual(Object.keys(having(spec({ idleStopMs: 1_000 }), ...up, exited(1)).context.deadlines), [])
    assert.deepStrictEqual(Object.keys(having(spec({ idleStopMs: 1_000 }), ...up, stop).context.deadlines), ["stop"])
  })

  it("does not exist where nothing is waited for", () => {
    for (const session of [having(spec()), running(), having(spec(), ...up, exited(1))])
      when(session, due, at(99_999_999)).ignored("not_due")
  })
})

describe("readiness", () => {
  it("of a command that prints nothing is its being alive for a second", () => {
    when(having(spec(), prepared(), spawned()), due, at(1_000)).then({ type: "AgentReady", evidence: "alive_for_1000_ms", holderSeq: null })
  })

  it("that does not come in time is recorded, and the process is reclaimed five seconds later", () => {
    const booting = having(talkative, prepared(), spawned())
    const warned = when(booting, due, at(10_000)).then({
      type: "ReadinessTimedOut",
      afterMs: 10_000,
      deadline: { bootMs: 15_000, wallMs: 1_015_000 }
    })
    assert.strictEqual(warned.context.notice, "not ready after 10000 ms")
    const reclaiming = when(warned, due, at(15_000)).then({ type: "StopRequested", by: "reprise", reason: "not_ready", mode: "stop" })
    assert.strictEqual(stateName(reclaiming), "starting/booting (stop: asked)")
  })

  it("that comes late, before the reclaim, takes the warning back", () => {
    const warned = having(talkative, prepared(), spawned(), [due, at(10_000)])
    const ready = when(warned, printed(), at(12_000)).then({ type: "AgentReady", evidence: "first_output" })
    assert.deepStrictEqual([ready.context.notice, ready.context.deadlines], [null, {}])
    when(ready, due, at(15_000)).ignored("not_due")
  })

  it("is not learnt from output where the agent says itself when it is ready", () => {
    when(having(spec({ provider: "patient" }), prepared(), spawned()), printed()).ignored("not_now")
  })
})

describe("the idle stop", () => {
  const idleStopMs = 60_000
  const watched = spec({ idleStopMs })

  it("ends an agent without clients that prints nothing, for good", () => {
    const quiet = having({ ...watched, keepalive: { ...watched.keepalive, mode: "always" } }, ...up)
    when(quiet, due, at(59_999)).ignored("not_due")
    when(quiet, due, at(60_000)).then({ type: "StopRequested", by: "reprise", reason: "idle", outcome: "end" })
  })

  it("waits again when something was printed, or the agent is at work", () => {
    when(having(watched, ...up), due, at(60_000, { offset: 1 })).then({
      type: "IdleStopArmed",
      deadline: { bootMs: 120_000, wallMs: 1_120_000 }
    })
    for (const activity of ["working", "waiting", "compacting"] as const)
      when(having(watched, ...up, observed(activity)), due, at(60_000)).then({ type: "IdleStopArmed" })
    when(having(watched, ...up, observed("idle")), due, at(60_000)).then({ type: "StopRequested" })
  })

  it("is off while a client is attached", () => {
    const attached = having(watched, ...up, attach())
    when(attached, due, at(99_999_999)).ignored("not_due")
  })

  it("is off without a limit, and once the agent is being stopped", () => {
    when(running(), due, at(99_999_999)).ignored("not_due")
    assert.isUndefined(having(watched, ...up, kill).context.deadlines.idle)
  })

  it("is not put off by input that leaves no trace in the output", () => {
    when(having(watched, ...up, write()), due, at(60_000)).then({ type: "StopRequested", reason: "idle" })
  })
})
