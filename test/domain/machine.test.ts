/** XState takes every step of a session, and the machine asks nothing of it that a replay could not repeat. */
import { assert, describe, it } from "@effect/vitest"
import { type AnyStateNode, transition } from "xstate"
import { canonicalJson } from "../../src/domain/canonical.ts"
import { machine } from "../../src/domain/machine.ts"
import { effects } from "../../src/domain/machine-setup.ts"
import { open, type Session, tryApply } from "../../src/domain/session.ts"
import { explore } from "../support/exploration.ts"
import { facts } from "../support/facts.ts"

const textOf = ({ context, value }: Session, owed: ReadonlyArray<unknown>) => canonicalJson([value, context, owed])

describe("the session's machine", () => {
  it("takes each fact as XState's transition() does, with the same effects", () => {
    const samples = facts()
    const { visits } = explore()
    let taken = 0
    // Each fact near some states: all of them in all states would take minutes.
    for (const [index, { session }] of visits.entries())
      for (const fact of samples.filter((_, n) => (n + index) % 240 === 0)) {
        const [after, actions] = transition(machine, session, fact)
        const owed = actions.map(({ params, type }) => ({ type, ...(params as object) }))
        const applied = tryApply(session, fact)
        assert.strictEqual(applied === null, after === session, `${fact.type} in ${canonicalJson(session.value)}`)
        if (applied === null) continue
        assert.strictEqual(textOf(...applied), textOf(after, owed), `${fact.type} in ${canonicalJson(session.value)}`)
        taken++
      }
    assert.isAbove(taken, 50)
  }, 600_000)

  it("keeps XState's snapshot from one fact to the next, and a session that is given away does not change", () => {
    const [created] = facts()
    assert(created?.type === "SessionCreated")
    const [session] = open(created)
    const before = textOf(session, [])
    const resized = tryApply(session, { type: "Resized", at: 1, offset: 0, size: { cols: 1, rows: 1 } })
    assert.strictEqual(resized?.[0].machine, machine)
    assert.strictEqual(textOf(session, []), before)
  })

  it("has no timers, no actors and no transitions of its own accord", () => {
    for (const state of every(machine.root)) {
      assert.deepStrictEqual([state.after, state.invoke, state.always ?? []], [[], [], []], state.id)
      assert.notInclude([...state.transitions.keys()].join(), "*", state.id)
    }
  })

  it("names every guard, and every action but those that assign", () => {
    for (const { guard, actions } of every(machine.root).flatMap((state) => [...state.transitions.values()].flat())) {
      assert.notStrictEqual(typeof guard, "function")
      for (const action of actions)
        assert(typeof action === "string" || (action as unknown as { readonly type: string }).type === "xstate.assign", String(action))
    }
  })

  it("implements each effect as nothing: the session actor performs it", () => {
    for (const perform of Object.values(effects)) assert.isUndefined(perform(null, {} as never))
  })
})

const every = (state: AnyStateNode): ReadonlyArray<AnyStateNode> => [state, ...Object.values(state.states).flatMap(every)]
