/** A reload is a polite stop and a launch that resumes the conversation: not during a turn, and not against a client's stop. */
import { assert, describe, it } from "@effect/vitest"
import { stateName } from "../../src/domain/session.ts"
import {
  archive,
  asks,
  at,
  cleared,
  due,
  exited,
  going,
  having,
  idle,
  kill,
  named,
  never,
  prepared,
  prompt,
  rebooted,
  reload,
  resume,
  running,
  spawned,
  stop,
  swept,
  talking,
  terminate,
  typed,
  when,
  working
} from "../support/domain.ts"

const resting = () => having(named("chosen"), ...talking, working(), idle())

describe("a reload", () => {
  it("stops politely, and resumes when nothing is left", () => {
    const stopping = when(resting(), reload).then({ type: "StopRequested", mode: "stop", outcome: "reload", by: "ada" })
    const back = when(going(stopping, exited(0)), cleared()).then(
      { type: "GenerationEnded", cause: { type: "stopped", by: "ada", reason: "new settings" } },
      { type: "ResumeRequested", by: "ada", why: "reload" }
    )
    assert.strictEqual(stateName(back), "resuming/preparing")
    when(back, prepared(2)).then({ type: "LaunchIntended", generation: 2, reason: "resume" })
  })

  it("is refused while a turn runs, or a prompt is under way", () => {
    when(going(resting(), working()), reload).refused("turn_running")
    when(going(resting(), asks("may I?")), reload).refused("turn_running")
    when(going(resting(), prompt("p"), typed("p")), reload).refused("turn_running")
  })

  it("is refused while the agent is launched, stopped or reloaded already, and of a session that is put away", () => {
    when(having(named("chosen"), prepared(), spawned()), reload).refused("not_ready")
    when(going(resting(), stop), reload).refused("already_stopping")
    when(going(resting(), reload), reload).refused("already_stopping")
    when(going(resting(), reload, exited(0), cleared()), reload).refused("not_ready")
    when(going(resting(), exited(0), cleared(), archive), reload).refused("archived")
    when(going(resting(), exited(0), cleared(), terminate), reload).refused("terminated")
  })

  it("of an agent that has ended is a resume", () => {
    when(going(resting(), exited(0), cleared()), reload).then({ type: "ResumeRequested", by: "ada", why: "reload" })
  })

  it("of an agent that has just died does not take its last turn for a running one", () => {
    when(going(resting(), working(), exited(1)), reload).then({ type: "StopRequested", outcome: "reload" })
  })

  it("brings nothing back when a client wants less than that in the meantime", () => {
    for (const [wish, last] of [
      [stop, "GenerationEnded"],
      [kill, "GenerationEnded"],
      [archive, "SessionArchived"],
      [terminate, "SessionTerminated"]
    ] as const) {
      const stopped = when(going(resting(), reload), wish).then({ type: "StopEscalated" })
      const { decided } = when(going(stopped, exited(0)), cleared())
      assert(decided._tag === "Accepted")
      assert.strictEqual(decided.steps.at(-1)?.fact.type, last, wish.type)
    }
  })

  it("comes back also when the agent had to be killed, or the machine was rebooted meanwhile", () => {
    const overdue = when(going(resting(), reload), due, at(1_000_000)).then({ type: "HolderLost", reason: "stop_overdue" })
    when(overdue, swept()).then({ type: "GenerationEnded" }, { type: "ResumeRequested", why: "reload" })
    when(going(resting(), reload), rebooted, at(5, { bootId: "boot-2" })).then(
      { type: "ClockRebased" },
      { type: "GenerationEnded" },
      { type: "ResumeRequested", why: "reload" }
    )
  })
})

describe("a prompt to an agent that has ended", () => {
  const ended = () => going(resting(), working(), exited(0), cleared())

  it("is queued, resumes the conversation, and is typed once the agent is back", () => {
    const resuming = when(ended(), prompt("p")).then({ type: "PromptQueued" }, { type: "ResumeRequested", by: "ada", why: "prompt" })
    const back = going(resuming, prepared(2), spawned(2))
    when(back, idle(2)).then({ type: "AgentReady" }, { type: "ActivityChanged" }, { type: "PromptClaimed", promptId: "p", generation: 2 })
    when(resuming, prompt("q")).then({ type: "PromptQueued" })
    when(resuming, resume).refused("already_resuming")
  })

  it("that came when the agent was gone already brings the next one, or is rejected where there is none", () => {
    const leaving = going(resting(), exited(0))
    when(going(leaving, prompt("p")), cleared()).then(
      { type: "GenerationEnded" },
      { type: "ResumeRequested", by: "reprise", why: "prompt" }
    )
    // What waited before is no wish for another agent.
    when(going(resting(), working(), prompt("p", { deliver: "idle" }), exited(0)), cleared()).then(
      { type: "TurnAbandoned" },
      { type: "GenerationEnded" }
    )
    when(going(running({ keepalive: never }), exited(0), prompt("p")), cleared()).then(
      { type: "GenerationEnded" },
      { type: "PromptCancelled", by: "reprise" }
    )
  })

  it("is refused where the session is put away, or there is no conversation", () => {
    when(going(ended(), archive), prompt("p")).refused("archived")
    when(going(ended(), terminate), prompt("p")).refused("terminated")
    when(having(named("chosen", { provider: "command" }), prepared(), spawned(), exited(0), cleared()), prompt("p")).refused(
      "no_conversation"
    )
  })
})
