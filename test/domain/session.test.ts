/** One text for one state: the same facts give the same words, on every machine and after every checkpoint. */
import { assert, describe, it } from "@effect/vitest"
import { canonical, fromCheckpoint, IllegalFact, open, replay, tryApply } from "../../src/domain/session.ts"
import { running, spec } from "../support/domain.ts"
import { facts } from "../support/facts.ts"

const reversed = (value: unknown): unknown =>
  typeof value !== "object" || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(
        Object.entries(value)
          .toReversed()
          .map(([key, inner]) => [key, reversed(inner)])
      )

describe("the canonical text of a session", () => {
  it("is the same whatever order its keys were written in", () => {
    const session = running({ labels: { b: "2", a: "1" } })
    const shuffled = fromCheckpoint(JSON.stringify(reversed({ value: session.value, context: session.context })))
    assert.strictEqual(canonical(shuffled), canonical(session))
    assert.strictEqual(canonical(running({ labels: { a: "1", b: "2" } })), canonical(session))
  })

  it("differs where anything differs, and keeps the order of lists", () => {
    assert.notStrictEqual(canonical(running({ command: ["a", "b"] })), canonical(running({ command: ["b", "a"] })))
    assert.notStrictEqual(canonical(running({ readyTimeoutMs: 1_001 })), canonical(running({ readyTimeoutMs: 1_002 })))
  })

  it("refuses a checkpoint that holds no session, whatever it holds", () => {
    const { value } = running()
    for (const kept of [null, 7, [], {}, { value }, { value, context: null }, { value, context: 7 }, { value, context: [] }])
      assert.throws(() => fromCheckpoint(JSON.stringify(kept)), Error, undefined, JSON.stringify(kept))
    assert.throws(() => fromCheckpoint(JSON.stringify({ value, context: running().context }).slice(0, -9)))
  })

  it("names a state that this version does not know, instead of going on from it", () => {
    assert.throws(() => fromCheckpoint(JSON.stringify({ value: { life: "dreaming", stopping: "none" }, context: running().context })))
  })
})

describe("a stream", () => {
  const [created] = facts()

  it("begins with its creation, and is owed the first preparation", () => {
    assert(created?.type === "SessionCreated")
    const [session, effects] = open(created)
    assert.deepStrictEqual(effects, [{ type: "Prepare", generation: 1 }])
    assert.deepInclude(session.context, { id: created.id, generation: 1, createdAt: created.at })
    assert.deepStrictEqual(session.context.spec.stop, spec().stop)
  })

  it("has its output's end where it was furthest, whatever a late fact says of its own", () => {
    assert(created?.type === "SessionCreated")
    const after = tryApply(open(created)[0], { type: "Resized", at: 0, offset: created.offset - 1, size: { cols: 1, rows: 1 } })
    assert.strictEqual(after?.[0].context.offset, created.offset)
  })

  it("that begins with anything else is no session's", () => {
    assert.throws(() => replay(facts().slice(1)), IllegalFact)
    assert(created?.type === "SessionCreated")
    assert.isNull(tryApply(open(created)[0], created))
  })
})
