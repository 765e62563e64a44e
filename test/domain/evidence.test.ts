/** What is learnt of an agent beside what it does: what blocks it, what it used, what it says of itself, what no rule understands. */
import { assert, describe, it } from "@effect/vitest"
import type { Input } from "../../src/domain/inputs.ts"
import { limits } from "../../src/domain/limits.ts"
import { stateName } from "../../src/domain/session.ts"
import { view } from "../../src/domain/view.ts"
import {
  at,
  blocked,
  cleared,
  due,
  exited,
  going,
  having,
  idle,
  named,
  notKnown,
  observed,
  prepared,
  reports,
  resume,
  spawned,
  spec,
  talking,
  terminate,
  told,
  transcribed,
  when,
  working
} from "../support/domain.ts"

const keepalive = spec().keepalive
const up = () => having(named("chosen", { keepalive }), ...talking)
const until = 1_100_000

describe("an agent that says it is blocked", () => {
  it("for want of a login ends for that, whatever its code, and is not launched again", () => {
    const unauthorized = when(up(), blocked("auth")).then({ type: "AgentBlocked", cause: "auth" })
    when(unauthorized, blocked("auth")).ignored("unchanged")
    for (const code of [0, 1]) {
      const over = when(going(unauthorized, exited(code)), cleared()).then(
        { type: "GenerationEnded", cause: { type: "auth" } },
        { type: "GaveUp", reason: "auth" }
      )
      assert.strictEqual(stateName(over), "ended/givenUp")
      assert.isNull(going(over, resume).context.blocked)
    }
  })

  it("for a time is launched again when that is over, not before", () => {
    const limited = going(up(), blocked("rate_limited", until), exited(0))
    const waiting = when(limited, cleared(), at(1_000)).then(
      { type: "GenerationEnded", cause: { type: "rate_limited", until } },
      { type: "RelaunchScheduled", delayMs: 99_000, deadline: { bootMs: 100_000, wallMs: until } }
    )
    when(waiting, due, at(99_999)).ignored("not_due")
    const relaunched = when(waiting, due, at(100_000)).then({ type: "RelaunchStarted" })
    assert.isNull(relaunched.context.blocked)
  })

  it("waits for its backoff at least, however soon it could go on", () => {
    when(going(up(), blocked("rate_limited", 1_000_001), exited(0)), cleared()).then(
      { type: "GenerationEnded" },
      { type: "RelaunchScheduled", delayMs: 3_000, reason: "backoff" }
    )
  })

  it("is blocked no more when it works, and then its end is an end like any other", () => {
    const works = going(up(), blocked("auth"), working())
    assert.isNull(works.context.blocked)
    when(going(works, idle(), exited(0)), cleared()).then({ type: "GenerationEnded", cause: { type: "clean" } })
  })

  it("was blocked once, when its time was over before it ended", () => {
    const cleanly = told(9, { type: "cleared", swept: 0 }, 1, 100_000)
    when(going(up(), blocked("rate_limited", until), exited(0)), cleanly, at(100_000)).then({
      type: "GenerationEnded",
      cause: { type: "clean" }
    })
    const heardLate = going(up(), blocked("rate_limited", until), exited(0))
    when(heardLate, cleared(), at(200_000)).then(
      { type: "GenerationEnded", cause: { type: "rate_limited", until } },
      { type: "RelaunchScheduled" }
    )
  })

  it("was stopped, when a client stopped it", () => {
    when(going(up(), blocked("auth"), { type: "Stop", by: "ada", reason: "enough" }, exited(0)), cleared()).then({
      type: "GenerationEnded",
      cause: { type: "stopped", by: "ada", reason: "enough" }
    })
  })
})

describe("a transcript", () => {
  it("is read on from where it was read to, and its usage is summed", () => {
    const first = when(up(), transcribed(0, 90)).then({ type: "TranscriptRead", from: 0, to: 90, lines: 2 })
    const second = when(first, transcribed(90, 120)).then({ type: "TranscriptRead", from: 90, to: 120 })
    assert.deepStrictEqual(second.context.transcript, { path: "/t.jsonl", offset: 120, lines: 4, call: null })
    assert.deepStrictEqual(second.context.usage, { inputTokens: 20, outputTokens: 40, cacheReadTokens: 60, cacheWriteTokens: 80 })
    assert.strictEqual(going(second, { ...transcribed(120, 130), model: null }).context.model, "large")
  })

  it("is not read twice, and not with a gap", () => {
    const read = going(up(), transcribed(0, 90))
    for (const range of [transcribed(0, 90), transcribed(0, 120), transcribed(91, 120)]) when(read, range).ignored("repeated")
    assert.strictEqual(read.context.usage?.inputTokens, 10)
  })

  it("is read from the beginning when its agent has written it again", () => {
    when(going(up(), transcribed(0, 90)), { ...transcribed(0, 40), restarted: true }).then({ type: "TranscriptRead", from: 0, to: 40 })
  })

  it("is said to be unreadable once for each reason, until it is read again", () => {
    const refused = (code: string): Input => ({ type: "TranscriptRefused", generation: 1, path: "/t.jsonl", code })
    const pipe = when(up(), refused("NOT_REGULAR")).then({ type: "TranscriptUnreadable", path: "/t.jsonl", code: "NOT_REGULAR" })
    when(pipe, refused("NOT_REGULAR")).ignored("unchanged")
    when(pipe, refused("EACCES")).then({ type: "TranscriptUnreadable", code: "EACCES" })
    assert.strictEqual(view(pipe, 1).conversation?.unreadable?.detail, "/t.jsonl is not a regular file")
    assert.isNull(view(going(pipe, transcribed(0, 90)), 1).conversation?.unreadable ?? null)
  })

  it("counts the reports of each process by themselves", () => {
    const again = going(up(), reports(5), working(), exited(1), cleared(), resume, prepared(2), spawned(2))
    when(again, reports(1)).then({ type: "StateReported" })
  })

  it("is read on by the next generation, and another file from its own beginning", () => {
    const next = going(up(), transcribed(0, 90), working(), exited(1), cleared(), resume, prepared(2), spawned(2))
    when(next, transcribed(0, 90, "/t.jsonl", 2)).ignored("repeated")
    assert.strictEqual(going(next, transcribed(90, 120, "/t.jsonl", 2)).context.transcript?.offset, 120)
    assert.deepStrictEqual(going(next, transcribed(0, 30, "/u.jsonl", 2)).context.transcript, {
      path: "/u.jsonl",
      offset: 30,
      lines: 2,
      call: null
    })
  })
})

describe("what an agent says of itself", () => {
  it("is the newest that it said, in its own order", () => {
    const fifth = when(up(), reports(5, "testing")).then({ type: "StateReported", by: "agent" })
    for (const older of [reports(5, "again"), reports(3, "building"), reports(0)]) when(fifth, older).ignored("repeated")
    assert.deepInclude(fifth.context.report, { seq: 5, phase: "testing" })
    assert.deepInclude(going(fifth, reports(6, "done")).context.report, { seq: 6, phase: "done" })
  })

  it("is kept when the agent has ended, and refused when the session is over", () => {
    const ended = going(up(), exited(0), cleared())
    when(ended, reports(0)).then({ type: "StateReported" })
    when(going(ended, terminate), reports(0)).refused("terminated")
  })
})

describe("a message of a kind that this version does not know", () => {
  it("is kept once per kind, cut to a limit", () => {
    const long = "x".repeat(limits.unknownRawChars + 1)
    const odd = when(up(), notKnown("odd", long)).then({ type: "MessageUnknown", kind: "odd", raw: long.slice(1) })
    when(odd, notKnown("odd", "other")).ignored("repeated")
    when(odd, notKnown("even")).then({ type: "MessageUnknown", kind: "even" })
  })

  it("is kept for at most so many kinds", () => {
    const kinds = Array.from({ length: limits.unknownKinds }, (_, n) => notKnown(`kind ${n}`))
    const full = going(up(), ...kinds)
    when(full, notKnown("one more")).ignored("repeated")
    assert.lengthOf(full.context.unknownKinds, limits.unknownKinds)
  })

  it("changes nothing else", () => {
    const before = up()
    const { unknownKinds: _, updatedAt: __, ...same } = going(before, notKnown("odd")).context
    const { unknownKinds: ___, updatedAt: ____, ...was } = before.context
    assert.deepStrictEqual(same, was)
    when(before, { ...notKnown("odd"), generation: 2 }).ignored("stale_generation")
    when(going(before, observed("working")), notKnown("odd")).then({ type: "MessageUnknown" })
  })
})
