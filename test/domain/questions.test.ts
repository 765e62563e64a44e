/** A question has one name for as long as it is asked, and what answers it is typed while it is open and never after. */
import { assert, describe, it } from "@effect/vitest"
import type { Prompt } from "../../src/domain/facts.ts"
import { limits } from "../../src/domain/limits.ts"
import { waitOf } from "../../src/domain/prompt-wait.ts"
import type { Session } from "../../src/domain/session.ts"
import { view } from "../../src/domain/view.ts"
import {
  asks,
  at,
  cleared,
  due,
  exited,
  going,
  having,
  idle,
  interrupt,
  named,
  observed,
  prepared,
  process,
  prompt,
  spawned,
  stop,
  talking,
  terminate,
  typed,
  when,
  working
} from "../support/domain.ts"

const up = () => having(named("chosen"), ...talking)
const asking = (...choices: ReadonlyArray<string>) => going(up(), working(), asks("run rm?", "hook", choices))
const question = (session: Session) => session.context.activity.asked?.id
const answer = (session: Session, more: Partial<Prompt> = {}) => prompt("a", { answers: question(session) ?? "none", ...more })

describe("a question", () => {
  it("has a name, a kind and choices, and is gone when the agent goes on", () => {
    const open = when(going(up(), working()), asks("run rm?", "hook", ["yes", "no"])).then({
      type: "ActivityChanged",
      question: "run rm?",
      asked: { id: "1.3", kind: "permission", choices: ["yes", "no"] }
    })
    assert.deepInclude(view(open, 0).question, { id: "1.3", text: "run rm?" })
    assert.isNull(view(going(open, working()), 0).question)
    assert.isNull(view(going(open, exited(0)), 0).question)
  })

  it("keeps its name when the same source or another reports it again", () => {
    const vague = going(up(), asks(null))
    for (const again of [asks("run rm?"), asks("may it run?", "protocol"), asks("run rm?", "screen", ["yes"])])
      assert.strictEqual(question(when(vague, again).then({ type: "ActivityChanged" })), question(vague))
    const old = when(asking(), asks("rm", "screen"), at(60_000)).then({ type: "ActivityChanged", source: "screen", question: "rm" })
    assert.strictEqual(question(old), question(asking()))
  })

  it("has another name when its agent was answered and asks in the same words, and the answer was taken", () => {
    const open = going(up(), asks("run it?", "protocol"))
    when(open, asks("run it?", "protocol")).ignored("unchanged")
    const answered = going(open, answer(open), typed("a"))
    const again = when(answered, asks("run it?", "protocol")).then(
      { type: "ActivityChanged" },
      { type: "PromptAccepted", promptId: "a" },
      { type: "PromptAnswered", promptId: "a" }
    )
    assert.notStrictEqual(question(again), question(open))
  })

  it("has another name when the same source asks something else, or asks again", () => {
    const first = asking()
    const second = when(first, asks("run mv?")).then({ type: "ActivityChanged", question: "run mv?" })
    const again = going(first, working(), asks("run rm?"))
    assert.strictEqual(new Set([first, second, again].map(question)).size, 3)
  })

  it("learns from a weaker source what the stronger one left open, and nothing else", () => {
    const offered = when(asking(), asks("rm - y/n", "screen", ["yes", "no"])).then({
      type: "ActivityChanged",
      source: "hook",
      question: "run rm?",
      asked: { id: question(asking())!, kind: "permission", choices: ["yes", "no"] }
    })
    when(offered, asks("rm - y/n", "screen", ["maybe"])).ignored("weaker_evidence")
    const worded = when(going(up(), asks(null, "hook", ["yes", "no"])), asks("run rm?", "screen")).then({
      type: "ActivityChanged",
      question: "run rm?"
    })
    assert.deepStrictEqual(worded.context.activity.asked?.choices, ["yes", "no"])
  })

  it("learns its choices from its own source, too", () => {
    const offered = when(asking(), asks("run rm?", "hook", ["yes", "no"])).then({ type: "ActivityChanged" })
    assert.deepStrictEqual([question(offered), offered.context.activity.asked?.choices], [question(asking()), ["yes", "no"]])
  })

  it("that only a weaker source reports is named when its doubt comes true", () => {
    const doubted = going(up(), working(), [asks("run rm?", "screen"), at(1_000)])
    assert.isNull(view(doubted, 0).question)
    const open = when(doubted, due, at(60_000)).then({ type: "ActivityChanged", activity: "waiting", source: "screen" })
    assert.deepInclude(view(open, 0).question, { id: doubted.context.doubt?.asked?.id ?? "", text: "run rm?" })
  })
})

describe("a dialog that a person opens while the stronger source says idle", () => {
  const opened = () => going(up(), asks("Select a model", "screen", ["small", "large"]))

  it("counts once it has stood there for some time", () => {
    const doubted = when(up(), asks("Select a model", "screen", ["small", "large"])).then({ type: "ActivityDoubted", activity: "waiting" })
    when(doubted, due, at(limits.dialogStandsMs - 1)).ignored("not_due")
    const open = when(doubted, due, at(limits.dialogStandsMs)).then({ type: "ActivityChanged", activity: "waiting", source: "screen" })
    assert.deepStrictEqual(open.context.activity.asked?.choices, ["small", "large"])
    when(going(open, prompt("p")), idle()).then({ type: "ActivityChanged" }, { type: "PromptClaimed" })
  })

  it("gets no prompt typed into it from the first look on, and the prompt says so", () => {
    const waiting = when(opened(), prompt("p", { deliver: "now" })).then({ type: "PromptQueued" })
    assert.strictEqual(waitOf(waiting, "p")?.code, "question")
    when(waiting, observed("idle", "screen")).then({ type: "ActivityConfirmed" }, { type: "PromptClaimed", promptId: "p" })
  })

  it("is over when its screen shows an idle agent again", () => {
    const open = going(opened(), [due, at(limits.dialogStandsMs)])
    when(open, observed("idle", "screen"), at(limits.dialogStandsMs)).then({ type: "ActivityChanged", activity: "idle" })
  })
})

describe("an answer", () => {
  it("is typed while its question is open, though other prompts wait", () => {
    const waiting = going(asking(), prompt("p"), prompt("q", { deliver: "idle" }))
    const answering = when(waiting, answer(asking())).then({ type: "PromptQueued" }, { type: "PromptClaimed", promptId: "a" })
    assert.deepStrictEqual(
      answering.context.prompts.map(({ stage }) => stage),
      ["queued", "queued", "claimed"]
    )
  })

  it("is accepted and answered when the question closes, and the prompts that waited go on", () => {
    const answered = going(asking(), prompt("p", { deliver: "turn_boundary" }), answer(asking()), typed("a"))
    const went = when(answered, working()).then(
      { type: "ActivityChanged" },
      { type: "PromptAccepted", promptId: "a" },
      { type: "PromptAnswered", promptId: "a" }
    )
    when(went, idle()).then({ type: "ActivityChanged" }, { type: "PromptClaimed", promptId: "p" })
    when(answered, asks("and now?")).then({ type: "ActivityChanged" }, { type: "PromptAccepted" }, { type: "PromptAnswered" })
  })

  it("that the agent itself reported is answered when the question closes, and holds nothing up", () => {
    const taken = going(asking(), answer(asking()), typed("a"), { type: "PromptObserved", generation: 1, source: "hook", detail: "taken" })
    assert.strictEqual(taken.context.prompts[0]?.stage, "accepted")
    when(taken, working()).then({ type: "ActivityChanged" }, { type: "PromptAnswered", promptId: "a" })
  })

  it("is rejected when the question stays open, and not pressed again", () => {
    const { decided } = when(going(asking(), answer(asking()), typed("a")), due, at(limits.acceptMs))
    assert(decided._tag === "Accepted")
    assert.deepInclude(decided.steps[0]?.fact, { type: "PromptRejected", promptId: "a", code: "not_accepted" })
    assert.deepStrictEqual(decided.effects, [])
  })

  it("is uncertain when it is not known any more whether the question is open", () => {
    const lost = when(going(asking(), answer(asking()), typed("a")), observed("unknown")).then({ type: "ActivityChanged" })
    when(lost, due, at(limits.acceptMs)).then({ type: "PromptUncertain", promptId: "a" })
  })

  it("is refused when its question is not open, or not any more", () => {
    when(asking(), prompt("a", { answers: "1.1" })).refused("question_closed")
    when(up(), answer(asking())).refused("question_closed")
    when(going(asking(), working()), answer(asking())).refused("question_closed")
    when(going(asking(), asks("run mv?")), answer(asking())).refused("question_closed")
    when(going(asking(), exited(0)), answer(asking())).refused("question_closed")
    when(going(asking(), exited(0), cleared()), answer(asking())).refused("question_closed")
  })

  it("is refused while an earlier answer to the same question has no fate", () => {
    const second = (session: Session) => prompt("b", { answers: question(session) ?? "none" })
    const first = going(asking(), answer(asking()))
    when(first, second(first)).refused("answer_under_way")
    const submitted = going(first, typed("a"))
    when(submitted, second(submitted)).refused("answer_under_way")
    const held = going(first, typed("a", "not_written"))
    when(held, second(held)).refused("answer_under_way")
    const rejected = when(submitted, due, at(limits.acceptMs)).then({ type: "PromptRejected", promptId: "a" })
    when(rejected, second(rejected)).then({ type: "PromptQueued" }, { type: "PromptClaimed", promptId: "b" })
    const next = going(submitted, asks("run mv?"))
    when(next, second(next)).then({ type: "PromptQueued" }, { type: "PromptClaimed", promptId: "b" })
  })

  it("that could not be typed in time expires with its question", () => {
    const held = when(going(asking(), answer(asking())), typed("a", "not_written")).then({ type: "PromptReleased" })
    when(held, { type: "Reattached", generation: 1, process, downMs: 9 }).then({ type: "Adopted" }, { type: "PromptClaimed" })
    when(held, working()).then({ type: "ActivityChanged" }, { type: "PromptExpired", promptId: "a" })
    when(held, asks("run mv?")).then({ type: "ActivityChanged" }, { type: "PromptExpired", promptId: "a" })
  })

  it("expires with its agent, and is not typed to the next one", () => {
    const held = going(asking(), answer(asking()), typed("a", "not_written"))
    when(going(held, exited(1)), cleared()).then({ type: "TurnAbandoned" }, { type: "PromptExpired" }, { type: "GenerationEnded" })
    when(going(held, terminate, exited(1)), cleared()).then(
      { type: "TurnAbandoned" },
      { type: "PromptExpired" },
      { type: "GenerationEnded" },
      { type: "SessionTerminated" }
    )
    const sent = going(asking(), answer(asking(), { onUncertain: "resend" }), typed("a"), exited(1))
    const over = when(sent, cleared()).then(
      { type: "TurnAbandoned" },
      { type: "PromptUncertain", resend: false },
      { type: "GenerationEnded" }
    )
    assert.deepStrictEqual(over.context.prompts, [])
  })

  it("is not typed after its own time, or during a stop or an interrupt", () => {
    const expires = { bootMs: 500, wallMs: 1_000_500 }
    const held = going(asking(), answer(asking(), { expires }), typed("a", "not_written"))
    when(held, { type: "Reattached", generation: 1, process, downMs: 9 }, at(500)).then({ type: "Adopted" })
    when(going(asking(), stop), answer(asking())).refused("already_stopping")
    when(going(asking(), interrupt), answer(asking())).then({ type: "PromptQueued" })
  })
})

describe("a question whose choices the screen has shown", () => {
  it("keeps them when a stronger source reports it without any", () => {
    const shown = having(named("reported"), prepared(), spawned(), asks("Trust this folder?", "screen", ["No", "Yes"]))
    const told = when(shown, asks("trust this folder", "protocol")).decided
    assert(told._tag === "Accepted")
    assert.deepStrictEqual(told.session.context.activity.asked?.choices, ["No", "Yes"])
  })
})
