/** A stopped agent, and a person at its terminal: nothing is typed meanwhile, and a prompt says what it waits for. */
import { assert, describe, it } from "@effect/vitest"
import type { Input } from "../../src/domain/inputs.ts"
import { waitOf } from "../../src/domain/prompt-wait.ts"
import { view } from "../../src/domain/view.ts"
import { cleared, exited, going, having, prompt, spec, talking, typed, when, write } from "../support/domain.ts"

const up = () => having(spec(), ...talking)
const seen = (suspended: boolean): Input => ({ type: "SuspensionObserved", generation: 1, suspended })
const goOn: Input = { type: "Continue", by: "ada" }
const typing = (open: boolean): Input => ({ type: "Typing", by: "ada", client: "c1", open })

describe("a stopped agent", () => {
  it("is suspended once, until it runs again", () => {
    const stopped = when(up(), seen(true)).then({ type: "AgentSuspended" })
    assert.deepInclude(view(stopped, 1), { phase: "suspended", state: "streaming" })
    assert.isNotNull(view(stopped, 1).suspended)
    when(stopped, seen(true)).ignored("unchanged")
    assert.deepInclude(view(when(stopped, seen(false)).then({ type: "AgentContinued" }), 1), { phase: "running", suspended: null })
    when(up(), seen(false)).ignored("unchanged")
  })

  it("goes on by command, and a running one has nothing to go on with", () => {
    when(up(), goOn).refused("not_suspended")
    when(going(up(), seen(true)), goOn).then({ type: "ContinueRequested", by: "ada" })
  })

  it("gets no prompt before it runs, and the prompt says so", () => {
    const waiting = when(going(up(), seen(true)), prompt("p1")).then({ type: "PromptQueued" })
    assert.strictEqual(waitOf(waiting, "p1")?.code, "suspended")
    when(waiting, seen(false)).then({ type: "AgentContinued" }, { type: "PromptClaimed", promptId: "p1" })
  })

  it("leaves in doubt what was typed before", () => {
    const submitted = going(up(), prompt("p1"), typed("p1"))
    when(submitted, seen(true)).then({ type: "AgentSuspended" }, { type: "PromptUncertain", promptId: "p1" })
  })

  it("is forgotten with its process", () => {
    const ended = going(up(), seen(true), exited(0), cleared())
    assert.isNull(view(ended, 1).suspended)
  })
})

describe("a terminal that echoes nothing", () => {
  const echo = (echo: boolean): Input => ({ type: "EchoObserved", generation: 1, echo })

  it("keeps a prompt queued, which says so, until it echoes again", () => {
    const claimed = going(up(), prompt("p1"))
    const off = when(claimed, echo(false)).then({ type: "EchoTurnedOff" })
    const waiting = when(off, { ...typed("p1", "not_written"), why: "echo_off" } as Input).then({ type: "PromptReleased", free: true })
    assert.strictEqual(waitOf(waiting, "p1")?.code, "echo")
    when(waiting, prompt("p2", { deliver: "now" })).then({ type: "PromptQueued" })
    when(waiting, { type: "CancelPrompt", by: "ada", promptId: "p1", reason: "" }).then({ type: "PromptCancelled" })
    when(waiting, echo(false)).ignored("unchanged")
    when(waiting, echo(true)).then({ type: "EchoTurnedOn" }, { type: "PromptClaimed", promptId: "p1" })
  })

  it("takes what a person types as an explicit input", () => {
    when(going(up(), echo(false)), write()).then({ type: "InputAccepted" })
  })

  it("is forgotten with its process", () => {
    assert.strictEqual(going(up(), echo(false), exited(0), cleared()).context.echoOffAt, null)
  })
})

describe("a person at an attached terminal", () => {
  it("holds prompts back until the text is sent", () => {
    const half = when(up(), typing(true)).then({ type: "TypingBegan", by: "ada" })
    when(half, typing(true)).ignored("unchanged")
    const waiting = when(half, prompt("p1", { deliver: "now" })).then({ type: "PromptQueued" })
    assert.strictEqual(waitOf(waiting, "p1")?.code, "typing")
    assert.include(waitOf(waiting, "p1")?.detail, "ada")
    when(waiting, typing(false)).then({ type: "TypingEnded" }, { type: "PromptClaimed", promptId: "p1" })
  })

  it("holds no prompt back by a key that nothing was typed before", () => {
    when(up(), typing(false)).ignored("unchanged")
  })
})
