/** The long version of what the tests do briefly. See "The simulation" in docs/contributing.md. */
import { parseArgs } from "node:util"
import { hunt } from "../test/simulation/hunt.ts"
import { mutants } from "../test/simulation/mutants.ts"
import { unmet } from "../test/simulation/rules.ts"
import { commandOf, shrink } from "../test/simulation/shrink.ts"
import { type Options, simulate } from "../test/simulation/simulation.ts"
import { Ledger } from "../test/support/world-ledger.ts"

/** So many lives come across everything. */
const enough = 1_000

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string" },
    minutes: { type: "string" },
    steps: { type: "string" },
    sessions: { type: "string" },
    without: { type: "string" },
    mutant: { type: "string" },
    mutants: { type: "boolean" },
    hostile: { type: "boolean" }
  }
})
const whole = (name: "seed" | "seeds" | "minutes" | "steps" | "sessions") => {
  const given = values[name]
  if (given === undefined) return undefined
  if (!/^\d+(\.\d+)?$/.test(given)) throw new Error(`--${name} is a number, not ${given}`)
  return Number(given)
}
if (values.mutant !== undefined && mutants[values.mutant] === undefined)
  throw new Error(`--mutant is one of: ${Object.keys(mutants).join(", ")}`)

if (values.mutants === true) process.exitCode = (await hunt((line) => console.log(line))) ? 0 : 1
else await run()

/** One seed is printed as a story; many are counted. */
async function run() {
  const [steps, sessions] = [whole("steps"), whole("sessions")]
  const options: Options = {
    ...(steps === undefined ? {} : { steps }),
    ...(sessions === undefined ? {} : { sessions }),
    ...(values.without === undefined ? {} : { without: new Set(values.without.split(",")) }),
    ...(values.hostile === true ? { hostile: true } : {}),
    ...(values.mutant === undefined ? {} : { mutant: mutants[values.mutant] })
  }
  const minutes = whole("minutes")
  const first = whole("seed") ?? 1
  const count = whole("seeds") ?? (minutes !== undefined ? Number.MAX_SAFE_INTEGER / 2 : values.seed === undefined ? 1_000 : 1)
  const until = minutes === undefined ? Number.POSITIVE_INFINITY : performance.now() + minutes * 60_000

  const all = new Ledger()
  const startedAt = process.cpuUsage()
  let [lives, facts, failed] = [0, 0, 0]
  for (let seed = first; seed < first + count && performance.now() < until; seed++) {
    const outcome = await simulate(seed, count === 1 ? { ...options, tell: (line) => console.log(line) } : options)
    lives += 1
    facts += outcome.facts
    all.add(outcome)
    if (count === 1) console.log(`${outcome.facts} facts, hash ${outcome.hash}`)
    if (outcome.violations.length === 0) continue
    failed += 1
    console.error(`seed ${seed}: ${outcome.violations[0]}`)
    if (failed > 3) continue
    const small = await shrink(seed, outcome, options)
    console.error(`  repeat it, as small as it gets: ${commandOf(seed, small.options, values.mutant)}\n  ${small.outcome.violations[0]}`)
  }
  const twice = [await simulate(first, options), await simulate(first, options)] as const
  const again = twice[0].hash === twice[1].hash
  if (!again) console.error(`seed ${first} has two histories`)
  const missing = lives >= enough ? unmet(all) : []
  if (missing.length > 0) console.error(`never came up: ${missing.join(", ")}`)
  const { system, user } = process.cpuUsage(startedAt)
  const perSecond = Math.round((lives * 1e7) / (user + system)) / 10
  if (count > 1) {
    console.log(JSON.stringify({ rules: Object.fromEntries(all.counts), faults: Object.fromEntries(all.faults) }, null, 2))
    console.log(`${lives} lives, ${failed} failed, ${facts} facts, ${perSecond} lives a second of processor time`)
  }
  process.exitCode = failed === 0 && missing.length === 0 && again ? 0 : 1
}
