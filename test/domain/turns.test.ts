/** How a turn ends, what that means for its prompt, and an interrupt that is pressed once. */
import { assert, describe, it } from "@effect/vitest"
import { decide } from "../../src/domain/decide/index.ts"
import { limits } from "../../src/domain/limits.ts"
import {
  asks,
  at,
  cleared,
  due,
  exited,
  going,
  gone,
  having,
  idle,
  interrupt,
  named,
  observed,
  prompt,
  rebooted,
  running,
  settled,
  stop,
  swept,
  talking,
  turnOver,
  typed,
  when,
  working
} from "../support/domain.ts"

const up = () => having(named("chosen"), ...talking)
const inTurn = () => going(up(), working())
/** In the turn that `p` began. */
const prompted = () => going(up(), prompt("p"), typed("p"), working())
const again = { ...interrupt, writeId: "i2" } as typeof interrupt

describe("the end of a turn", () => {
  it("is recorded with its outcome, and is the end of the prompt that began it", () => {
    when(prompted(), turnOver("completed")).then(
      { type: "TurnEnded", outcome: "completed", source: "hook" },
      { type: "PromptAnswered", promptId: "p" }
    )
    when(prompted(), turnOver("failed")).then({ type: "TurnEnded" }, { type: "PromptRejected", promptId: "p", code: "turn_failed" })
    when(prompted(), turnOver("interrupted")).then({ type: "TurnEnded" }, { type: "PromptCancelled", promptId: "p", by: "hook" })
  })

  it("is recorded also where no prompt of ours began it", () => {
    when(inTurn(), turnOver("failed")).then({ type: "TurnEnded", outcome: "failed" })
  })

  it("is one fact, whichever other source reports it", () => {
    const over = going(prompted(), turnOver("completed"))
    when(over, turnOver("completed")).ignored("repeated")
    when(over, turnOver("completed", "protocol")).ignored("repeated")
    when(going(over, idle()), turnOver("completed")).ignored("repeated")
    when(going(over, idle(), working()), turnOver("completed")).then({ type: "TurnEnded" })
  })

  it("is not shown by an idleness that was there before the agent took the prompt", () => {
    // One source reports the prompt before another reports the turn.
    const taken = when(going(up(), prompt("p"), typed("p")), {
      ...{ type: "PromptObserved", generation: 1, source: "transcript", detail: "taken" }
    } as const).then({ type: "PromptAccepted", promptId: "p" })
    const turning = when(taken, working()).then({ type: "ActivityChanged", activity: "working" })
    when(turning, idle()).then({ type: "ActivityChanged", activity: "idle" }, { type: "PromptAnswered", promptId: "p" })
  })

  it("is no end of a prompt that was typed later, however late it is reported", () => {
    const late = { observedAt: 1_000_500 }
    const claimed = when(up(), prompt("p"), at(1_000)).then({ type: "PromptQueued" }, { type: "PromptClaimed" })
    const [began, ended] = [working(), idle()].map((word) => [{ ...word, ...late }, at(2_000)] as never) as [never, never]
    const stale = going(claimed, began, ended, typed("p"))
    assert.deepInclude(stale.context.prompts[0] as object, { id: "p", stage: "submitted" })
    const accepted = going(stale, working())
    when(accepted, { ...turnOver("completed"), ...late } as never, at(2_000)).then({ type: "TurnEnded" })
    // Unless the wall clock was set back since, and says nothing of what came first.
    when(accepted, { ...turnOver("completed"), ...late } as never, at(0)).then({ type: "TurnEnded" }, { type: "PromptAnswered" })
    when(accepted, turnOver("completed")).then({ type: "TurnEnded" }, { type: "PromptAnswered", promptId: "p" })
  })

  it("is that of a prompt which was typed before, though no source reported its beginning", () => {
    const ended = (outcome: "completed" | "failed" | "interrupted", ms: number) =>
      ({ ...turnOver(outcome), observedAt: 1_000_000 + ms }) as ReturnType<typeof turnOver>
    const claimed = when(up(), prompt("p"), at(1_000)).then({ type: "PromptQueued" }, { type: "PromptClaimed" })
    const submitted = going(claimed, typed("p"))
    when(submitted, ended("completed", 1_500), at(2_000)).then(
      { type: "TurnEnded", unheard: true },
      { type: "PromptAccepted", promptId: "p" },
      { type: "PromptAnswered", promptId: "p" }
    )
    for (const [outcome, fate] of [
      ["failed", "PromptRejected"],
      ["interrupted", "PromptCancelled"]
    ] as const)
      when(submitted, ended(outcome, 1_500), at(2_000)).then(
        { type: "TurnEnded", outcome, unheard: true },
        { type: "PromptAccepted", promptId: "p" },
        { type: fate, promptId: "p" }
      )
    when(submitted, ended("completed", 500), at(2_000)).ignored("repeated")
    const known = going(submitted, [{ ...idle(), observedAt: 1_001_500 } as never, at(1_600)])
    when(known, ended("completed", 1_500), at(2_000)).ignored("repeated")
    const early = when(claimed, ended("completed", 1_500), at(2_000)).then({ type: "TurnEnded", unheard: true })
    when(early, typed("p")).then(
      { type: "PromptWritten" },
      { type: "PromptSubmitted" },
      { type: "PromptAccepted" },
      { type: "PromptAnswered" }
    )
  })

  it("is nothing that happens without a turn, or after the agent", () => {
    when(up(), turnOver("completed")).ignored("repeated")
    when(going(inTurn(), exited(1)), turnOver("failed")).ignored("not_now")
    when(inTurn(), turnOver("failed", "hook", 2)).ignored("stale_generation")
  })

  it("is not believed of a weaker source while a stronger one says that it goes on", () => {
    when(prompted(), turnOver("completed", "transcript"), at(59_999)).ignored("weaker_evidence")
    when(prompted(), turnOver("completed", "transcript"), at(60_000)).then({ type: "TurnEnded" }, { type: "PromptAnswered" })
  })

  it("is missing when the agent ends in the middle of one, and that is recorded, with the prompt that began it", () => {
    const died = when(going(prompted(), exited(1)), cleared()).then(
      { type: "TurnAbandoned", generation: 1, prompt: "p" },
      { type: "PromptUncertain", promptId: "p" },
      { type: "GenerationEnded" }
    )
    assert.deepStrictEqual(died.context.abandoned, { generation: 1, promptId: "p", at: 1_000_000 })
    when(going(inTurn(), gone()), swept()).then({ type: "TurnAbandoned", prompt: null }, { type: "GenerationEnded" })
    when(going(inTurn(), asks("may I?"), stop, exited(0)), cleared()).then({ type: "TurnAbandoned" }, { type: "GenerationEnded" })
    when(going(inTurn(), idle(), exited(0)), cleared()).then({ type: "GenerationEnded" })
    when(going(running(), exited(0)), cleared()).then({ type: "GenerationEnded" })
  })
})

describe("an interrupt of a turn", () => {
  const pressed = () => going(prompted(), interrupt)

  it("is pressed once until the turn has ended", () => {
    const latched = when(prompted(), interrupt).then({
      type: "InputAccepted",
      kind: "interrupt",
      latch: { bootMs: limits.interruptMs, wallMs: 1_000_000 + limits.interruptMs }
    })
    when(latched, again).ignored("repeated")
    when(going(latched, settled("written", "i1")), again).ignored("repeated")
    const over = going(latched, idle(), working())
    when(over, again).then({ type: "InputAccepted", writeId: "i2" })
  })

  it("is settled when the agent is idle, with the prompts of the turn", () => {
    const over = when(pressed(), idle()).then(
      { type: "ActivityChanged" },
      { type: "InterruptSettled", writeId: "i1", outcome: "turn_ended" },
      { type: "PromptCancelled", promptId: "p", by: "ada" }
    )
    assert.deepStrictEqual([over.context.interrupt, over.context.deadlines, over.context.prompts], [null, {}, []])
  })

  it("lets nothing be typed before it is settled", () => {
    const waiting = when(pressed(), prompt("q")).then({ type: "PromptQueued" })
    when(waiting, idle()).then(
      { type: "ActivityChanged" },
      { type: "InterruptSettled" },
      { type: "PromptCancelled", promptId: "p" },
      { type: "PromptClaimed", promptId: "q" }
    )
  })

  it("is by the client that pressed it, when the agent says that its turn was interrupted", () => {
    const told = when(pressed(), turnOver("interrupted")).then({ type: "TurnEnded" }, { type: "PromptCancelled", promptId: "p", by: "ada" })
    when(told, again).ignored("repeated")
    when(told, idle()).then({ type: "ActivityChanged" }, { type: "InterruptSettled", outcome: "turn_ended" })
    when(told, due, at(limits.interruptMs)).then({ type: "InterruptSettled", outcome: "turn_ended" })
  })

  it("is unconfirmed when no source reports in time, or it is not known any more, and the prompt keeps its fate", () => {
    const late = when(pressed(), due, at(limits.interruptMs)).then({ type: "InterruptSettled", outcome: "unconfirmed" })
    const lost = when(pressed(), observed("unknown")).then(
      { type: "ActivityChanged" },
      { type: "InterruptSettled", outcome: "unconfirmed" }
    )
    for (const { context } of [late, lost]) assert.strictEqual(context.prompts[0]?.stage, "accepted")
    when(late, again, at(limits.interruptMs)).then({ type: "InputAccepted", writeId: "i2" })
  })

  it("that was not typed has failed, and may be pressed again", () => {
    const failed = when(pressed(), settled("not_written", "i1")).then(
      { type: "InputFailed", writeId: "i1", code: "not_written" },
      { type: "InterruptSettled", outcome: "failed" }
    )
    when(failed, again).then({ type: "InputAccepted" })
  })

  it("ends with the agent", () => {
    const dead = going(pressed(), exited(0))
    assert.deepStrictEqual(dead.context.deadlines, {})
    when(dead, again).refused("already_exited")
    assert.isNull(going(dead, cleared()).context.interrupt)
  })
})

describe("an interrupt without a turn", () => {
  it("is not waited for after a reboot, not even for as long as its decision takes", () => {
    const decided = decide(going(prompted(), interrupt), rebooted, at(5_000, { bootId: "boot-2" }))
    assert(decided._tag === "Accepted")
    const [first] = decided.steps
    assert.strictEqual(first?.fact.type, "ClockRebased")
    assert.isNull(first?.session.context.interrupt)
  })

  it("is refused where the agent is known to be idle, since pressed then it may end the agent", () => {
    when(up(), interrupt).refused("no_turn")
  })

  it("is typed like any key where the activity is unknown, as often as it is pressed", () => {
    const once = when(running(), interrupt).then({ type: "InputAccepted", kind: "interrupt" })
    assert.isNull(once.context.interrupt)
    when(once, again).then({ type: "InputAccepted", writeId: "i2" })
    when(having(named("chosen", { provider: "command" }), ...talking), interrupt).then({ type: "InputAccepted" })
  })
})
