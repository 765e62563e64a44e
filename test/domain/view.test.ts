/** What people and programs see of a session: one shape in every state, and nothing secret in it. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { insideOf, lifeOf } from "../../src/domain/session.ts"
import { isLive, SessionView, view } from "../../src/domain/view.ts"
import {
  at,
  cleared,
  due,
  exited,
  having,
  kill,
  observed,
  prepared,
  prepareFailed,
  running,
  spawned,
  spec,
  stop,
  up,
  when
} from "../support/domain.ts"
import { explore } from "../support/exploration.ts"

const seen = (session: ReturnType<typeof running>) => view(session, 7)

describe("a session's view", () => {
  const { visits } = explore()

  it("has its shape in every state that can be reached, and survives JSON", () => {
    const decode = Schema.decodeUnknownSync(SessionView, { onExcessProperty: "error" })
    for (const { session } of visits) assert.deepStrictEqual(decode(JSON.parse(JSON.stringify(seen(session)))), seen(session))
  })

  it("names the place of every state", () => {
    const phases = new Map(visits.map(({ session }) => [`${lifeOf(session)}/${insideOf(session)}`, seen(session).phase]))
    assert.deepStrictEqual([...new Set(phases.values())].sort(), [
      "archived",
      "backing_off",
      "booting",
      "given_up",
      "launching",
      "over",
      "preparing",
      "reaping",
      "resting",
      "running"
    ])
    for (const [state, phase] of phases)
      assert.strictEqual(phase === "running", state.startsWith("streaming/") && state !== "streaming/reaping", state)
  })

  it("says the activity of an agent that is up, with its evidence, and of no other", () => {
    assert.deepInclude(seen(running()), { state: "streaming", activity: "unknown", evidence: null })
    const asking = seen(having(spec(), ...up, observed("waiting", "hook", "may I?")))
    assert.deepInclude(asking, {
      activity: "waiting",
      evidence: { source: "hook", at: "1970-01-01T00:16:40.000Z", question: "may I?", behindBytes: null }
    })
    assert.isNull(seen(having(spec(), ...up, exited(0))).activity)
    assert.isNull(seen(having(spec(), prepared(), spawned())).activity)
  })

  it("says what a stop has come to, how a process ended, and when it comes back", () => {
    assert.deepInclude(seen(having(spec(), ...up, stop)).stop, { step: "asked", by: "ada", reason: "enough" })
    const crashed = seen(having(spec(), ...up, [exited(7), at(100)], [cleared(), at(100)]))
    assert.deepInclude(crashed, {
      state: "ended",
      phase: "backing_off",
      process: null,
      relaunch: { attempt: 1, at: "1970-01-01T00:16:43.100Z" }
    })
    assert.deepInclude(crashed.exit, { cause: "crashed", code: 7, signal: null })
    assert.strictEqual(seen(having(spec(), ...up, kill, exited(0), cleared())).exit?.detail, "by ada: now")
    assert.strictEqual(seen(having(spec(), prepareFailed("cwd_missing"))).exit?.detail, "cwd_missing: cwd_missing")
  })

  it("shows the names of the environment and never its hash", () => {
    const session = running({ env: { names: ["API_KEY"], hash: "5ec2e7" } })
    assert.deepStrictEqual(seen(session).env, ["API_KEY"])
    assert.notInclude(JSON.stringify(seen(session)), "5ec2e7")
  })
})

describe("start-up", () => {
  it("has work with what runs or waits, and with nothing else", () => {
    const crashed = having(spec(), ...up, exited(1), cleared())
    for (const session of [having(spec()), running(), crashed, when(crashed, due, at(9_000)).then({ type: "RelaunchStarted" })])
      assert.isTrue(isLive(session))
    for (const session of [having(spec(), ...up, stop, exited(0), cleared()), having(spec(), prepareFailed("cwd_missing"))])
      assert.isFalse(isLive(session))
  })
})
