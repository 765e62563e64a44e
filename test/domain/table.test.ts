/** Every state × every input: facts, a refusal by name or a reason why nothing changes; written down, so that no cell changes unseen. */
import { assert, describe, it } from "@effect/vitest"
import { allowed, type Decided, decide } from "../../src/domain/decide/index.ts"
import { daemon, factTypes } from "../../src/domain/facts.ts"
import { Input } from "../../src/domain/inputs.ts"
import { machine } from "../../src/domain/machine.ts"
import { insideOf, lifeOf, stateName, stoppingOf } from "../../src/domain/session.ts"
import { without } from "../../src/domain/session-context.ts"
import { type Attempt, explore } from "../support/exploration.ts"
import { golden } from "../support/golden.ts"

const { attempts, visits } = explore()

const outcome = (decided: Decided): string => {
  switch (decided._tag) {
    case "Accepted":
      return decided.steps.map(({ fact }) => fact.type).join(" + ")
    case "Refusal":
      return `! ${decided.code}`
    case "Nothing":
      return `- ${decided.reason}`
  }
}

/** The block of one state: each outcome, and the inputs that have it. */
const rows = (of: ReadonlyArray<Attempt>): string => {
  const cells = Map.groupBy(of, ({ decided }) => outcome(decided))
  const lines = [...cells].map(([result, those]) => `  ${result}\n      ${[...new Set(those.map(({ label }) => label))].sort().join(", ")}`)
  return lines.sort().join("\n")
}

const table = (): string => {
  const blocks = [...Map.groupBy(attempts, ({ from }) => stateName(from.session))].map(([state, of]) => [state, rows(of)] as const)
  const alike = [...Map.groupBy(blocks, ([, text]) => text)].map(([text, states]) => {
    const names = states.map(([state]) => state).sort()
    return `${names.join("\n")}\n\n${text}\n`
  })
  return `${introduction}\n${alike.sort().join("\n")}`
}

const introduction = `What each state makes of each input. States that answer alike share a block. Facts, in the order in which they
are recorded; "!" a refusal by name, told to whoever asked; "-" the reason why nothing changes. An input stands
more than once where the answer turns on what the session remembers. Written by test/domain/table.test.ts.
`

interface Node {
  readonly key: string
  readonly states: { readonly [key: string]: Node }
}
const leaves = (node: Node): ReadonlyArray<string> => {
  const inner = Object.values(node.states)
  return inner.length === 0 ? [node.key] : inner.flatMap(leaves)
}

describe("the table of decisions", () => {
  it("is the one that was agreed", () => {
    golden(new URL("table.golden.txt", import.meta.url), table())
  })

  it("reaches every state of the machine", () => {
    const { life, stopping } = machine.states as unknown as { readonly life: Node; readonly stopping: Node }
    for (const node of Object.values(life.states))
      assert.sameMembers(
        [...new Set(visits.filter(({ session }) => lifeOf(session) === node.key).map(({ session }) => insideOf(session)))],
        [...leaves(node)]
      )
    assert.sameMembers([...new Set(visits.map(({ session }) => stoppingOf(session)))], [...leaves(stopping)])
  })

  it("tries every input in every state", () => {
    const types = [...Object.keys(Input.members[0].cases), ...Object.keys(Input.members[1].cases)].sort()
    for (const [state, of] of Map.groupBy(attempts, ({ from }) => stateName(from.session)))
      assert.deepStrictEqual([...new Set(of.map(({ input }) => input.type))].sort(), types, state)
  })

  it("produces every fact there is", () => {
    const produced = new Set<string>(
      attempts.flatMap(({ decided }) => (decided._tag === "Accepted" ? decided.steps.map(({ fact }) => fact.type) : []))
    )
    // The first fact of a stream answers a create, which no session gets.
    produced.add("SessionCreated")
    assert.sameMembers([...produced], [...factTypes])
  })

  it("owes effects to recorded facts alone, and only those of the generation", () => {
    for (const { decided, from, label } of attempts) {
      if (decided._tag !== "Accepted") continue
      assert.isNotEmpty(decided.steps, label)
      for (const effect of decided.effects)
        assert.oneOf(effect.generation, [from.session.context.generation, decided.session.context.generation], label)
    }
  })
})

describe("in every state that can be reached", () => {
  it("a report of the generation before changes nothing", () => {
    for (const { from, input, now } of attempts) {
      if (!("generation" in input) || input.type === "WriteSettled") continue
      const late = decide(from.session, { ...input, generation: input.generation - 1 }, now)
      assert.deepStrictEqual(late, { _tag: "Nothing", reason: "stale_generation" }, `${input.type} in ${stateName(from.session)}`)
    }
  })

  it("a journal entry that the log holds changes nothing", () => {
    for (const { from, input, now } of attempts) {
      if (input.type !== "HolderReported") continue
      const repeated = decide(from.session, { ...input, entry: { ...input.entry, n: from.session.context.holderSeq } }, now)
      assert.strictEqual(repeated._tag, "Nothing", stateName(from.session))
    }
  })

  it("the commands that are offered are those that are not refused", () => {
    const names = Object.keys(Input.members[0].cases)
    for (const visit of visits) {
      const offered = new Set<string>(allowed(visit.session, visit.now))
      // Leaving is not offered: it is what a connection does when it closes. Nor is what turns on one prompt's own state, or an agent says.
      const unoffered = new Set(["Detach", "EditPrompt", "PromotePrompt", "CancelPrompt", "ReportState", "Typing", "EndLeftovers"])
      const refused = new Set(names.filter((name) => !offered.has(name) && !unoffered.has(name)))
      for (const { decided, input, from } of attemptsOf(visit))
        if ("by" in input && !unoffered.has(input.type) && !(decided._tag === "Refusal" && ofThisPrompt.has(decided.code)))
          assert.strictEqual(decided._tag === "Refusal", refused.has(input.type), `${input.type} in ${stateName(from.session)}`)
    }
  })

  it("what is due is passed once: no deadline is due again at the moment of its passing", () => {
    for (const { decided, from, input, now } of attempts) {
      if (input.type !== "DeadlineReached" || decided._tag !== "Accepted") continue
      let after: Decided = decided
      for (let more = 0; after._tag === "Accepted"; more++) {
        assert.isBelow(more, 3, `${stateName(from.session)}: ${JSON.stringify(from.session.context.deadlines)}`)
        after = decide(after.session, input, now)
      }
      assert.deepStrictEqual(after, { _tag: "Nothing", reason: "not_due" })
    }
  })

  it("a stop, once asked for, is not followed by a relaunch", () => {
    for (const { decided, from } of attempts) {
      const { stop } = from.session.context
      if (stop === null || stop.by === daemon || decided._tag !== "Accepted") continue
      const relaunch = decided.steps.find(({ fact }) => comeback.has(fact.type))
      assert.isUndefined(relaunch, stateName(from.session))
    }
  })

  it("nothing is waited for where nothing can come", () => {
    for (const { session } of visits)
      if (["resting", "givenUp", "archived", "terminated", "preparing"].includes(insideOf(session)))
        // A prompt may expire wherever it waits.
        assert.deepStrictEqual(without(session.context.deadlines, "expire"), {}, stateName(session))
  })
})

/** Refusals of this very prompt: another one may be taken. */
const ofThisPrompt: ReadonlySet<string> = new Set(["prompt_exists", "question_closed", "answer_under_way"])
const comeback: ReadonlySet<string> = new Set(["RelaunchScheduled", "RelaunchStarted", "GaveUp", "LaunchIntended"])
const byVisit = Map.groupBy(attempts, ({ from }) => from)
const attemptsOf = (visit: (typeof visits)[number]) => byVisit.get(visit) ?? []
