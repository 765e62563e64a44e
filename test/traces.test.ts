import { assert, describe, it } from "@effect/vitest"
import { limits } from "../src/domain/limits.ts"
import { traceFormat } from "../src/domain/trace/format.ts"
import { type Divergence, type Verdict, verify } from "../src/domain/trace/verify.ts"
import { stateHash } from "../src/infra/log/state-hash.ts"
import { edited, isStep, recordings, sealed } from "./support/sealed.ts"

const all = recordings()
const verdictOf = (bytes: Buffer): Verdict => verify(bytes, stateHash)
const parted = (verdict: Verdict): Divergence => {
  assert(verdict._tag === "Diverged", JSON.stringify(verdict))
  return verdict
}

/** The rule as a developer might change it, for as long as the work lasts. */
const withLimit = <A>(name: keyof typeof limits, value: number, work: () => A): A => {
  const held = limits as unknown as Record<string, number>
  const before = held[name]!
  held[name] = value
  try {
    return work()
  } finally {
    held[name] = before
  }
}

/** Of one trace, so that the work stays in proportion to its length. */
const mostSteps = 40

describe("a recorded session, decided again by this code,", () => {
  for (const { bytes, lines, name, steps, title } of all) {
    it(`decides the same where ${title}`, () => {
      const facts = steps.reduce((sum, step) => sum + step.facts.length, 0)
      assert.deepInclude(verdictOf(bytes), { _tag: "Same", title, steps: steps.length, facts })
    })

    it(`names the step, its facts and the state where ${name} was decided otherwise`, () => {
      // Each look decides the whole trace again up to its step: of a long trace some steps, the last among them.
      const every = Math.ceil(steps.length / mostSteps)
      for (const step of steps.toReversed().filter((_, n) => n % every === 0)) {
        const index = lines.indexOf(step)
        const last = step.facts.at(-1)!
        // Everything before the step is right, and the digests fit: what was recorded is another decision.
        const otherFact = parted(
          verdictOf(edited(lines, index, ({ facts }) => void Object.assign(facts.at(-1)!.data, { offset: 999_999 })))
        )
        assert.deepInclude(otherFact, { line: index + 1, seq: last.seq, what: "facts", input: step.input })
        const fewer = edited(lines, index, ({ facts }) => void facts.push({ ...facts.at(-1)!, seq: last.seq + 1 }))
        assert.deepInclude(parted(verdictOf(fewer)), { line: index + 1, seq: last.seq + 1, what: "facts" })
        const otherState = edited(lines, index, ({ facts, state }) => {
          facts.at(-1)!.stateHash = "0000000000000000"
          state!.context.notice = "as it was once"
        })
        const { seq, state, what } = parted(verdictOf(otherState))
        assert.deepInclude({ what, seq }, { what: "state", seq: last.seq })
        assert.deepInclude(state[0], { path: "context.notice", recorded: '"as it was once"' })
        const otherDuty = edited(lines, index, ({ effects }) => void effects!.push({ type: "Dance" }))
        assert.deepInclude(parted(verdictOf(otherDuty)), { what: "effects", seq: last.seq, state: [] })
      }
    })

    it(`says that an input of ${name} has no consequence where it has none now`, () => {
      const index = lines.findLastIndex(isStep)
      const other = edited(lines, index, (step) => {
        step.input = { type: "WriteSettled", generation: 1, writeId: "unheard-of", outcome: "written" }
      })
      const { present, what } = parted(verdictOf(other))
      assert.deepStrictEqual([what, present], ["facts", "nothing comes of it: repeated"])
    })
  }

  it("parts at the first fact that a changed constant decides, in each trace that it concerns, and in no other", () => {
    const changes = [
      ["launchMs", 14_000, "LaunchIntended"],
      ["stopMarginMs", 14_000, "StopRequested"],
      ["acceptMs", 14_000, "PromptSubmitted"]
    ] as const
    for (const [name, value, type] of changes) {
      let concerned = 0
      let stands = 0
      for (const { bytes, steps, title } of all) {
        const first = steps.flatMap(({ facts }) => facts).find((fact) => fact.type === type)
        const verdict = withLimit(name, value, () => verdictOf(bytes))
        if (first === undefined) {
          assert.strictEqual(verdict._tag, "Same", title)
          continue
        }
        concerned++
        const { present, recorded, seq, state } = parted(verdict)
        assert.strictEqual(seq, first.seq, title)
        assert(typeof present !== "string")
        const then = recorded.facts.find((fact) => fact.type === type)!.data.deadline as { bootMs: number }
        const now = present.facts.find((fact) => fact.type === type)!.data.deadline as { bootMs: number }
        assert.strictEqual(now.bootMs, then.bootMs + value - limits[name])
        // Evidence before the holder's report may have settled the prompt in the same decision.
        if (recorded.facts.at(-1)?.type !== type) continue
        stands++
        assert(state.some(({ path }) => /^context\.(deadlines|prompts)\..*bootMs$/.test(path)))
      }
      assert.isAbove(concerned, 1, name)
      assert.isAbove(stands, 1, name)
      assert.isTrue(all.every(({ bytes }) => verdictOf(bytes)._tag === "Same"))
    }
  })
})

describe("a trace", () => {
  const { bytes, lines } = all.find(({ name }) => name === "deaf-tree")!
  const lineAt = (offset: number) => bytes.subarray(0, offset).toString("latin1").split("\n").length

  it("of which one byte was changed names the line, wherever it was", () => {
    for (let offset = 0; offset < bytes.length; offset += 31) {
      for (const flipped of [bytes[offset]! ^ 1, bytes[offset]! ^ 0x80, 10]) {
        if (flipped === bytes[offset]) continue
        const changed = Buffer.from(bytes)
        changed[offset] = flipped
        const verdict = verdictOf(changed)
        assert(verdict._tag === "TraceUnreadable", `byte ${offset}: ${JSON.stringify(verdict)}`)
        assert.strictEqual(verdict.line, lineAt(offset), `byte ${offset}`)
      }
    }
    for (let offset = bytes.indexOf(10); offset !== -1; offset = bytes.indexOf(10, offset + 1)) {
      const changed = Buffer.from(bytes)
      changed[offset] = 32
      assert.strictEqual(verdictOf(changed)._tag, "TraceUnreadable")
    }
  })

  it("that is cut off anywhere says so", () => {
    for (let end = 0; end < bytes.length; end += 101) {
      const verdict = verdictOf(bytes.subarray(0, end))
      assert(verdict._tag === "TraceUnreadable", `${end}`)
      const whole = lineAt(end) - 1
      assert.deepStrictEqual([verdict.line, verdict.code], [whole, whole === 0 ? "not_a_trace" : "truncated"])
    }
    assert.deepInclude(verdictOf(bytes.subarray(0, -1)), { code: "truncated", line: lines.length - 1 })
    assert.deepInclude(verdictOf(Buffer.concat([bytes, Buffer.from("{")])), { code: "damaged", line: lines.length })
  })

  it("of which a line was taken out, moved or added names the place", () => {
    const texts = bytes.toString().trimEnd().split("\n")
    const joined = (of: ReadonlyArray<string>) => Buffer.from(`${of.join("\n")}\n`)
    assert.deepInclude(verdictOf(joined(texts.toSpliced(3, 1))), { code: "damaged", line: 4 })
    assert.deepInclude(verdictOf(joined(texts.with(3, texts[4]!).with(4, texts[3]!))), { code: "damaged", line: 4 })
    assert.deepInclude(verdictOf(joined([...texts, texts.at(-1)!])), { code: "damaged", line: texts.length + 1 })
    assert.deepInclude(verdictOf(sealed([...lines.slice(0, 2), lines[0]!, ...lines.slice(2)])), { code: "malformed", line: 3 })
    assert.deepInclude(verdictOf(sealed([lines[0]!, { type: "step", facts: [] } as never])), { code: "malformed", line: 2 })
    const [first] = texts
    const odd = "{not json"
    const digest = stateHash(`${first!.slice(-18, -2)}${odd}}`)
    assert.deepInclude(verdictOf(joined([first!, `${odd},"digest":"${digest}"}`])), { code: "malformed", line: 2 })
  })

  it("of another format, and what is no trace at all, is distinguished from a damaged one", () => {
    const of = (format: number) => Buffer.from(bytes.toString().replace(`"format":${traceFormat}`, `"format":${format}`))
    assert.deepInclude(verdictOf(of(traceFormat + 1)), { code: "newer_format", line: 1 })
    assert.deepInclude(verdictOf(of(traceFormat - 1)), { code: "older_format", line: 1 })
    for (const text of ["hello\n", "{}\n", "[1]\n", "null\n"])
      assert.deepInclude(verdictOf(Buffer.from(text)), { code: "not_a_trace", line: 1 })
    assert.deepInclude(verdictOf(Buffer.from("")), { code: "not_a_trace", line: 0 })
  })

  it("holds neither what was typed nor what stood in the environment", () => {
    for (const { bytes } of all) assert.notMatch(bytes.toString(), /sleep 100|HOME=|are you there|work on"/)
  })
})
