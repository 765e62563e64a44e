/** The step that replays is XState's own, fact for fact: the same state, the same memory, the same obligations. */
import { assert, describe, it } from "@effect/vitest"
import { initialTransition, type SnapshotFrom, setup, stateIn, transition } from "xstate"
import { canonicalJson } from "../../src/domain/canonical.ts"
import type { Fact } from "../../src/domain/facts.ts"
import { interpreterOf, type State } from "../../src/domain/interpreter.ts"
import { machine } from "../../src/domain/machine.ts"
import { perform, remember } from "../../src/domain/remember.ts"
import { explore } from "../support/exploration.ts"
import { facts } from "../support/facts.ts"
import { Script, Wishes, walk } from "../support/walk.ts"

const { enter, leftToXState, take } = interpreterOf(machine)

type Snapshot = SnapshotFrom<typeof machine>

/** What XState makes of the fact, in the words of the interpreter. */
const byXState = (before: Snapshot, fact: Fact): readonly [Snapshot, ReadonlyArray<unknown>] | null => {
  const [after, actions] = transition(machine, before, fact)
  return after === before ? null : [after, actions.flatMap(({ params }) => params as ReadonlyArray<unknown>)]
}

const told = (taken: readonly [State, ReadonlyArray<unknown>] | null) =>
  taken && canonicalJson([taken[0].value, taken[0].context, taken[1]])

describe("the interpreter", () => {
  it("agrees with XState on every fact in every state that inputs lead to", () => {
    const samples = facts()
    let taken = 0
    const { visits } = explore()
    for (const [index, { session }] of visits.entries()) {
      const before = machine.resolveState(session)
      // Every fact somewhere near each state: all of them in all states would take a minute.
      for (const fact of samples.filter((_, n) => (n + index) % 10 === 0)) {
        const expected = byXState(before, fact)
        assert.strictEqual(told(take(session, fact)), told(expected), `${fact.type} in ${JSON.stringify(session.value)}`)
        if (expected !== null) taken++
      }
    }
    assert.isAbove(taken, visits.length)
  }, 600_000)

  it.prop(
    "goes the same way as XState through every life",
    [Wishes, Script],
    ([wishes, script]) => {
      const life = walk(wishes, script)
      const [first, ...rest] = life.facts
      assert(first?.type === "SessionCreated")
      let [snapshot, actions] = initialTransition(machine, first)
      let state = enter(first)
      assert.strictEqual(told(state), told([snapshot, actions.flatMap(({ params }) => params as ReadonlyArray<unknown>)]))
      for (const fact of rest) {
        const expected = byXState(snapshot, fact)
        const taken = take(state[0], fact)
        assert.strictEqual(told(taken), told(expected), fact.type)
        if (expected === null || taken === null) continue
        snapshot = expected[0]
        state = taken
      }
      assert.strictEqual(canonicalJson(state[0].context), canonicalJson(life.end.context))
    },
    { timeout: 600_000, arbitrary: { runs: 60, size: 160 } }
  )

  it("leaves to XState what asks for the state itself, and nothing else", () => {
    assert.deepStrictEqual([...leftToXState], ["StopRequested"])
  })

  it("agrees with XState on a machine that says whatever the session's may come to say", () => {
    const { enter, leftToXState, take } = interpreterOf(another)
    assert.deepStrictEqual([...leftToXState].toSorted(), ["asks", "both", "reenters", "words"])
    const words = ["out", "in", "self", "parent", "down", "both", "either", "guarded", "asks", "reenters", "words", "nothing", "none"]
    let [snapshot, actions] = initialTransition(another, facts()[0] as never)
    let state = enter(facts()[0] as never)
    assert.strictEqual(told(state), told([snapshot, actions.flatMap(({ params }) => params as ReadonlyArray<unknown>)]))
    let taken = 0
    let chance = 1
    for (let n = 0; n < 3_000; n++) {
      chance = (chance * 48_271) % 2_147_483_647
      const fact = { type: words[chance % words.length]!, at: n, offset: n % 7 } as unknown as Fact
      const [after, acted] = transition(another, snapshot, fact)
      const expected = after === snapshot ? null : ([after, acted.flatMap(({ params }) => params as ReadonlyArray<unknown>)] as const)
      const present = take(state[0], fact)
      assert.strictEqual(told(present), told(expected), `${fact.type} in ${JSON.stringify(snapshot.value)}`)
      if (expected === null || present === null) continue
      taken++
      ;[snapshot] = expected
      state = present
    }
    assert.isAbove(taken, 1_000)
  })
})

/** What is done, in its order: each act writes its name down, and is owed. */
const said = (word: string) => [
  remember(({ notice }) => ({ notice: `${notice ?? ""}${word} `.slice(-60) })),
  perform(({ notice }) => [{ type: word, notice }] as never)
]
const entering = (name: string) => ({ entry: said(`+${name}`), exit: said(`-${name}`) })

/** Entries and exits at each level, moves of parents, of two regions at once, to themselves, and four things that only XState knows. */
const another = setup({
  types: {} as never,
  actions: { perform: () => {}, other: () => {} },
  guards: { isB: stateIn({ first: { b: "deep" } }) as never }
}).createMachine({
  id: "another",
  type: "parallel",
  context: machine.config.context,
  on: { both: { actions: said("root") } },
  states: {
    first: {
      initial: "a",
      ...entering("first"),
      on: { parent: { target: ".b", actions: said("parent") }, either: { target: ".a", actions: said("outer") } },
      states: {
        a: {
          ...entering("a"),
          initial: "shallow",
          on: {
            out: { target: "b", actions: said("out") },
            self: { target: "a", actions: said("self") },
            down: { target: ".low", actions: said("down") }
          },
          states: {
            shallow: { ...entering("shallow"), on: { self: { target: "shallow", actions: said("itself") } } },
            low: {
              ...entering("low"),
              on: {
                down: [
                  { guard: ({ event }: never) => (event as { offset: number }).offset > 3, actions: said("odd") },
                  { target: "shallow", actions: said("up") }
                ]
              }
            }
          }
        },
        b: {
          ...entering("b"),
          initial: "middle",
          on: {
            in: { target: "a.low", actions: said("in") },
            nothing: {},
            reenters: { target: "b", reenter: true, actions: said("again") }
          },
          states: {
            middle: { ...entering("middle"), on: { out: { target: "deep", actions: said("deeper") } } },
            deep: { ...entering("deep"), on: { either: { target: "middle", actions: said("inner") }, words: { actions: "other" } } }
          }
        }
      }
    },
    second: {
      initial: "x",
      ...entering("second"),
      states: {
        x: {
          ...entering("x"),
          on: {
            out: { target: "y", actions: said("out2") },
            guarded: {
              guard: ({ context }: never) => ((context as State["context"]).notice ?? "").includes("out"),
              target: "y",
              actions: said("guarded")
            },
            asks: { guard: "isB", target: "y", actions: said("asked") }
          }
        },
        y: {
          ...entering("y"),
          on: { in: { target: "x", actions: said("in2") }, self: { actions: said("self2") }, parent: { target: "x" } }
        }
      }
    }
  }
} as never) as unknown as typeof machine
