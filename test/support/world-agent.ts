/** How a modelled agent behaves from its launch to its end; a well-behaved one lives on, reads what is typed and goes when it is asked to. */
import type { Chance } from "./world-chance.ts"
import { goodManners, type Manners } from "./world-mind.ts"

export interface Script {
  /** From the start of the holder until the agent's process is there. */
  readonly spawnMs: number
  /** No process comes to be. */
  readonly spawnProblem: string | null
  /** From the spawn; null: never prints. */
  readonly printsAfterMs: number | null
  /** From the spawn; null: lives until it is ended. */
  readonly livesMs: number | null
  readonly exit: { readonly code: number | null; readonly signal: string | null }
  readonly hearsHangup: boolean
  /** Processes of its tree that outlive it. */
  readonly children: number
  /** How long its children cannot be killed, from the first attempt. */
  readonly unkillableMs: number
  readonly reads: boolean
  /** Of one that can be talked to. */
  readonly manners: Manners
}

export const patient: Script = {
  spawnMs: 20,
  spawnProblem: null,
  printsAfterMs: 30,
  livesMs: null,
  exit: { code: 0, signal: null },
  hearsHangup: true,
  children: 0,
  unkillableMs: 0,
  reads: true,
  manners: goodManners
}
export const script = (more: Partial<Script> = {}): Script => ({ ...patient, ...more })

/** How likely each bad habit is, in one world. */
export interface Habits {
  readonly shortLived: number
  readonly failsToSpawn: number
  readonly silent: number
  readonly deaf: number
  readonly leavesChildren: number
  readonly unkillable: number
  readonly doesNotRead: number
  readonly asks: number
  readonly eatsEnter: number
  readonly sulks: number
  readonly failsTurns: number
  readonly laggard: number
}
export const goodHabits: Habits = {
  shortLived: 0,
  failsToSpawn: 0,
  silent: 0,
  deaf: 0,
  leavesChildren: 0,
  unkillable: 0,
  doesNotRead: 0,
  asks: 0,
  eatsEnter: 0,
  sulks: 0,
  failsTurns: 0,
  laggard: 0
}

export const drawScript = (chance: Chance, habits: Habits): Script => ({
  spawnMs: chance.between(0, 80),
  spawnProblem: chance.happens(habits.failsToSpawn) ? chance.pick(["EAGAIN", "ENOMEM", "ENOENT"]) : null,
  printsAfterMs: chance.happens(habits.silent) ? null : chance.between(0, 3_000),
  livesMs: chance.happens(habits.shortLived) ? chance.between(0, 90_000) : null,
  exit: chance.pick([
    { code: 0, signal: null },
    { code: 1, signal: null },
    { code: 7, signal: null },
    { code: null, signal: "SIGSEGV" }
  ]),
  hearsHangup: !chance.happens(habits.deaf),
  children: chance.happens(habits.leavesChildren) ? chance.between(1, 3) : 0,
  unkillableMs: chance.happens(habits.unkillable) ? chance.between(6_000, 40_000) : 0,
  reads: !chance.happens(habits.doesNotRead),
  manners: drawManners(chance, habits)
})

/** What is wrong with it, by name. */
export const badHabitsOf = ({ children, hearsHangup, livesMs, manners, printsAfterMs, reads, spawnProblem, unkillableMs }: Script) =>
  Object.entries({
    "agent is short-lived": livesMs !== null,
    "agent fails to spawn": spawnProblem !== null,
    "agent is silent": printsAfterMs === null,
    "agent is deaf": !hearsHangup,
    "agent leaves children": children > 0,
    "agent cannot be killed": unkillableMs > 0,
    "agent does not read": !reads,
    "agent asks": manners.asks,
    "agent eats the first Enter": manners.eatsEnter,
    "agent sulks": manners.sulks,
    "agent fails its turns": manners.fails !== "never",
    "hooks are slow": manners.lagMs > 50
  }).flatMap(([habit, has]) => (has ? [habit] : []))

const drawManners = (chance: Chance, habits: Habits): Manners => ({
  bootsMs: chance.between(0, 1_500),
  takesMs: chance.between(0, 1_000),
  thinksMs: chance.pick([chance.between(1, 100), chance.between(100, 5_000), chance.between(5_000, 40_000)]),
  asks: chance.happens(habits.asks),
  patienceMs: chance.happens(0.6) ? chance.between(200, 20_000) : null,
  eatsEnter: chance.happens(habits.eatsEnter),
  sulks: chance.happens(habits.sulks),
  fails: chance.happens(habits.failsTurns) ? chance.pick(["turn", "limit"] as const) : "never",
  lagMs: chance.happens(habits.laggard) ? chance.between(50, 600) : chance.between(0, 30)
})
