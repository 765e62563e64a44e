/** One conversation, one session: which one has it, which is refused, and which gets it next. */
import { assert, describe, it } from "@effect/vitest"
import { makeLeases } from "../../src/actors/leases.ts"
import type { SessionView } from "../../src/domain/view.ts"

const view = (
  id: string,
  more: { readonly relaunch?: object; readonly state?: string; readonly lives?: boolean; readonly conversation?: string | null } = {}
) =>
  ({
    id,
    provider: "codex",
    state: more.state ?? "starting",
    relaunch: more.relaunch ?? null,
    process: more.lives ? { pid: 1, startedAt: "" } : null,
    conversation: more.conversation === null ? null : { id: more.conversation ?? "c" }
  }) as unknown as SessionView

describe("the lease of a conversation", () => {
  it("is its first session's until that one has ended, and of no other provider", () => {
    const leases = makeLeases()
    assert.isNull(leases.claim("a", "codex", "c"))
    assert.strictEqual(leases.claim("b", "codex", "c"), "a")
    assert.isNull(leases.heldByAnother("b", "pi", "c"))
    assert.isNull(leases.claim("a", "codex", "c"))
    leases.observe(view("a", { state: "ended" }))
    assert.isNull(leases.claim("b", "codex", "c"))
  })

  it("is given up for another conversation", () => {
    const leases = makeLeases()
    leases.claim("a", "codex", "c")
    leases.observe(view("a", { conversation: "d" }))
    assert.isNull(leases.claim("b", "codex", "c"))
    assert.strictEqual(leases.claim("b", "codex", "d"), "a")
  })

  it("is that of the agent which turns out to be in it, before that of one which is only to begin there", () => {
    const leases = makeLeases()
    leases.observe(view("to be"))
    leases.observe(view("lives", { conversation: null, lives: true }))
    leases.observe(view("lives", { lives: true }))
    assert.strictEqual(leases.claim("to be", "codex", "c"), "lives")
    // Of two that live the first keeps it.
    leases.observe(view("to be", { lives: true }))
    assert.strictEqual(leases.heldByAnother("to be", "codex", "c"), "lives")
  })

  it("stays with a session whose agent is about to be launched again, whatever another agent claims meanwhile", () => {
    const leases = makeLeases()
    leases.observe(view("crashed", { lives: true }))
    leases.observe(view("crashed", { state: "ended", relaunch: {} }))
    assert.strictEqual(leases.livedInByAnother("claims", "codex", "c"), "crashed")
    leases.observe(view("claims", { lives: true }))
    assert.isNull(leases.claim("crashed", "codex", "c"))
    // The relaunch was given up.
    leases.observe(view("crashed", { state: "ended" }))
    assert.isNull(leases.livedInByAnother("claims", "codex", "c"))
  })

  it("refuses the claim of a second agent while the log writes that of the first", () => {
    const leases = makeLeases()
    leases.observe(view("first", { conversation: "old", lives: true }))
    leases.observe(view("second", { conversation: "older", lives: true }))
    leases.moveIn("first", "codex", "c")
    assert.strictEqual(leases.livedInByAnother("second", "codex", "c"), "first")
    leases.observe(view("first", { lives: true }))
    assert.strictEqual(leases.livedInByAnother("second", "codex", "c"), "first")
  })

  it("refuses the claim of an agent once another session's launch into the conversation is prepared", () => {
    const leases = makeLeases()
    leases.observe(view("resumed", { state: "resuming" }))
    assert.isNull(leases.claim("resumed", "codex", "c"))
    leases.observe(view("resumed", { state: "resuming" }))
    assert.strictEqual(leases.livedInByAnother("hostile", "codex", "c"), "resumed")
    // The launch failed.
    leases.observe(view("resumed", { state: "ended" }))
    assert.isNull(leases.livedInByAnother("hostile", "codex", "c"))
  })

  it("is not lived in by a session that only means to begin there", () => {
    const leases = makeLeases()
    leases.observe(view("to be"))
    assert.isNull(leases.livedInByAnother("lives", "codex", "c"))
    assert.strictEqual(leases.heldByAnother("lives", "codex", "c"), "to be")
  })
})
