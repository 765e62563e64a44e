/**
 * Fuzzes the daemon: `npm run fuzz -- [--target http,hooks] [--minutes 2] [--inputs 100000] [--seed 7] [--turn-ms 100] [--grow]`.
 * All targets share the minutes. `--seed` repeats a run. `--turn-ms` is the longest turn of the event loop that is no finding, in processor
 * time: a busy machine has cold caches and needs more. The end prints the totals of each target. `--grow` adds inputs with new behaviour to the corpus. test/fuzz/target.ts says how to
 * add a target. Exits 1 where a promise was broken.
 */
import { parseArgs } from "node:util"
import { keeperOf } from "../test/fuzz/corpus.ts"
import { allTargets } from "../test/fuzz/index.ts"
import type { Target } from "../test/fuzz/target.ts"

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    minutes: { type: "string", default: "2" },
    inputs: { type: "string", default: String(Number.MAX_SAFE_INTEGER) },
    seed: { type: "string" },
    "turn-ms": { type: "string", default: "100" },
    grow: { type: "boolean", default: false }
  }
})
const numberOf = (name: "minutes" | "inputs" | "turn-ms") => {
  const number = Number(values[name])
  if (!(number > 0)) throw new Error(`--${name} is a number above 0, not ${values[name]}`)
  return number
}
const names = values.target?.split(",") ?? allTargets.map(({ name }) => name)
const chosen = names.map((name) => {
  const target = allTargets.find((each) => each.name === name)
  if (target === undefined) throw new Error(`--target is one of ${allTargets.map(({ name }) => name).join(", ")}, not ${name}`)
  return target
})
const first = values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : Number(values.seed)
const sliceMs = (numberOf("minutes") * 60_000) / chosen.length

let broken = 0
const totals = new Map<string, { readonly inputs: number; readonly seconds: number; readonly most: Readonly<Record<string, number>> }>()
for (const target of chosen) broken += await fuzz(target)
console.log("\ntotals:")
for (const [name, { inputs, most, seconds }] of totals)
  console.log(`  ${name}: ${inputs} inputs in ${Math.round(seconds)} s, most: ${JSON.stringify(most)}`)
console.log(`  all: ${[...totals.values()].reduce((sum, { inputs }) => sum + inputs, 0)} inputs, ${broken} findings`)
process.exitCode = broken === 0 ? 0 : 1

/** One seed after another until the target's share of the time is over. */
async function fuzz({ name, run }: Target): Promise<number> {
  const startedAt = performance.now()
  const endsAt = startedAt + sliceMs
  const keep = values.grow ? keeperOf(name) : () => {}
  let [inputs, found, seed] = [0, 0, first]
  const most: Record<string, number> = {}
  for (; performance.now() < endsAt && inputs < numberOf("inputs") && found === 0; seed++) {
    console.log(`${name}: seed ${seed}`)
    const outcome = await run(seed, { endsAt, inputs: numberOf("inputs") - inputs, turnMs: numberOf("turn-ms"), keep })
    inputs += outcome.inputs
    found += outcome.findings.length
    for (const [figure, value] of Object.entries(outcome.figures)) most[figure] = Math.max(most[figure] ?? value, value)
    for (const { input, what } of outcome.findings.slice(0, 20)) console.error(`${name}: ${what}\n  ${input}`)
    if (outcome.findings.length > 0) console.error(`  repeat it: npm run fuzz -- --target ${name} --seed ${seed}`)
    console.log(`${name}: ${JSON.stringify(outcome.figures)}`)
  }
  totals.set(name, { inputs, seconds: (performance.now() - startedAt) / 1_000, most })
  const perSecond = Math.round((inputs * 1_000) / (performance.now() - startedAt))
  console.log(`${name}: ${inputs} inputs, ${perSecond} a second, ${found} findings, seeds ${first} to ${seed - 1}`)
  return found
}
