/** How a modelled agent behaves from its launch to its end; a well-behaved one lives on, reads what is typed and goes when it is told. */
import type { Chance } from "./world-chance.ts"

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
  reads: true
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
}
export const goodHabits: Habits = {
  shortLived: 0,
  failsToSpawn: 0,
  silent: 0,
  deaf: 0,
  leavesChildren: 0,
  unkillable: 0,
  doesNotRead: 0
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
  reads: !chance.happens(habits.doesNotRead)
})
