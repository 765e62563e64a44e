import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { TraceHeader, TraceStep, verify } from "../src/domain/trace.ts"
import { stateHash } from "../src/infra/log/state-hash.ts"

const folder = join(import.meta.dirname, "traces")
const decodeHeader = Schema.decodeUnknownSync(Schema.fromJsonString(TraceHeader))
const decodeStep = Schema.decodeUnknownSync(Schema.fromJsonString(TraceStep), { onExcessProperty: "error" })

const read = (name: string) => {
  const [header, ...steps] = readFileSync(join(folder, name), "utf8").trimEnd().split("\n")
  return { title: decodeHeader(header).title, lines: steps, steps: steps.map((step) => decodeStep(step)) }
}

describe("a recorded session, decided again by this code,", () => {
  for (const name of readdirSync(folder)) {
    const { lines, steps, title } = read(name)

    it(`decides the same where ${title}`, () => {
      const verdict = verify(steps, stateHash)
      assert.deepStrictEqual(verdict, { _tag: "Same", facts: steps.reduce((sum, { facts }) => sum + facts.length, 0) })
    })

    it(`names the first fact that differs when ${name} was tampered with`, () => {
      for (const [index, step] of steps.entries()) {
        const fact = step.facts.at(-1)!
        const edited = decodeStep(lines[index]!.replaceAll(fact.stateHash, "0000000000000000"))
        const verdict = verify(steps.with(index, edited), stateHash)
        assert.deepInclude(verdict, { _tag: "Diverged", at: fact.seq, input: step.input.type })
      }
    })

    it(`differs when a policy of ${name} is another`, () => {
      const [created, ...rest] = steps
      const spec = created!.facts[0].data.spec as { readonly stop: unknown }
      const other = { ...created!.facts[0], data: { ...created!.facts[0].data, spec: { ...spec, readyTimeoutMs: 1_234 } } }
      const verdict = verify([{ ...created!, facts: [other] }, ...rest], stateHash)
      assert.deepInclude(verdict, { _tag: "Diverged", at: 1 })
    })
  }
})
