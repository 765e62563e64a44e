/** A launch from its preparation to its end, whatever is reported twice, late, or not at all. */
import { assert, describe, it } from "@effect/vitest"
import { stateName } from "../../src/domain/session.ts"
import {
  at,
  cleared,
  due,
  exited,
  gone,
  having,
  launchFailed,
  never,
  nonce,
  prepared,
  prepareFailed,
  printed,
  process,
  reattached,
  resume,
  running,
  spawned,
  spec,
  swept,
  told,
  up,
  when,
  write
} from "../support/domain.ts"

const crash = [exited(1), cleared()] as const

describe("a launch", () => {
  it("is intended before it is done, confirmed by its holder, and ready when it prints", () => {
    const intended = when(having(spec()), prepared()).then({
      type: "LaunchIntended",
      generation: 1,
      nonce,
      reason: "create",
      executable: "/bin/bash"
    })
    assert.strictEqual(stateName(intended), "starting/launching")
    const booting = when(intended, spawned()).then({ type: "ProcessSpawned", generation: 1, process, holderSeq: 1 })
    assert.strictEqual(stateName(booting), "starting/booting")
    const streaming = when(booting, printed()).then({ type: "AgentReady", evidence: "first_output", healthyDeadline: null })
    assert.strictEqual(stateName(streaming), "streaming/unknown")
  })

  it("that found no directory or no executable rests with the reason, and nothing was started", () => {
    const over = when(having(spec({ keepalive: never })), prepareFailed("cwd_missing")).then({
      type: "GenerationEnded",
      cause: { type: "launch_failed", code: "cwd_missing", message: "cwd_missing" }
    })
    assert.strictEqual(over.context.notice, "cwd_missing")
    assert.isNull(over.context.process)
  })

  it("that its runtime could not begin is over", () => {
    when(having(spec({ keepalive: never }), prepared()), { type: "LaunchFailed", generation: 1, code: "EMFILE", message: "no files" }).then(
      {
        type: "GenerationEnded",
        cause: { type: "launch_failed", code: "EMFILE", message: "no files" }
      }
    )
  })

  it("that failed for want of resources is tried again, and one that cannot succeed is not", () => {
    when(having(spec(), prepared()), launchFailed("EAGAIN")).then({ type: "GenerationEnded" }, { type: "RelaunchScheduled" })
    when(having(spec(), prepared()), launchFailed("EACCES")).then({ type: "GenerationEnded" }, { type: "GaveUp", reason: "configuration" })
  })

  it("without confirmation is swept, and failed", () => {
    const lost = when(having(spec({ keepalive: never }), prepared()), due, at(15_000)).then({
      type: "HolderLost",
      reason: "launch_overdue"
    })
    when(lost, due, at(15_000)).ignored("not_due")
    when(lost, swept()).then({
      type: "GenerationEnded",
      cause: { type: "launch_failed", code: "holder_lost", message: "the launch did not come about" }
    })
  })

  it("that has no holder yet cannot lose one", () => {
    when(having(spec()), gone()).ignored("not_now")
  })

  it("records its outcome only once", () => {
    when(running(), prepared()).ignored("not_now")
    when(running(), prepareFailed("cwd_missing")).ignored("not_now")
    when(running(), { type: "LaunchFailed", generation: 1, code: "EMFILE", message: "" }).ignored("not_now")
    when(having(spec(), prepared()), prepared()).ignored("not_now")
  })
})

describe("an end", () => {
  it("with code 0 is clean, with another code a crash, and a signal is named", () => {
    const causes = [exited(0), exited(3), exited(null, "SIGSEGV")].map((how) => {
      const session = having(spec({ keepalive: never }), ...up, how)
      return when(session, cleared()).then({ type: "GenerationEnded" }).context.exit
    })
    assert.deepStrictEqual(
      causes.map((exit) => exit?.cause),
      [{ type: "clean" }, { type: "crashed", code: 3, signal: null }, { type: "crashed", code: null, signal: "SIGSEGV" }]
    )
    assert.deepStrictEqual(
      causes.map((exit) => [exit?.code, exit?.signal]),
      [
        [0, null],
        [3, null],
        [null, "SIGSEGV"]
      ]
    )
  })

  it("is reported when nothing of the tree is left, not when the leader is gone", () => {
    const reaping = when(running(), exited(0)).then({ type: "ProcessExited", code: 0 })
    assert.strictEqual(stateName(reaping), "streaming/reaping")
    assert.isNull(reaping.context.exit)
    when(reaping, write()).refused("already_exited")
  })

  it("carries the time and place in the output that the holder saw, however late it reports", () => {
    const late = {
      type: "HolderReported",
      generation: 1,
      entry: { n: 8, wallMs: 1_002_000, offset: 77, event: { type: "exited", code: 1, signal: null } }
    } as const
    when(running(), late, at(9_000, { offset: 50 })).then({ type: "ProcessExited", at: 1_002_000, offset: 77 })
  })

  it("that is reported late has nothing after it in the log that lies before it in the output", () => {
    const ready = having(spec({ idleStopMs: 60_000 }), prepared(), spawned())
    const late = { n: 2, wallMs: 1_000_100, offset: 500, event: { type: "output_began" } } as const
    when(ready, { type: "HolderReported", generation: 1, entry: late }, at(900, { offset: 0 })).then(
      { type: "AgentReady", offset: 500 },
      { type: "IdleStopArmed", offset: 500 }
    )
    const gone = { n: 9, wallMs: 1_000_100, offset: 700, event: { type: "cleared", swept: 0 } } as const
    when(having(spec(), ...up, exited(1)), { type: "HolderReported", generation: 1, entry: gone }, at(900, { offset: 0 })).then(
      { type: "GenerationEnded", offset: 700 },
      { type: "RelaunchScheduled", offset: 700 }
    )
  })

  it("is acknowledged to the holder that reported it", () => {
    const { decided } = when(having(spec({ keepalive: never }), ...up, exited(0)), cleared())
    assert(decided._tag === "Accepted")
    assert.deepStrictEqual(decided.effects, [{ type: "AcknowledgeExit", generation: 1, nonce }])
  })

  it("names what would not die, until it does", () => {
    const stuck = when(having(spec(), ...up, exited(0)), told(9, { type: "leftovers", leftovers: [{ pid: 7, command: "nfs" }] })).then({
      type: "LeftoversRemain",
      leftovers: [{ pid: 7, command: "nfs" }]
    })
    assert.deepStrictEqual(stuck.context.leftovers, [{ pid: 7, command: "nfs" }])
  })
})

describe("a report", () => {
  it("of an older generation changes nothing", () => {
    const session = having(
      spec(),
      ...up,
      [exited(1), at(10)],
      [cleared(), at(10)],
      [due, at(3_010)],
      [prepared(2), at(3_010)],
      [spawned(2), at(3_010)]
    )
    for (const report of [exited(1), cleared(), printed(), gone(1), swept(1), reattached(1), prepared(1), launchFailed("EIO")])
      when(session, report).ignored("stale_generation")
  })

  it("of a generation that is over changes nothing", () => {
    const over = having(spec({ keepalive: never }), ...up, ...crash)
    for (const report of [exited(1), cleared(), gone(), swept(), reattached()]) when(over, report).ignored("stale_generation")
  })

  it("that the log already holds is not recorded again", () => {
    when(running(), spawned()).ignored("repeated")
    when(running(), printed()).ignored("repeated")
    when(having(spec(), ...up, exited(1)), exited(1)).ignored("repeated")
  })

  it("of dropped output is kept, with the gap it left", () => {
    when(running(), told(3, { type: "output_dropped", from: 10, to: 90, reason: "disk_full" })).then({
      type: "OutputDropped",
      from: 10,
      to: 90,
      reason: "disk_full",
      holderSeq: 3
    })
  })
})

describe("a resume", () => {
  it("is the next generation of the same session", () => {
    const resumed = when(having(spec({ keepalive: never }), ...up, ...crash), resume).then({ type: "ResumeRequested", by: "ada" })
    assert.deepStrictEqual([stateName(resumed), resumed.context.generation], ["resuming/preparing", 2])
    when(resumed, prepared(2)).then({ type: "LaunchIntended", generation: 2, reason: "resume" })
  })

  it("is refused a second time until the first has failed or succeeded", () => {
    const resumed = having(spec({ keepalive: never }), ...up, ...crash, resume)
    when(resumed, resume).refused("already_resuming")
    when(having(spec(), prepared()), resume).refused("already_resuming")
    when(running(), resume).refused("already_running")
  })

  it("during a backoff does not wait for it", () => {
    const resumed = when(having(spec(), ...up, ...crash), resume).then({ type: "ResumeRequested" })
    assert.deepStrictEqual(resumed.context.deadlines, {})
    when(resumed, due, at(99_999_999)).ignored("not_due")
  })
})
