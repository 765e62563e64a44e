/** What the agent is doing is evidence: the best of it stands while it is fresh, and not knowing is an answer. */
import { assert, describe, it } from "@effect/vitest"
import { stateName } from "../../src/domain/session.ts"
import { at, exited, having, observed, prepared, running, spawned, spec, stop, up, when } from "../support/domain.ts"

describe("activity", () => {
  it("is unknown until somebody says otherwise", () => {
    assert.strictEqual(stateName(running()), "streaming/unknown")
  })

  it("goes from any state to any other, with its source and its question", () => {
    const waiting = when(running(), observed("waiting", "hook", "run rm?")).then({
      type: "ActivityChanged",
      activity: "waiting",
      source: "hook",
      question: "run rm?"
    })
    assert.strictEqual(stateName(waiting), "streaming/waiting")
    assert.deepInclude(waiting.context.activity, { value: "waiting", question: "run rm?" })
    for (const activity of ["working", "idle", "compacting", "unknown"] as const)
      assert.strictEqual(
        stateName(when(waiting, observed(activity)).then({ type: "ActivityChanged", question: null })),
        `streaming/${activity}`
      )
  })

  it("is not overridden by weaker evidence while the stronger is fresh", () => {
    const working = having(spec(), ...up, observed("working", "hook"))
    const doubted = when(working, observed("idle", "screen"), at(59_999)).then({
      type: "ActivityDoubted",
      activity: "idle",
      source: "screen",
      deadline: { bootMs: 60_000, wallMs: 1_060_000 }
    })
    assert.strictEqual(stateName(doubted), "streaming/working")
    when(working, observed("idle", "screen"), at(60_000)).then({ type: "ActivityChanged", activity: "idle", source: "screen" })
  })

  it("is overridden by better evidence at once, and by the same source always", () => {
    const guessed = having(spec(), ...up, observed("idle", "screen"))
    when(guessed, observed("working", "protocol")).then({ type: "ActivityChanged", source: "protocol" })
    when(guessed, observed("working", "screen")).then({ type: "ActivityChanged", activity: "working" })
  })

  it("is one fact, however often the same is seen", () => {
    when(having(spec(), ...up, observed("idle")), observed("idle")).ignored("unchanged")
  })

  it("is followed during a stop, and means that the agent is ready, and nothing after it is gone or of another generation", () => {
    when(having(spec(), ...up, stop), observed("working")).then({ type: "ActivityChanged" })
    when(having(spec(), prepared(), spawned()), observed("working")).then({ type: "AgentReady" }, { type: "ActivityChanged" })
    when(having(spec(), prepared(), spawned()), observed("unknown")).ignored("not_now")
    when(having(spec(), ...up, exited(0)), observed("working")).ignored("not_now")
    when(running(), { ...observed("working"), generation: 2 } as never).ignored("stale_generation")
  })
})
