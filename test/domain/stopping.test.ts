/** Whatever runs is ended when a client says so, and what a client ended stays ended. */
import { assert, describe, it } from "@effect/vitest"
import { allowed } from "../../src/domain/decide/index.ts"
import type { Input } from "../../src/domain/inputs.ts"
import { insideOf, lifeOf, stateName, stoppingOf } from "../../src/domain/session.ts"
import {
  always,
  archive,
  at,
  cleared,
  due,
  exited,
  going,
  gone,
  having,
  kill,
  prepared,
  printed,
  resume,
  running,
  spawned,
  spec,
  stepped,
  stop,
  swept,
  terminate,
  told,
  unarchive,
  up,
  when
} from "../support/domain.ts"

const eager = { keepalive: always }
/** The ladder's only wait, and what the holder may take beyond it. */
const overdueMs = 5_000 + 15_000
const unready = spec({ provider: "patient", readyTimeoutMs: 10_000, ...eager })

describe("a stop", () => {
  it("climbs its ladder, and is over when nothing of the tree is left", () => {
    const asked = when(running(), stop).then({ type: "StopRequested", mode: "stop", outcome: "end", by: "ada", reason: "enough" })
    assert.strictEqual(stoppingOf(asked), "asked")
    const hungUp = when(asked, stepped(3, "hangup")).then({ type: "StopStepTaken", step: "hangup", pids: [4242] })
    assert.strictEqual(stoppingOf(hungUp), "hungUp")
    const killed = when(hungUp, stepped(4, "kill")).then({ type: "StopStepTaken", step: "kill" })
    assert.strictEqual(stoppingOf(killed), "killed")
    const reaping = when(killed, exited(null, "SIGKILL")).then({ type: "ProcessExited", signal: "SIGKILL" })
    assert.strictEqual(stateName(reaping), "streaming/reaping (stop: killed)")
    const over = when(reaping, cleared(1, 3)).then({
      type: "GenerationEnded",
      swept: 3,
      cause: { type: "stopped", by: "ada", reason: "enough" }
    })
    assert.deepStrictEqual([insideOf(over), stoppingOf(over), over.context.stop], ["resting", "none", null])
  })

  it("never shows a crash, however the process went", () => {
    for (const how of [exited(0), exited(137), exited(null, "SIGSEGV")]) {
      const session = having(spec(eager), ...up, kill, how)
      const over = when(session, cleared()).then({ type: "GenerationEnded", cause: { type: "stopped", by: "ada", reason: "now" } })
      assert.strictEqual(over.context.exit?.cause.type, "stopped")
    }
  })

  it("ends a session that has launched nothing yet at once", () => {
    const over = when(having(spec(eager)), stop).then(
      { type: "StopRequested" },
      { type: "GenerationEnded", cause: { type: "stopped", by: "ada", reason: "enough" } }
    )
    assert.strictEqual(stateName(over), "ended/resting")
    when(over, prepared()).ignored("stale_generation")
  })

  it("waits for the holder's word while a launch is under way, then runs the ladder on what came up", () => {
    const asked = having(spec(), prepared(), stop)
    const { decided } = when(asked, spawned())
    assert(decided._tag === "Accepted")
    assert.deepStrictEqual(decided.effects, [{ type: "RunLadder", generation: 1, mode: "stop" }])
    assert.isUndefined(decided.session.context.deadlines.ready)
  })

  it("sweeps a launch that never answers while it is being stopped", () => {
    const asked = having(spec(eager), prepared(), stop)
    const reaping = when(asked, due, at(15_000)).then({ type: "HolderLost", reason: "launch_overdue" })
    const over = when(reaping, swept()).then({ type: "GenerationEnded", cause: { type: "stopped", by: "ada", reason: "enough" } })
    assert.strictEqual(stateName(over), "ended/resting")
  })

  it("stops an agent that is not ready yet, and does not wait for its readiness any more", () => {
    const asked = having(spec(), prepared(), spawned(), stop)
    assert.deepStrictEqual(Object.keys(asked.context.deadlines), ["stop"])
    const late = when(asked, printed()).then({ type: "AgentReady", healthyDeadline: null })
    assert.strictEqual(stateName(late), "streaming/unknown (stop: asked)")
  })

  it("while a crash is being cleared away keeps it from coming back", () => {
    const asked = having(spec(eager), ...up, exited(1), stop)
    when(asked, cleared()).then({ type: "GenerationEnded", cause: { type: "stopped", by: "ada", reason: "enough" }, code: 1 })
  })

  it("cancels a backoff, and a second one finds nothing to end", () => {
    const resting = when(having(spec(), ...up, exited(1), cleared()), stop).then({ type: "RelaunchCancelled", by: "ada", reason: "enough" })
    when(resting, stop).refused("already_ended")
    when(resting, kill).refused("already_ended")
  })

  it("is refused while the same is under way, and offers what is not", () => {
    when(having(spec(), ...up, stop), stop).refused("already_stopping")
    when(having(spec(), ...up, kill), kill).refused("already_stopping")
    const offered = allowed(having(spec(), ...up, kill), at(0))
    assert.notIncludeMembers([...offered], ["Stop", "Kill", "Write", "Resume"])
    assert.includeMembers([...offered], ["Archive", "Terminate", "Attach"])
  })

  it("outranks a resume: a start during a stop is refused", () => {
    when(having(spec(), ...up, stop), resume).refused("already_running")
    when(having(spec(), prepared(), stop), resume).refused("already_resuming")
  })
})

describe("a kill", () => {
  it("goes to the last rung at once", () => {
    const { decided } = when(running(), kill)
    assert(decided._tag === "Accepted")
    assert.deepStrictEqual(decided.effects, [{ type: "RunLadder", generation: 1, mode: "kill" }])
  })

  it("makes a polite stop firmer", () => {
    const killing = when(having(spec(), ...up, stop), kill).then({ type: "StopEscalated", mode: "kill", by: "ada" })
    assert.deepInclude(killing.context.stop, { mode: "kill", outcome: "end", reason: "enough" })
  })

  it("is not softened by a stop that comes after it", () => {
    when(having(spec(), ...up, kill), stop).refused("already_stopping")
  })
})

describe("a terminate", () => {
  it("during a polite stop leaves it polite, and ends the session for good", () => {
    const asked = having(spec(eager), ...up, stop)
    const { decided } = when(asked, terminate)
    assert(decided._tag === "Accepted")
    assert.deepStrictEqual(decided.effects, [{ type: "RunLadder", generation: 1, mode: "stop" }])
    assert.deepInclude(decided.session.context.stop, { mode: "stop", outcome: "terminate" })
    const reaping = when(decided.session, exited(0)).then({ type: "ProcessExited" })
    const over = when(reaping, cleared()).then({ type: "GenerationEnded" }, { type: "SessionTerminated", by: "ada" })
    assert.strictEqual(lifeOf(over), "terminated")
  })

  it("during a kill goes on killing", () => {
    const session = when(having(spec(), ...up, kill), terminate).then({ type: "StopEscalated", outcome: "terminate" })
    assert.deepInclude(session.context.stop, { mode: "kill", outcome: "terminate" })
  })

  it("is not undone by an archive that comes after it", () => {
    when(having(spec(), ...up, terminate), archive).refused("already_stopping")
    const kept = when(having(spec(), ...up, terminate), kill).then({ type: "StopEscalated", mode: "kill" })
    assert.deepInclude(kept.context.stop, { mode: "kill", outcome: "terminate" })
  })

  it("of what has no process needs no ladder", () => {
    when(having(spec()), terminate).then({ type: "StopRequested" }, { type: "GenerationEnded" }, { type: "SessionTerminated" })
    when(having(spec(), ...up, exited(1), cleared()), terminate).then({ type: "SessionTerminated", by: "ada", reason: "over" })
    when(having(spec(), ...up, exited(1), cleared(), archive), terminate).then({ type: "SessionTerminated" })
  })

  it("is absorbing: every command afterwards is refused by that name", () => {
    const over = having(spec(), terminate)
    const commands: ReadonlyArray<Input> = [stop, kill, terminate, archive, unarchive, resume]
    for (const command of commands) when(over, command).refused("terminated")
    assert.deepStrictEqual(allowed(over, at(0)), [])
  })
})

describe("an archive", () => {
  it("during a stop changes what the session becomes, not how it is stopped", () => {
    const asked = when(having(spec(eager), ...up, stop), archive).then({ type: "StopEscalated", outcome: "archive", mode: "stop" })
    const over = when(having(spec(eager), ...up, stop, archive, exited(0)), cleared()).then(
      { type: "GenerationEnded" },
      { type: "SessionArchived", by: "ada" }
    )
    assert.strictEqual(asked.context.stop?.outcome, "archive")
    assert.strictEqual(stateName(over), "ended/archived")
  })

  it("of a session in its backoff forgets the relaunch", () => {
    const archived = when(having(spec(), ...up, exited(1), cleared()), archive).then({ type: "SessionArchived" })
    assert.deepStrictEqual(archived.context.deadlines, {})
    when(archived, due, at(99_999_999)).ignored("not_due")
  })

  it("keeps a session from being resumed until it is taken back", () => {
    const archived = having(spec(), ...up, stop, exited(0), cleared(), archive)
    when(archived, resume).refused("archived")
    when(archived, archive).refused("archived")
    const back = when(archived, unarchive).then({ type: "SessionUnarchived", by: "ada" })
    when(back, unarchive).refused("not_archived")
    when(back, resume).then({ type: "ResumeRequested" })
  })
})

describe("a stop that the holder was ordered without the log", () => {
  const ordered = (mode: "stop" | "kill", outcome: "end" | "archive" | "terminate" = "end") =>
    told(3, { type: "stop_ordered", mode, outcome, by: "ada", reason: "the disk is full" })

  it("is recorded from the holder's journal, so that nothing is launched again", () => {
    const asked = when(having(spec({ keepalive: always }), ...up), ordered("kill")).then({
      type: "StopRequested",
      mode: "kill",
      by: "ada",
      reason: "the disk is full"
    })
    when(going(asked, exited(null, "SIGKILL")), cleared()).then({
      type: "GenerationEnded",
      cause: { type: "stopped", by: "ada", reason: "the disk is full" }
    })
  })

  it("ends the session for good where that was ordered", () => {
    const asked = when(having(spec(), ...up), ordered("stop", "terminate")).then({ type: "StopRequested", outcome: "terminate" })
    when(going(asked, exited(0)), cleared()).then({ type: "GenerationEnded" }, { type: "SessionTerminated", by: "ada" })
  })

  it("changes nothing where the log has a stop, or the agent has ended", () => {
    when(having(spec(), ...up, stop), ordered("kill")).ignored("repeated")
    when(having(spec(), ...up, exited(0)), ordered("kill")).ignored("repeated")
  })
})

describe("a stop that takes too long", () => {
  it("is taken from a holder that has named nothing it waits for, and the tree is swept", () => {
    const asked = having(spec(), ...up, stop)
    when(asked, due, at(overdueMs - 1)).ignored("not_due")
    const { decided } = when(asked, due, at(overdueMs))
    assert(decided._tag === "Accepted")
    assert.deepStrictEqual(
      decided.effects.map(({ type }) => type),
      ["Sweep"]
    )
    const lost = when(asked, due, at(overdueMs)).then({ type: "HolderLost", reason: "stop_overdue" })
    when(lost, swept()).then({ type: "GenerationEnded", cause: { type: "stopped", by: "ada", reason: "enough" } })
  })

  it("counts the holder as lost once", () => {
    const killing = having(spec(), ...up, kill)
    const lost = when(killing, due, at(overdueMs)).then({ type: "HolderLost", reason: "stop_overdue" })
    when(lost, due, at(overdueMs)).ignored("not_due")
    when(lost, swept()).then({ type: "GenerationEnded", cause: { type: "stopped", by: "ada", reason: "now" } })
  })

  it("goes on killing while the holder names what does not die", () => {
    const stuck = having(
      spec(),
      ...up,
      kill,
      exited(null, "SIGKILL"),
      told(9, { type: "leftovers", leftovers: [{ pid: 7, command: "stuck" }] })
    )
    assert.deepStrictEqual(stuck.context.leftovers, [{ pid: 7, command: "stuck" }])
    when(stuck, due, at(overdueMs)).then({ type: "StopEscalated", mode: "kill" })
    const over = when(stuck, told(10, { type: "cleared", swept: 1 })).then({ type: "GenerationEnded" })
    assert.deepStrictEqual(over.context.leftovers, [])
  })

  it("sweeps only once where the holder was lost before", () => {
    const lost = having(spec(), ...up, kill, gone())
    when(lost, due, at(99_999_999)).ignored("not_due")
  })
})

describe("the reclaim of an agent that never became ready", () => {
  const reclaimed = () => having(unready, prepared(), spawned(), [due, at(10_000)], [due, at(15_000)])

  it("is a failed launch, and may be tried again", () => {
    when(having(unready, prepared(), spawned(), [due, at(10_000)], [due, at(15_000)], exited(0)), cleared()).then(
      {
        type: "GenerationEnded",
        cause: { type: "launch_failed", code: "ready_timeout", message: "the agent was not ready after 10000 ms" }
      },
      { type: "RelaunchScheduled" }
    )
  })

  it("becomes a person's stop when a person asks for one, and then nothing comes back", () => {
    for (const command of [stop, kill] as const) {
      const asked = when(reclaimed(), command).then({ type: "StopEscalated", by: "ada" })
      const reaping = when(asked, exited(0)).then({ type: "ProcessExited" })
      const over = when(reaping, cleared()).then({ type: "GenerationEnded" })
      assert.deepInclude(over.context.exit?.cause, { type: "stopped", by: "ada" })
    }
  })

  it("stays a failed launch when the daemon itself grows impatient", () => {
    const lost = when(reclaimed(), due, at(15_000 + overdueMs)).then({ type: "HolderLost", reason: "stop_overdue" })
    when(lost, swept()).then({ type: "GenerationEnded" }, { type: "RelaunchScheduled" })
  })
})
