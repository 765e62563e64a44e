/** What the agent is doing is evidence: the best of it stands while it is fresh, and not knowing is an answer. */
import { assert, describe, it } from "@effect/vitest"
import type { Input } from "../../src/domain/inputs.ts"
import { stateName } from "../../src/domain/session.ts"
import {
  at,
  cleared,
  due,
  exited,
  going,
  having,
  observed,
  prepared,
  running,
  spawned,
  spec,
  stop,
  up,
  when,
  working
} from "../support/domain.ts"

describe("activity", () => {
  it("is unknown until a source says otherwise", () => {
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

describe("a word that a weaker source says against a fresh one", () => {
  const doubted = () => having(spec(), ...up, working(), [observed("idle", "screen"), at(10_000)])

  it("counts when the stronger one has grown old", () => {
    when(doubted(), due, at(59_999)).ignored("not_due")
    const idle = when(doubted(), due, at(60_000)).then({ type: "ActivityChanged", activity: "idle", source: "screen" })
    assert.deepStrictEqual([idle.context.doubt, idle.context.deadlines], [null, {}])
  })

  it("is reported once, by the same source", () => {
    when(doubted(), observed("idle", "screen"), at(11_000)).ignored("repeated")
    when(doubted(), observed("idle", "silence"), at(11_000)).ignored("weaker_evidence")
    when(doubted(), observed("compacting", "osc"), at(11_000)).then({ type: "ActivityDoubted", activity: "compacting", source: "osc" })
  })

  it("is withdrawn when its source agrees again", () => {
    when(doubted(), observed("working", "silence"), at(12_000)).ignored("weaker_evidence")
    const agreed = when(doubted(), observed("working", "screen"), at(12_000)).then({ type: "ActivityConfirmed", source: "screen" })
    assert.deepStrictEqual([agreed.context.doubt, agreed.context.deadlines], [null, {}])
    assert.strictEqual(agreed.context.activity.source, "hook")
    // It lends the stronger word no time of its own.
    when(agreed, observed("idle", "screen"), at(60_000)).then({ type: "ActivityChanged", activity: "idle", source: "screen" })
  })

  it("is withdrawn when the stronger one speaks, whatever it says", () => {
    const same = when(doubted(), working(), at(12_000)).then({ type: "ActivityConfirmed", source: "hook" })
    const another = when(doubted(), observed("compacting"), at(12_000)).then({ type: "ActivityChanged", activity: "compacting" })
    const stronger = when(doubted(), observed("working", "protocol"), at(12_000)).then({ type: "ActivityChanged", source: "protocol" })
    for (const { context } of [same, another, stronger]) assert.deepStrictEqual([context.doubt, context.deadlines], [null, {}])
  })

  it("is forgotten with the agent", () => {
    const gone = going(doubted(), exited(1))
    assert.deepStrictEqual(gone.context.deadlines, {})
    assert.isNull(going(gone, cleared()).context.doubt)
  })

  it("is no doubt where the stronger one does not know", () => {
    const cleared = having(spec(), ...up, observed("unknown", "protocol"))
    when(cleared, observed("working", "screen")).then({ type: "ActivityChanged", activity: "working", source: "screen" })
  })
})

describe("a word that is said again", () => {
  it("is a fact when half of the time that it stands is over, so that it goes on standing", () => {
    const first = having(spec(), ...up, working())
    when(first, working(), at(29_999)).ignored("unchanged")
    const confirmed = when(first, working(), at(30_000)).then({ type: "ActivityConfirmed", source: "hook" })
    when(confirmed, observed("idle", "screen"), at(89_999)).then({ type: "ActivityDoubted" })
    when(confirmed, observed("idle", "screen"), at(90_000)).then({ type: "ActivityChanged" })
  })

  it("was so when its source says, however late that is reported", () => {
    const told = (word: Input, observedAt: number) => Object.assign(word, { observedAt })
    const first = having(spec(), ...up, told(working(), 20))
    const confirmed = when(first, told(working(), 700), at(60_000)).then({ type: "ActivityConfirmed", observedAt: 700 })
    assert.strictEqual(confirmed.context.activity.observedAt, 700)
    when(confirmed, told(observed("idle"), 699), at(60_001)).ignored("repeated")
    when(confirmed, told(observed("idle"), 701), at(60_001)).then({ type: "ActivityChanged", activity: "idle" })
  })

  it("replaces one that was recorded late, also where it says less", () => {
    const late = { ...observed("waiting", "osc", "may I?"), behindBytes: 90 } as Input
    const behind = having(spec(), ...up, late)
    when(behind, observed("waiting", "osc", null)).then({ type: "ActivityChanged", question: null })
    const recorded = when(behind, observed("waiting", "osc", "may I?")).then({ type: "ActivityChanged", question: "may I?" })
    assert.isUndefined(recorded.context.activity.behindBytes)
    when(recorded, observed("waiting", "osc", null)).ignored("unchanged")
  })

  it("is not work once more by a word that was left behind, of a time between two rests", () => {
    const told = (word: Input, observedAt: number) => Object.assign(word, { observedAt })
    const rested = having(spec(), ...up, told(observed("idle", "hook"), 20))
    const again = when(rested, told(observed("idle", "hook"), 70), at(80)).then({ type: "ActivityConfirmed", observedAt: 70 })
    when(again, told(working(), 50), at(90)).ignored("repeated")
    when(again, told(observed("idle", "hook"), 70), at(90)).ignored("unchanged")
  })
})
