/** When a prompt has got where a client waits for it. */
import { assert, describe, it } from "@effect/vitest"
import { hasReached, type PromptState, type PromptView } from "../../src/domain/prompt-view.ts"

/** A prompt that went through these; where it is now is the last of them, unless said otherwise. */
const having = (states: ReadonlyArray<PromptState>, state = states.at(-1) ?? "queued"): PromptView => ({
  id: "p",
  session: "s",
  state,
  hash: "",
  bytes: 0,
  deliver: "now",
  onUncertain: "resend",
  from: null,
  replyTo: null,
  threadId: null,
  replyExpected: false,
  expiresAt: null,
  steps: states.map((state, index) => ({ state, seq: index + 1, at: "", source: "", detail: "" }))
})

const reached = (view: PromptView) =>
  (["queued", "claimed", "written", "submitted", "accepted", "answered", "rejected", "cancelled", "expired", "uncertain"] as const).filter(
    (state) => hasReached(view, state)
  )

describe("a prompt has reached", () => {
  it("where it is and everything on the way there", () => {
    assert.deepStrictEqual(reached(having(["queued"])), ["queued"])
    assert.deepStrictEqual(reached(having(["queued", "claimed", "written", "submitted"])), ["queued", "claimed", "written", "submitted"])
  })
  it("what it came by before it was settled otherwise", () => {
    assert.deepStrictEqual(reached(having(["queued", "claimed", "uncertain"])), ["queued", "claimed", "uncertain"])
    assert.deepStrictEqual(reached(having(["queued", "expired"])), ["queued", "expired"])
    const rejected = having(["queued", "claimed", "written", "submitted", "rejected"])
    assert.deepStrictEqual(reached(rejected), ["queued", "claimed", "written", "submitted", "rejected"])
  })
  it("nothing of an earlier way, once it was sent back to the queue", () => {
    assert.deepStrictEqual(reached(having(["queued", "claimed", "queued"])), ["queued"])
    const resent: ReadonlyArray<PromptState> = ["queued", "claimed", "written", "submitted", "uncertain"]
    assert.deepStrictEqual(reached(having(resent, "queued")), ["queued"])
    assert.deepStrictEqual(reached(having([...resent, "claimed"])), ["queued", "claimed"])
    assert.deepStrictEqual(reached(having([...resent, "cancelled"])), ["queued", "cancelled"])
  })
})
