import { assert, describe, it } from "@effect/vitest"
import type { Prompt } from "../../src/domain/facts.ts"
import type { Input } from "../../src/domain/inputs.ts"
import { limits } from "../../src/domain/limits.ts"
import { waitOf } from "../../src/domain/prompt-wait.ts"
import {
  asks,
  at,
  cleared,
  due,
  exited,
  having,
  interrupt,
  prepared,
  printed,
  process,
  resume,
  spawned,
  spec,
  stop,
  terminate,
  going as through,
  when,
  write
} from "../support/domain.ts"

const prompt = (id: string, more: Partial<Prompt> = {}): Input => ({
  type: "Prompt",
  by: "ada",
  prompt: {
    id,
    hash: `hash of ${id}`,
    bytes: 5,
    deliver: "now",
    onUncertain: "report",
    from: null,
    replyTo: null,
    threadId: null,
    replyExpected: false,
    expires: null,
    ...more
  }
})
const says = (activity: "idle" | "working" | "waiting", generation = 1): Input => ({
  type: "ActivityObserved",
  generation,
  activity,
  source: "osc",
  question: null
})
const settled = (
  id: string,
  outcome: "written" | "not_written" | "uncertain" | "withheld",
  generation = 1,
  more: { readonly enteredAt?: number } = {}
): Input => ({
  type: "WriteSettled",
  generation,
  writeId: `${id}.${generation}.01234567`,
  outcome,
  ...more
})
const written = (writeId: string): Input => ({ type: "WriteSettled", generation: 1, writeId, outcome: "written" })
const enter = (writeId: string): Input => ({ type: "Write", by: "ada", writeId, bytes: 1, empties: true })
const up = [prepared(), spawned(), printed()] as const
const crashing = spec({ keepalive: { ...spec().keepalive, mode: "on_crash", baseMs: 1_000 } })

describe("a prompt", () => {
  it("is claimed at once where the agent is up, with its delivery owed", () => {
    const { decided } = when(having(spec(), ...up), prompt("p"))
    assert(decided._tag === "Accepted")
    assert.deepStrictEqual(
      decided.steps.map(({ fact }) => fact.type),
      ["PromptQueued", "PromptClaimed"]
    )
    assert.deepStrictEqual(decided.effects, [
      { type: "DeliverPrompt", generation: 1, promptId: "p", hash: "hash of p", writeId: "p.1.01234567" }
    ])
  })

  it("goes from Enter to its answer by what the agent says of itself", () => {
    const idle = having(spec(), ...up, says("idle"), prompt("p"))
    const submitted = when(idle, settled("p", "written")).then({ type: "PromptWritten" }, { type: "PromptSubmitted" })
    const accepted = when(submitted, says("working")).then(
      { type: "ActivityChanged" },
      { type: "PromptAccepted", promptId: "p", evidence: { source: "osc", detail: "the agent began a turn" } }
    )
    const answered = when(accepted, says("idle")).then({ type: "ActivityChanged" }, { type: "PromptAnswered", promptId: "p" })
    assert.deepStrictEqual(answered.context.prompts, [])
    assert.deepStrictEqual(answered.context.deadlines, {})
  })

  it("is not accepted by work that began before it was submitted", () => {
    const busy = having(spec(), ...up, says("working"), prompt("p"), settled("p", "written"))
    assert.strictEqual(busy.context.prompts[0]?.stage, "submitted")
    const turnOver = when(busy, says("idle")).then({ type: "ActivityChanged" })
    when(turnOver, says("working")).then({ type: "ActivityChanged" }, { type: "PromptAccepted" })
  })

  it("is accepted and answered also when the agent was faster than the holder's word", () => {
    const claimed = having(spec(), ...up, says("idle"), prompt("p"), says("working"), says("idle"))
    assert.strictEqual(claimed.context.prompts[0]?.stage, "claimed")
    when(claimed, settled("p", "written")).then(
      { type: "PromptWritten" },
      { type: "PromptSubmitted" },
      { type: "PromptAccepted" },
      { type: "PromptAnswered" }
    )
  })

  it("is accepted by no turn that the output shows before it was claimed, however late that was read", () => {
    const told = (activity: "idle" | "working", evidenceOffset: number) => ({ ...says(activity), evidenceOffset }) as Input
    const claimed = when(having(spec(), ...up, told("idle", 29)), prompt("p"), at(1, { offset: 73 })).then(
      { type: "PromptQueued" },
      { type: "PromptClaimed", offset: 73 }
    )
    const submitted = when(claimed, settled("p", "written")).then({ type: "PromptWritten" }, { type: "PromptSubmitted" })
    const before = when(submitted, told("working", 61), at(2, { offset: 73 })).then({ type: "ActivityChanged" })
    const rested = when(before, told("idle", 102), at(3, { offset: 134 })).then({ type: "ActivityChanged" })
    when(rested, told("working", 134), at(4, { offset: 134 })).then({ type: "ActivityChanged" }, { type: "PromptAccepted" })
  })

  it("is not answered by the end of the turn before it, which its source says late", () => {
    const byProtocol = (activity: "idle" | "working", more = {}) => ({ ...says(activity), source: "protocol", ...more }) as Input
    const claimed = when(having(spec(), ...up, says("idle")), prompt("p"), at(1, { offset: 73 })).then(
      { type: "PromptQueued" },
      { type: "PromptClaimed", offset: 73 }
    )
    const submitted = when(claimed, settled("p", "written")).then({ type: "PromptWritten" }, { type: "PromptSubmitted" })
    const accepted = when(submitted, byProtocol("working"), at(2, { offset: 90 })).then(
      { type: "ActivityChanged" },
      { type: "PromptAccepted" }
    )
    when(accepted, byProtocol("idle", { evidenceOffset: 61 }), at(3, { offset: 134 })).ignored("repeated")
    when(accepted, { ...says("idle"), source: "protocol", observedAt: 1_000_000 } as Input, at(3)).ignored("repeated")
    when(accepted, byProtocol("idle", { evidenceOffset: 120 }), at(3, { offset: 134 })).then(
      { type: "ActivityChanged" },
      { type: "PromptAnswered" }
    )
  })

  it("is not accepted by the turn of an earlier prompt that turns up after all, and has time for its own", () => {
    const sees = (hash: string, more = {}): Input => ({
      ...{ type: "PromptObserved", generation: 1, source: "hook", detail: "taken", hash, ours: true, observedAt: 1_000_020 },
      ...more
    })
    const submitted = having(spec(), ...up, says("idle"), prompt("p"), settled("p", "written"))
    const passed = when(submitted, sees("an earlier one's"), at(30)).then({
      type: "PromptPassedOver",
      promptId: "p",
      evidence: { source: "hook", detail: "the agent took up another prompt" },
      deadline: { bootMs: 30 + limits.acceptWhileBusyMs, wallMs: 1_000_030 + limits.acceptWhileBusyMs }
    })
    when(passed, sees("an earlier one's"), at(30)).ignored("not_now")
    const turn = when(passed, says("working"), at(31)).then({ type: "ActivityChanged" })
    const rested = when(turn, says("idle"), at(40_000)).then({ type: "ActivityChanged", acceptBy: { bootMs: 55_000, wallMs: 1_055_000 } })
    when(rested, says("working"), at(40_001)).then({ type: "ActivityChanged" }, { type: "PromptAccepted", promptId: "p" })
    when(passed, sees("hash of p"), at(32)).then({ type: "PromptAccepted", promptId: "p" })
    // What a person typed is no prompt, and what was taken up before is no turn to come.
    when(submitted, sees("somebody's", { ours: undefined }), at(30)).ignored("not_now")
    when(submitted, sees("an earlier one's", { observedAt: 999_999 }), at(30)).ignored("not_now")
  })

  it("is not called rejected where the agent did something, though it began no turn that was seen", () => {
    const steered = having(spec(), ...up, says("working"), prompt("p"), settled("p", "written"), says("idle"))
    when(steered, due, at(limits.acceptMs)).then({ type: "PromptUncertain" })
  })

  it("has no longer than with any idle agent once the work is over that it waited for", () => {
    const busy = having(spec(), ...up, says("working"), prompt("p"), settled("p", "written"))
    const long = busy.context.deadlines.accept?.bootMs ?? 0
    const rested = when(busy, says("idle"), at(60_000)).then({ type: "ActivityChanged" })
    assert.strictEqual((rested.context.deadlines.accept?.bootMs ?? 0) - at(60_000).bootMs, limits.acceptMs)
    assert.strictEqual(rested.context.prompts[0]?.acceptBy?.bootMs, rested.context.deadlines.accept?.bootMs)
    const late = when(busy, says("idle"), { ...at(0), bootMs: long - 5 }).then({ type: "ActivityChanged" })
    assert.strictEqual(late.context.deadlines.accept?.bootMs, long)
  })

  it("is rejected when the agent stays idle, and Enter is not pressed again", () => {
    const submitted = having(spec(), ...up, says("idle"), prompt("p"), settled("p", "written"))
    const { decided } = when(submitted, due, at(limits.acceptMs))
    assert(decided._tag === "Accepted")
    assert.deepInclude(decided.steps[0]?.fact, { type: "PromptRejected", code: "not_accepted" })
    assert.deepStrictEqual(decided.effects, [])
  })

  it("is uncertain when its time is up between the agent's end and that of its last words", () => {
    const submitted = having(spec(), ...up, says("idle"), prompt("p"), settled("p", "written"), exited(1))
    when(submitted, due, at(limits.acceptMs)).then({ type: "PromptUncertain", reason: "the agent ended while the prompt was submitted" })
  })

  it("is uncertain when the agent stays idle and it was a command of its own, and is not sent again", () => {
    const command = prompt("p", { command: true, onUncertain: "resend" })
    const submitted = having(spec(), ...up, says("idle"), command, settled("p", "written"))
    when(submitted, due, at(limits.acceptMs)).then({ type: "PromptUncertain", resend: false })
    const edited = having(spec(), prompt("p", { command: true }), { type: "EditPrompt", by: "ada", promptId: "p", hash: "h2", bytes: 2 })
    assert.isUndefined(edited.context.prompts[0]?.command)
  })

  it("is uncertain where no source would have reported it", () => {
    const submitted = having(spec(), ...up, prompt("p"), settled("p", "written"))
    when(submitted, due, at(limits.acceptMs)).then({ type: "PromptUncertain", resend: false })
  })

  it("is queued again when it was proven not typed, and typed when the holder can", () => {
    const released = when(having(spec(), ...up, prompt("p")), settled("p", "not_written")).then({ type: "PromptReleased" })
    when(released, { type: "Reattached", generation: 1, process, downMs: 9 }).then({ type: "Adopted" }, { type: "PromptClaimed" })
  })

  it("is typed at once when its holder was asked, and never got it", () => {
    const open = having(spec(), ...up, prompt("p"))
    const writeId = open.context.prompts[0]?.writeId ?? ""
    const asked = { type: "WriteSettled", generation: 1, writeId, outcome: "not_written", asked: true } as const
    when(open, asked).then({ type: "PromptReleased", free: true }, { type: "PromptClaimed", promptId: "p" })
  })

  it("that was claimed when the daemon died is asked for, not guessed", () => {
    const { decided } = when(having(spec(), ...up, prompt("p")), { type: "Reattached", generation: 1, process, downMs: 9 })
    assert(decided._tag === "Accepted")
    assert.deepInclude(decided.effects, { type: "SettleWrite", generation: 1, writeId: "p.1.01234567" })
    assert.isFalse(decided.effects.some(({ type }) => type === "DeliverPrompt"))
  })

  it("is never typed twice, unless its sender preferred that to never", () => {
    const lost = (onUncertain: "report" | "resend") =>
      having(crashing, ...up, says("idle"), prompt("p", { onUncertain }), settled("p", "written"), exited(1))
    const reported = when(lost("report"), cleared(), at(10)).then(
      { type: "PromptUncertain", resend: false },
      { type: "GenerationEnded" },
      { type: "RelaunchScheduled" }
    )
    assert.deepStrictEqual(reported.context.prompts, [])
    const resent = when(lost("resend"), cleared(), at(10)).then(
      { type: "PromptUncertain", resend: true },
      { type: "GenerationEnded" },
      { type: "RelaunchScheduled" }
    )
    assert.strictEqual(resent.context.prompts[0]?.stage, "queued")
  })

  it("is sent again once, not for ever", () => {
    const twice = [settled("p", "written")] as const
    const first = having(spec(), ...up, prompt("p", { onUncertain: "resend" }), ...twice)
    const again = when(first, due, at(limits.acceptMs)).then({ type: "PromptUncertain", resend: true }, { type: "PromptClaimed" })
    const second = when(again, settled("p", "written"), at(limits.acceptMs)).then({ type: "PromptWritten" }, { type: "PromptSubmitted" })
    when(second, due, at(2 * limits.acceptMs)).then({ type: "PromptUncertain", resend: false })
  })

  it("that has expired is not sent again", () => {
    const expires = { bootMs: 5_000, wallMs: 1_005_000 }
    const submitted = having(spec(), ...up, prompt("p", { onUncertain: "resend", expires }), settled("p", "written"))
    const queued = when(submitted, due, at(limits.acceptMs)).then({ type: "PromptUncertain", resend: true })
    when(queued, due, at(limits.acceptMs)).then({ type: "PromptExpired" })
  })

  it("is overdue by its own Enter, not by that of the newest", () => {
    const first = having(
      spec(),
      ...up,
      prompt("a"),
      settled("a", "written"),
      [prompt("b"), at(5_000)],
      [settled("b", "written"), at(5_000)]
    )
    const later = when(first, due, at(limits.acceptMs)).then({ type: "PromptUncertain", promptId: "a" })
    when(later, due, at(limits.acceptMs + 5_000)).then({ type: "PromptUncertain", promptId: "b" })
  })

  it("whose turn was cut off by the agent's end is not sent again, whatever was preferred", () => {
    const working = having(
      crashing,
      ...up,
      says("idle"),
      prompt("p", { onUncertain: "resend" }),
      settled("p", "written"),
      says("working"),
      exited(1)
    )
    const ended = when(working, cleared()).then(
      { type: "TurnAbandoned", generation: 1, prompt: "p" },
      { type: "PromptUncertain", resend: false },
      { type: "GenerationEnded" },
      { type: "RelaunchScheduled" }
    )
    assert.deepStrictEqual(ended.context.prompts, [])
  })

  it("waits through a crash and a backoff, and is typed once to the next generation", () => {
    const crashed = having(crashing, ...up, says("working"), prompt("p", { deliver: "turn_boundary" }), exited(1), cleared())
    const back = going(crashed, [due, 1_000], [prepared(2), 1_000], [spawned(2), 1_000])
    when(back, printed(2), at(1_000)).then({ type: "AgentReady" }, { type: "PromptClaimed", promptId: "p", generation: 2 })
  })
})

describe("the queue", () => {
  it("delivers first come, first served, one at a time", () => {
    const two = having(spec(), ...up, says("idle"), prompt("a"), prompt("b"))
    assert.deepStrictEqual(
      two.context.prompts.map(({ id, stage }) => [id, stage]),
      [
        ["a", "claimed"],
        ["b", "queued"]
      ]
    )
    const first = when(two, settled("a", "written")).then({ type: "PromptWritten" }, { type: "PromptSubmitted" })
    when(first, says("working")).then({ type: "ActivityChanged" }, { type: "PromptAccepted" }, { type: "PromptClaimed", promptId: "b" })
  })

  it("holds what waits for the end of the turn until then", () => {
    const busy = having(spec(), ...up, says("working"), prompt("p", { deliver: "turn_boundary" }))
    assert.strictEqual(busy.context.prompts[0]?.stage, "queued")
    when(busy, says("idle")).then({ type: "ActivityChanged" }, { type: "PromptClaimed" })
  })

  it("does not call silence idleness", () => {
    const unknown = having(spec(), ...up, prompt("p", { deliver: "idle" }))
    assert.strictEqual(unknown.context.prompts[0]?.stage, "queued")
    when(unknown, says("idle")).then({ type: "ActivityChanged" }, { type: "PromptClaimed" })
  })

  it("types nothing into a question", () => {
    const asking = having(spec(), ...up, says("waiting"), prompt("p"))
    assert.strictEqual(asking.context.prompts[0]?.stage, "queued")
  })

  it("gets no Enter once a question opens while it is typed, and its fate is uncertain", () => {
    const claimed = having(spec(), ...up, says("idle"), prompt("p"))
    const { decided } = when(claimed, says("waiting"))
    assert(decided._tag === "Accepted")
    assert.deepStrictEqual(decided.effects, [{ type: "WithholdPrompt", generation: 1, writeId: "p.1.01234567" }])
    const asking = having(spec(), ...up, says("idle"), prompt("p"), says("waiting"))
    when(asking, settled("p", "withheld")).then(
      { type: "PromptUncertain", promptId: "p", resend: false },
      { type: "TypingBegan", ofPrompt: "p" }
    )
  })

  it("waits while the text of another prompt stands in the agent's line, until Enter or ctrl-c is pressed there", () => {
    const asking = having(spec(), ...up, says("idle"), prompt("p"), asks("delete it?", "osc"), settled("p", "withheld"), prompt("q"))
    const chosen = when(asking, enter("w1")).then({ type: "InputAccepted" })
    const answered = through(chosen, written("w1"), says("idle"))
    assert.strictEqual(waitOf(answered, "q")?.code, "typing")
    assert.include(waitOf(answered, "q")?.detail, "the text of prompt p")
    const other = through(answered, write("w2"), written("w2"))
    assert.strictEqual(waitOf(other, "q")?.code, "typing")
    const sent = when(other, enter("w3")).then({ type: "InputAccepted", empties: true })
    when(sent, written("w3")).then({ type: "InputWritten" }, { type: "TypingEnded", by: "ada" }, { type: "PromptClaimed", promptId: "q" })
    const cleared = when(other, interrupt).then({ type: "InputAccepted", empties: true })
    when(cleared, written("i1")).then({ type: "InputWritten" }, { type: "TypingEnded" }, { type: "PromptClaimed" })
  })

  it("is typed as an answer only once the text of another answer has gone from the agent's line", () => {
    const text = (question: string): Input => ({ ...asks(question, "osc"), asked: { kind: "input", choices: [] } })
    const first = having(spec(), ...up, text("first?"))
    const one = prompt("a", { answers: first.context.activity.asked?.id ?? "" })
    const reason = "its question was over while the text was typed: Enter was not pressed, and the text may stand in the agent's line"
    const second = when(through(first, one, text("second?")), settled("a", "withheld")).then(
      { type: "PromptUncertain", promptId: "a", reason },
      { type: "TypingBegan", ofPrompt: "a" }
    )
    const other = through(second, prompt("b", { answers: second.context.activity.asked?.id ?? "" }))
    assert.strictEqual(waitOf(other, "b")?.code, "typing")
    when(through(other, enter("w1")), written("w1")).then(
      { type: "InputWritten" },
      { type: "TypingEnded" },
      { type: "PromptClaimed", promptId: "b" }
    )
  })

  it("is sent again behind its own text only once that is gone", () => {
    const sent = prompt("p", { onUncertain: "resend" })
    const asking = having(spec(), ...up, says("idle"), sent, asks("delete it?", "osc"), settled("p", "withheld"))
    const idle = when(asking, says("idle")).then({ type: "ActivityChanged" })
    assert.strictEqual(waitOf(idle, "p")?.code, "typing")
    when(through(idle, enter("w1")), written("w1")).then({ type: "InputWritten" }, { type: "TypingEnded" }, { type: "PromptClaimed" })
  })

  it("waits for the end of a question that opened before a byte was typed, and is typed then", () => {
    const asking = having(spec(), ...up, says("idle"), prompt("p"), says("waiting"))
    const released = when(asking, settled("p", "not_written")).then({ type: "PromptReleased", free: true })
    when(released, says("idle")).then({ type: "ActivityChanged" }, { type: "PromptClaimed", promptId: "p" })
  })

  it("is uncertain where a question opened before its Enter, and submitted where one opened after", () => {
    const asking = having(spec(), ...up, says("idle"), prompt("p"), says("waiting"))
    const known = asking.context.activity.at
    when(asking, settled("p", "written", 1, { enteredAt: known + 1 }), at(1)).then({ type: "PromptUncertain", promptId: "p" })
    when(asking, settled("p", "written", 1, { enteredAt: known }), at(1)).then(
      { type: "PromptWritten" },
      { type: "PromptSubmitted" },
      { type: "PromptAccepted" }
    )
  })

  it("is not accepted by a turn that began before its Enter", () => {
    const busy = having(spec(), ...up, says("idle"), prompt("p"), says("working"))
    const known = busy.context.activity.at
    const submitted = when(busy, settled("p", "written", 1, { enteredAt: known + 1 }), at(1)).then(
      { type: "PromptWritten" },
      { type: "PromptSubmitted", enteredAt: known + 1 }
    )
    const rested = when(submitted, says("idle")).then({ type: "ActivityChanged" })
    when(rested, says("working")).then({ type: "ActivityChanged" }, { type: "PromptAccepted" })
  })

  it("is edited, put in order and cleared while it waits, and not after", () => {
    const session = having(spec(), ...up, says("waiting"), prompt("a"), prompt("b"))
    const edited = when(session, { type: "EditPrompt", by: "ada", promptId: "b", hash: "new", bytes: 3 }).then({ type: "PromptEdited" })
    const promoted = when(edited, { type: "PromotePrompt", by: "ada", promptId: "b" }).then({ type: "PromptPromoted" })
    assert.deepStrictEqual(
      promoted.context.prompts.map(({ hash, id }) => [id, hash]),
      [
        ["b", "new"],
        ["a", "hash of a"]
      ]
    )
    const left = when(promoted, { type: "CancelPrompt", by: "ada", promptId: "a", reason: "" }).then({ type: "PromptCancelled" })
    const typed = when(left, says("idle")).then({ type: "ActivityChanged" }, { type: "PromptClaimed" })
    when(typed, { type: "CancelPrompt", by: "ada", promptId: "b", reason: "" }).refused("prompt_under_way")
    when(typed, { type: "CancelPrompt", by: "ada", promptId: "a", reason: "" }).refused("prompt_not_found")
  })

  it("refuses the new one when it is full, and keeps the old", () => {
    const many = Array.from({ length: limits.prompts }, (_, n) => prompt(`p${n}`))
    const full = having(spec(), ...up, says("waiting"), ...many)
    when(full, prompt("more")).refused("queue_full")
    assert.strictEqual(full.context.prompts.length, limits.prompts)
    when(full, prompt("p7")).refused("prompt_exists")
  })

  it("lets what no client wants any more expire", () => {
    const session = having(spec(), ...up, says("waiting"), prompt("p", { expires: { bootMs: 500, wallMs: 1_000_500 } }), prompt("q"))
    const after = when(session, due, at(500)).then({ type: "PromptExpired", promptId: "p" })
    assert.deepStrictEqual(
      after.context.prompts.map(({ id }) => id),
      ["q"]
    )
    assert.deepStrictEqual(after.context.deadlines, {})
  })

  it("outlives the agent's end, and not the session's", () => {
    const session = having(spec(), ...up, says("waiting"), prompt("p"), stop, exited(0))
    const ended = when(session, cleared()).then({ type: "TurnAbandoned", prompt: null }, { type: "GenerationEnded" })
    assert.strictEqual(ended.context.prompts.length, 1)
    when(ended, terminate).then({ type: "PromptCancelled", promptId: "p" }, { type: "SessionTerminated" })
    const again = going(ended, [resume, 0], [prepared(2), 0], [spawned(2), 0])
    when(again, printed(2)).then({ type: "AgentReady" }, { type: "PromptClaimed", generation: 2 })
  })

  it("takes nothing for an agent that is being stopped", () => {
    when(having(spec(), ...up, stop), prompt("p")).refused("already_stopping")
  })

  it("takes nothing for an agent that has ended and cannot be resumed into its conversation", () => {
    when(having(spec(), ...up, stop, exited(0), cleared()), prompt("p")).refused("no_conversation")
  })
})

function going(session: ReturnType<typeof having>, ...inputs: ReadonlyArray<readonly [Input, number]>) {
  return inputs.reduce((before, [input, ms]) => {
    const { decided } = when(before, input, at(ms))
    assert(decided._tag === "Accepted", JSON.stringify(decided))
    return decided.session
  }, session)
}

describe("follow-ups of one input", () => {
  it("settle every prompt that the input decides, however many there are", () => {
    const ids = ["a", "b", "c", "d", "e", "f", "g", "h"]
    const silent = having(spec(), ...up)
    const submitted = ids.reduce((session, id) => {
      const queued = when(session, prompt(id)).then({ type: "PromptQueued" }, { type: "PromptClaimed" })
      return when(queued, settled(id, "written")).then({ type: "PromptWritten" }, { type: "PromptSubmitted" })
    }, silent)
    const accepted = when(submitted, says("working")).then(
      { type: "ActivityChanged" },
      ...ids.map((promptId) => ({ type: "PromptAccepted" as const, promptId }))
    )
    const answered = when(accepted, says("idle")).then(
      { type: "ActivityChanged" },
      ...ids.map((promptId) => ({ type: "PromptAnswered" as const, promptId }))
    )
    assert.deepStrictEqual(answered.context.prompts, [])
  })
})
