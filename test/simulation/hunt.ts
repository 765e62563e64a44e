/** Each planted fault is looked for in one life after the other, until one finds it. */
import { canary, type Mutant, mutants } from "./mutants.ts"
import { ruleOf } from "./shrink.ts"
import { simulate } from "./simulation.ts"

export interface Catch {
  readonly seed: number
  readonly rule: string
  readonly cpuMs: number
}

/** Null where none of so many lives finds it. */
export const find = async (mutant: Mutant, lives: number): Promise<Catch | null> => {
  const from = process.cpuUsage()
  for (let seed = 1; seed <= lives; seed++) {
    const outcome = await simulate(seed, { mutant })
    if (outcome.violations.length === 0) continue
    const { system, user } = process.cpuUsage(from)
    return { seed, rule: ruleOf(outcome), cpuMs: Math.round((user + system) / 1_000) }
  }
  return null
}

/** Whether all were found, half of them within ten seconds, and the canary in every life. */
export const hunt = async (tell: (line: string) => void, lives = 2_000): Promise<boolean> => {
  const tookMs: Array<number> = []
  let missed = 0
  for (const [name, mutant] of Object.entries(mutants)) {
    const found = await find(mutant, lives)
    if (found === null) missed += 1
    else tookMs.push(found.cpuMs)
    tell(found === null ? `${name}: NOT FOUND in ${lives} lives` : `${name}: ${found.rule}, seed ${found.seed}, ${found.cpuMs} ms`)
  }
  const medianMs = tookMs.toSorted((a, b) => a - b)[Math.floor(tookMs.length / 2)] ?? Number.POSITIVE_INFINITY
  let silent = 0
  for (let seed = 1; seed <= 50; seed++) if ((await simulate(seed, { mutant: canary })).violations.length === 0) silent += 1
  tell(
    `${tookMs.length} of ${Object.keys(mutants).length} found, the median within ${medianMs} ms; the canary was missed ${silent} times of 50`
  )
  return missed === 0 && silent === 0 && medianMs <= 10_000
}
