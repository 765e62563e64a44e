/** A life that fails, made as small as it still fails in the same way: fewer moves, fewer sessions, fewer kinds of faults. */

import { eclipse } from "./eclipses.ts"
import { type Options, type Outcome, Simulation, simulate } from "./simulation.ts"
import { dispensable } from "./swarm.ts"

export interface Small {
  readonly options: Options
  readonly outcome: Outcome
}

/** Tries at most a hundred lives or so. */
export const shrink = async (seed: number, outcome: Outcome, options: Options = {}): Promise<Small> => {
  const rule = ruleOf(outcome)
  let small: Small = { options, outcome }
  const attempt = async (change: Partial<Options>) => {
    const smaller = { ...small.options, ...change }
    const tried = await simulate(seed, smaller)
    const same = tried.violations.length > 0 && ruleOf(tried) === rule
    if (same) small = { options: smaller, outcome: tried }
    return same
  }
  const { swarm, stage } = new Simulation(seed, options)
  await stage.close()
  for (const fault of [...dispensable(swarm), eclipse]) await attempt({ without: new Set([...(small.options.without ?? []), fault]) })
  for (let sessions = 1; sessions < swarm.sessions; sessions++) if (await attempt({ sessions })) break
  let [least, most] = [0, small.options.steps ?? swarm.steps]
  while (least < most) {
    const steps = Math.floor((least + most) / 2)
    if (await attempt({ steps })) most = steps
    else least = steps + 1
  }
  return small
}

export const ruleOf = ({ violations }: Outcome): string => violations[0]?.split(":")[0] ?? ""

export const commandOf = (seed: number, { sessions, steps, without }: Options, mutant?: string): string =>
  [
    `npm run simulate -- --seed ${seed}`,
    ...(steps === undefined ? [] : [`--steps ${steps}`]),
    ...(sessions === undefined ? [] : [`--sessions ${sessions}`]),
    ...(without === undefined || without.size === 0 ? [] : [`--without ${[...without].join(",")}`]),
    ...(mutant === undefined ? [] : [`--mutant ${mutant}`])
  ].join(" ")
