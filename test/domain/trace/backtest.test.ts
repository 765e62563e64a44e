import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { type Backtest, makeBacktest } from "../../../src/domain/trace/backtest.ts"
import { policiesOf, policyNames } from "../../../src/domain/trace/policies.ts"
import { stateHash } from "../../../src/infra/log/state-hash.ts"
import { edited, isStep, recordings } from "../../support/sealed.ts"

const all = recordings()
const recording = (name: string) => all.find((one) => one.name === name)!

const tested = (bytes: Buffer, wishes: Readonly<Record<string, string | number>>) => {
  const policies = policiesOf(Object.entries(wishes).map(([name, value]) => ({ name, value: String(value) })))
  assert(Result.isSuccess(policies), JSON.stringify(policies))
  const backtest = makeBacktest(policies.success, stateHash)
  backtest.push(bytes)
  return backtest.end()
}
const told = (name: string, wishes: Readonly<Record<string, string | number>>): Backtest => {
  const result = tested(recording(name).bytes, wishes)
  assert(result._tag === "Backtested", JSON.stringify(result))
  return result
}
const typesOf = (facts: Backtest["changes"][number]["present"]) => facts.map(({ type }) => type)

describe("a back-test", () => {
  it("finds nothing where the policies are those that were recorded", () => {
    for (const { bytes, name, steps } of all) {
      const spec = steps[0]!.facts[0].data.spec as { readonly keepalive: Record<string, number>; readonly readyTimeoutMs: number }
      const own = Object.fromEntries(Object.entries(spec.keepalive).map(([field, value]) => [`keepalive.${field}`, value]))
      const same = tested(bytes, { ...own, readyTimeoutMs: spec.readyTimeoutMs, ...(name === "shell" ? {} : { idleStopMs: "none" }) })
      assert.deepInclude(same, { changes: [], parted: null, pending: null, inputs: steps.length }, name)
    }
  })

  it("shows the relaunches that a larger budget would have scheduled, and what would still be waited for", () => {
    const { changes, parted, pending } = told("crash-loop", { "keepalive.maxAttempts": 5 })
    assert.deepStrictEqual(
      changes.map(({ present, recorded }) => [typesOf(recorded).at(-1), typesOf(present).at(-1)]),
      [
        ["GaveUp", "RelaunchScheduled"],
        ["GaveUp", "RelaunchScheduled"]
      ]
    )
    assert.isNull(parted)
    assert.match(pending?.present ?? "", /^backoff at \d{4}-/)
    assert.isNull(pending?.recorded)
  })

  it("goes on until a launch would have come later, and says what the recording went on with", () => {
    const { changes, parted } = told("crash-loop", { "keepalive.baseMs": 400 })
    assert.deepStrictEqual(
      changes.map(({ input }) => input),
      ["HolderReported", "DeadlineReached"]
    )
    assert.deepInclude(
      changes[0]!.within.map(({ path }) => path.replace(/^\d+\./, "")),
      "RelaunchScheduled.delayMs"
    )
    assert.deepStrictEqual(changes[1]!.present, [])
    assert.strictEqual(parted?.why, "the recording goes on with Prepare, to which these policies do not oblige")
  })

  it("lets a deadline pass at its own time where it would have come earlier, and stops at what it obliges to", () => {
    const { changes, parted } = told("crash-loop", { "keepalive.baseMs": 100 })
    const [scheduled, due] = changes
    const deadline = scheduled!.present.at(-1)!.data.deadline as { readonly wallMs: number }
    assert.deepInclude(due, { seq: null, input: "backoff deadline", recorded: [] })
    assert.deepStrictEqual(typesOf(due!.present), ["RelaunchStarted"])
    assert.strictEqual(due!.present[0]!.data.attempt, 1)
    // The moments of one machine's two clocks are some milliseconds apart.
    assert.approximately(due!.wallMs, deadline.wallMs, 20)
    assert.strictEqual(parted?.why, "it would have been obliged to Prepare")
  })

  it("knows that a holder climbs by the ladder it was given", () => {
    const sentence = (graceMs: number) => told("deaf-tree", { "stop.graceMs": graceMs }).parted?.why
    assert.strictEqual(sentence(1_000), "its ladder would have come to kill after 1000 ms, not 1500 ms")
    assert.strictEqual(sentence(9_000), "its ladder would have come to kill after 9000 ms, not 1500 ms")
    assert.isUndefined(sentence(1_500))
    // It went at the first signal: how long the second would have waited made no difference.
    assert.isNull(told("prompt-doubt", { "stop.graceMs": 4_000 }).parted)
  })

  it("does not guess whether something was printed that the recording does not hold", () => {
    assert.strictEqual(told("restarts", { idleStopMs: 1_000 }).parted?.why, "it would be stopped if it was quiet")
  })

  it("overrides what was patched in later too", () => {
    const { bytes, lines } = recording("shell")
    assert.isAbove(lines.filter(isStep).filter(({ input }) => input.type === "Patch").length, 0)
    const result = tested(bytes, { idleStopMs: 60_000 })
    assert(result._tag === "Backtested")
    assert.isTrue(result.changes.some(({ within }) => within.some(({ path }) => path.includes("IdleStopArmed.deadline"))))
  })

  it("is not made of a recording that this version decides otherwise, or cannot read", () => {
    const { bytes, lines } = recording("crash-loop")
    const other = edited(lines, 4, ({ facts }) => void Object.assign(facts[0]!.data, { offset: 99 }))
    assert.deepInclude(tested(other, { "keepalive.maxAttempts": 5 }), { _tag: "Unfit", line: 5 })
    assert.deepInclude(tested(bytes.subarray(0, -9), { "keepalive.maxAttempts": 5 }), { _tag: "TraceUnreadable", code: "truncated" })
    const flipped = Buffer.from(bytes)
    flipped[bytes.length - 300]! ^= 1
    // Also behind the place at which the policies part from the recording.
    assert.deepInclude(tested(flipped, { "keepalive.baseMs": 400 }), { _tag: "TraceUnreadable", code: "damaged" })
  })
})

describe("a policy", () => {
  const refused = (wishes: ReadonlyArray<readonly [string, string]>) => {
    const result = policiesOf(wishes.map(([name, value]) => ({ name, value })))
    assert(Result.isFailure(result), JSON.stringify(wishes))
    return [result.failure.field, result.failure.message] as const
  }

  it("that is unknown is refused with the names of those that there are", () => {
    const [field, message] = refused([
      ["keepalive.maxAttempts", "5"],
      ["keepalive.most", "5"]
    ])
    assert.strictEqual(field, "keepalive.most")
    for (const name of policyNames) assert.include(message, name)
  })

  it("cannot be what no session could be asked to be", () => {
    assert.match(refused([["keepalive.maxAttempts", "500"]])[1], /^keepalive\.maxAttempts 500: .*0 and 100/)
    assert.match(refused([["keepalive.mode", "sometimes"]])[1], /never/)
    assert.match(refused([["stop.graceMs", "soon"]])[1], /^stop\.graceMs soon: /)
    assert.match(refused([["readyTimeoutMs", "1"]])[1], /^readyTimeoutMs 1: /)
    assert.match(
      refused([
        ["idleStopMs", "none"],
        ["idleStopMs", "5000"]
      ])[1],
      /twice/
    )
  })
})
