/** What one seed's world is like: each fault is there or not, and how often, so that worlds differ in kind and not only in order. */

import type { Weather } from "../support/world.ts"
import type { Habits } from "../support/world-agent.ts"
import type { Chance } from "../support/world-chance.ts"

export type Move =
  | "create"
  | "command"
  | "write"
  | "retry"
  | "prompt"
  | "answer"
  | "reprompt"
  | "change"
  | "fork"
  | "visit"
  | "pass"
  | "crash"
  | "holder_dies"
  | "hang"
  | "disconnect"
  | "print"
  | "kill"
  | "fuse"
  | "restart"
  | "succession"
  | "disk"
  | "doubt"
  | "defect"
  | "wall_jump"
  | "suspend"
  | "reboot"
  | "poison"

export interface Swarm {
  readonly steps: number
  readonly sessions: number
  readonly clients: number
  readonly weather: Weather
  readonly weights: ReadonlyMap<Move, number>
}

/** Always there: without them nothing happens. */
const life: ReadonlyArray<readonly [Move, number]> = [
  ["create", 10],
  ["command", 16],
  ["write", 8],
  ["retry", 5],
  ["prompt", 18],
  ["answer", 10],
  ["reprompt", 4],
  ["change", 4],
  ["fork", 2],
  ["visit", 4],
  ["print", 3],
  ["pass", 30]
]
const faults: ReadonlyArray<readonly [Move, number]> = [
  ["crash", 8],
  ["holder_dies", 6],
  ["hang", 5],
  ["disconnect", 6],
  ["kill", 8],
  ["fuse", 12],
  ["restart", 3],
  ["succession", 3],
  ["disk", 10],
  ["doubt", 2],
  ["defect", 4],
  ["wall_jump", 3],
  ["suspend", 3],
  ["reboot", 3],
  ["poison", 2]
]

/** What a smaller world is made with, to see whether it fails in the same way. */
export interface Smaller {
  readonly steps?: number
  readonly sessions?: number
  /** Names of faults: moves, habits, weather. */
  readonly without?: ReadonlySet<string>
}

export const drawSwarm = (chance: Chance, { sessions, steps, without = new Set() }: Smaller = {}): Swarm => {
  const rate = (highest: number) => (chance.happens(0.5) ? chance.next() * highest : 0)
  const drawn: Habits = {
    shortLived: rate(0.7),
    failsToSpawn: rate(0.3),
    silent: rate(0.5),
    deaf: rate(0.6),
    leavesChildren: rate(0.5),
    unkillable: rate(0.3),
    doesNotRead: rate(0.4),
    asks: chance.next() * 0.8,
    eatsEnter: rate(0.4),
    sulks: rate(0.5),
    failsTurns: rate(0.4),
    laggard: rate(0.5)
  }
  const kept = (name: string, likelihood: number) => (without.has(name) ? 0 : likelihood)
  const habits = Object.fromEntries(Object.entries(drawn).map(([name, likelihood]) => [name, kept(name, likelihood)])) as unknown as Habits
  // Drawn also where it is not needed: what is left of a smaller world is as it was.
  const [most, longest] = [chance.between(1, 4), chance.between(8, 32)]
  return {
    steps: steps ?? longest,
    sessions: Math.min(most, sessions ?? most),
    clients: chance.between(1, 3),
    weather: { habits, launchFails: kept("launchFails", rate(0.4)), slowAnswers: kept("slowAnswers", rate(0.3)) },
    weights: new Map([
      ...life,
      ...faults.map(([move, weight]) => [move, kept(move, chance.happens(0.6) ? weight * (0.3 + chance.next()) : 0)] as const)
    ])
  }
}

/** Everything of a world that can be left out of it. */
export const dispensable = ({ weather: { habits, ...weather }, weights }: Swarm): ReadonlyArray<string> =>
  [...Object.entries(habits), ...Object.entries(weather), ...faults.map(([move]) => [move, weights.get(move) ?? 0] as const)].flatMap(
    ([name, likelihood]) => (likelihood > 0 ? [name] : [])
  )

export const drawMove = (chance: Chance, { weights }: Swarm): Move => {
  let left = chance.next() * [...weights.values()].reduce((sum, weight) => sum + weight, 0)
  for (const [move, weight] of weights) {
    left -= weight
    if (left < 0) return move
  }
  return "pass"
}
