/** The long version of what the tests do briefly: `npm run simulate -- --seed 7`, `--seeds 1000`, `--minutes 30`, `--from`, `--steps`. */
import { parseArgs } from "node:util"
import { simulate } from "../test/simulation/simulation.ts"
import { Ledger } from "../test/support/world-ledger.ts"

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string" },
    from: { type: "string" },
    minutes: { type: "string" },
    steps: { type: "string", default: "60" }
  }
})
const steps = Number(values.steps)
const first = Number(values.seed ?? values.from ?? 1)
const last =
  values.seed !== undefined
    ? first
    : first + Number(values.seeds ?? (values.minutes === undefined ? 1_000 : Number.MAX_SAFE_INTEGER / 2)) - 1
const until = values.minutes === undefined ? Number.POSITIVE_INFINITY : performance.now() + Number(values.minutes) * 60_000

const all = new Ledger()
const moves = new Map<string, number>()
let [run, facts, failed] = [0, 0, 0]
for (let seed = first; seed <= last && performance.now() < until; seed++) {
  const outcome = await simulate(seed, steps)
  run += 1
  facts += outcome.facts
  all.add(outcome)
  for (const [move, count] of outcome.moves) moves.set(move, (moves.get(move) ?? 0) + count)
  if (values.seed !== undefined) console.log(outcome.story.join("\n"), `\n${outcome.facts} facts, hash ${outcome.hash}`)
  if (outcome.violations.length === 0) continue
  failed += 1
  console.error(`seed ${seed}: ${outcome.violations[0]}\n  npm run simulate -- --seed ${seed} --steps ${steps}`)
}
console.log(JSON.stringify({ run, failed, facts, moves: Object.fromEntries(moves), rules: Object.fromEntries(all.counts) }, null, 2))
process.exitCode = failed === 0 ? 0 : 1
