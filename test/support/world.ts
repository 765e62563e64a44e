/** A modelled machine for real actors: launches that outlive daemons, a clock that only moves when told, faults that are drawn or planned. */

import type { Environment } from "../../src/domain/environment.ts"
import type { ProcessIdentity } from "../../src/domain/facts.ts"
import type { Size } from "../../src/domain/spec.ts"
import type { LaunchOrder, LaunchRef } from "../../src/infra/runtimes/runtime.ts"
import { drawScript, goodHabits, type Habits, type Script } from "./world-agent.ts"
import { Chance } from "./world-chance.ts"
import { Process, WorldClock } from "./world-clock.ts"
import { Holder } from "./world-holder.ts"

/** What a daemon does to the world, told at the instant it arrives there. */
export type Act =
  | { readonly type: "launch"; readonly ref: LaunchRef }
  | { readonly type: "connect"; readonly ref: LaunchRef }
  | { readonly type: "write"; readonly ref: LaunchRef; readonly writeId: string; readonly bytes: number }
  | { readonly type: "ladder"; readonly ref: LaunchRef; readonly mode: "stop" | "kill" }
  | { readonly type: "resize"; readonly ref: LaunchRef; readonly size: Size }
  | { readonly type: "sweep"; readonly ref: LaunchRef; readonly process: ProcessIdentity | null }
  | { readonly type: "acknowledge"; readonly ref: LaunchRef }
  | { readonly type: "discard"; readonly ref: LaunchRef }

/** One launch directory. */
export interface Launch {
  readonly order: LaunchOrder
  readonly madeAtMs: number
  readonly maker: Process
  holder: Holder | null
  /** No holder that comes late goes on with it. */
  denied: boolean
}

/** How likely the world's faults are, in one world. */
export interface Weather {
  readonly habits: Habits
  readonly launchFails: number
  readonly slowAnswers: number
}
export const fairWeather: Weather = { habits: goodHabits, launchFails: 0, slowAnswers: 0 }

export class World {
  readonly chance: Chance
  readonly clock = new WorldClock()
  readonly root: Process
  readonly launches = new Map<string, Launch>()
  /** Every holder there ever was, for whoever judges afterwards. */
  readonly holders: Array<Holder> = []
  readonly environments = new Map<string, Environment>()
  /** Commands that cannot be executed. */
  readonly missing = new Set<string>()
  weather: Weather = fairWeather
  /** The behaviour of the next launches, before chance decides; a session's own comes first. */
  readonly scripts = new Map<string, Script>()
  nextScript: Script | null = null
  /** Error codes of the next launches, one each. */
  readonly launchProblems: Array<string> = []
  watch: (act: Act) => void = () => {}
  spawned: (holder: Holder) => void = () => {}
  #pids = 1_000

  /** Prompt texts by hash. */
  readonly texts = new Map<string, string>()

  constructor(seed: number) {
    this.chance = new Chance(seed)
    this.root = new Process(this.clock)
  }

  launchOf(ref: { readonly session: string; readonly generation: number }): Launch | undefined {
    return this.launches.get(keyOf(ref))
  }
  /** The newest holder of a session. */
  holderOf(session: string): Holder {
    const holder = this.holders.findLast(({ order }) => order.session === session)
    if (holder === undefined) throw new Error(`${session} was never launched`)
    return holder
  }
  get livingProcesses(): ReadonlyArray<Holder> {
    return this.holders.filter(({ processes }) => processes > 0)
  }

  start(launch: Launch): void {
    const holder = new Holder(
      {
        clock: this.clock,
        root: this.root,
        newPid: () => {
          this.#pids += 1
          return this.#pids
        },
        spawned: (started) => this.spawned(started)
      },
      launch.order,
      this.#scriptFor(launch.order.session)
    )
    launch.holder = holder
    this.holders.push(holder)
  }

  /** Power off and on: nothing that ran runs, everything on disk is there. The caller kills the daemon. */
  reboot(): void {
    for (const holder of this.holders) holder.lose()
    this.clock.reboot()
  }

  #scriptFor(session: string): Script {
    const own = this.scripts.get(session) ?? this.nextScript
    this.nextScript = null
    return own ?? drawScript(this.chance, this.weather.habits)
  }
}

export const keyOf = ({ generation, session }: { readonly session: string; readonly generation: number }) => `${session}/g${generation}`
