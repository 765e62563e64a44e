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

export const drawSwarm = (chance: Chance): Swarm => {
  const rate = (highest: number) => (chance.happens(0.5) ? chance.next() * highest : 0)
  const habits: Habits = {
    shortLived: rate(0.7),
    failsToSpawn: rate(0.3),
    silent: rate(0.5),
    deaf: rate(0.6),
    leavesChildren: rate(0.5),
    unkillable: rate(0.3),
    doesNotRead: rate(0.4),
    asks: rate(0.7),
    eatsEnter: rate(0.4),
    sulks: rate(0.5),
    failsTurns: rate(0.4),
    laggard: rate(0.5)
  }
  return {
    sessions: chance.between(1, 6),
    clients: chance.between(1, 3),
    weather: { habits, launchFails: rate(0.4), slowAnswers: rate(0.3) },
    weights: new Map([
      ...life,
      ...faults.map(([move, weight]) => [move, chance.happens(0.6) ? weight * (0.3 + chance.next()) : 0] as const)
    ])
  }
}

export const drawMove = (chance: Chance, { weights }: Swarm): Move => {
  let left = chance.next() * [...weights.values()].reduce((sum, weight) => sum + weight, 0)
  for (const [move, weight] of weights) {
    left -= weight
    if (left < 0) return move
  }
  return "pass"
}
