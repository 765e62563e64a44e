/** A modelled machine for real actors: launches that outlive daemons, a clock that only moves on demand, faults that are drawn or planned. */

import type { Environment } from "../../src/domain/environment.ts"
import type { ProcessIdentity } from "../../src/domain/facts.ts"
import type { HookCall } from "../../src/domain/hook-call.ts"
import type { Size } from "../../src/domain/spec.ts"
import type { LaunchOrder, LaunchRef } from "../../src/infra/runtimes/runtime.ts"
import { badHabitsOf, drawScript, goodHabits, type Habits, type Script } from "./world-agent.ts"
import { Chance } from "./world-chance.ts"
import { Process, WorldClock } from "./world-clock.ts"
import { Growing, HookChannel, type HookWord, Spoken } from "./world-evidence.ts"
import { Holder } from "./world-holder.ts"
import { type Conversation, Mind } from "./world-mind.ts"
import { worldProviders } from "./world-providers.ts"

/** What a daemon does to the world, reported at the instant it arrives there. */
export type Act =
  | { readonly type: "launch"; readonly ref: LaunchRef }
  | { readonly type: "connect"; readonly ref: LaunchRef }
  | { readonly type: "write"; readonly ref: LaunchRef; readonly writeId: string; readonly bytes: number; readonly submits: boolean }
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
  /** Every holder there ever was, for the rules that judge afterwards. */
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
  /** An agent's hook has reached a daemon, or has left its word behind. */
  spoke: (word: HookWord, taken: boolean) => void = () => {}
  /** Called for everything that goes wrong. */
  injected: (fault: string) => void = () => {}
  #pids = 1_000

  /** Sessions whose agents lie about themselves: what is known of those proves nothing. */
  readonly hostile = new Set<string>()
  /** Prompt texts by hash. */
  readonly texts = new Map<string, string>()
  /** By the agents' own names. */
  readonly conversations = new Map<string, Conversation>()
  readonly #outputs = new Map<string, Spoken>()
  readonly #spools = new Map<string, Growing<HookCall>>()
  /** How far a session's spool was read. */
  readonly spoolRead = new Map<string, number>()
  /** The daemon that answers hooks now; says whether it took the word. */
  answering: ((word: HookWord, told: (taken: boolean) => void) => void) | null = null

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
        spawned: (started) => this.spawned(started),
        output: this.outputOf(launch.order.session),
        awaken: (started) => this.#awaken(started)
      },
      launch.order,
      this.#scriptFor(launch.order.session)
    )
    launch.holder = holder
    this.holders.push(holder)
  }

  /** Power off and on: nothing that ran runs, everything on disk is there. The caller kills the daemon. */
  reboot(): void {
    this.injected("reboot")
    for (const holder of this.holders) holder.lose()
    this.clock.reboot()
    // What was not flushed: then hooks are sent again, which must change nothing.
    if (this.chance.happens(0.5)) this.spoolRead.clear()
  }

  outputOf(session: string): Spoken {
    return of(this.#outputs, session, () => new Spoken())
  }
  spoolOf(session: string): Growing<HookCall> {
    return of(this.#spools, session, () => new Growing<HookCall>())
  }

  /** An agent that talks, `"nothing there"` where it was to go on with what there is not, and null where it is any command. */
  #awaken(holder: Holder): Mind | "nothing there" | null {
    const { command, generation, session } = holder.order
    const provider = worldProviders.get(command[0])
    if (provider === undefined || provider.conversation === null) return null
    const conversation = this.#conversation(provider.id, command.slice(1))
    if (conversation === null) return "nothing there"
    const channel = provider.evidence.hooks === null ? null : new HookChannel(this, session, generation)
    const voice = {
      hook: (event: string, payload: Readonly<Record<string, unknown>>, lagMs: number) => channel?.say(event, payload, lagMs),
      status: (state: string) => {
        if (channel === null) holder.say(`\x1b]7501;${state}\x1b\\`)
      }
    }
    const manners = holder.script.manners
    return new Mind(manners, conversation, { clock: this.clock, root: this.root }, voice, () => holder.leaderAlive)
  }

  #conversation(provider: string, [how, first, second]: ReadonlyArray<string>): Conversation | null {
    const begin = (id: string, turns: ReadonlyArray<string>) => {
      const begun: Conversation = { id, provider, turns: [...turns] }
      this.conversations.set(id, begun)
      return begun
    }
    const known = first === undefined ? undefined : this.conversations.get(first)
    const isThere = known !== undefined && known.provider === provider && known.turns.length > 0
    if (how === "--begin") return isThere ? null : begin(first!, [])
    if (how === "--resume") return isThere ? known : null
    const ownName = () => `own-${this.chance.hex(6)}`
    if (how === "--fork") return isThere ? begin(second ?? ownName(), known.turns) : null
    return begin(ownName(), [])
  }

  #scriptFor(session: string): Script {
    const own = this.scripts.get(session) ?? this.nextScript
    this.nextScript = null
    const drawn = own ?? drawScript(this.chance, this.weather.habits)
    for (const habit of badHabitsOf(drawn)) this.injected(habit)
    return drawn
  }
}

const of = <A>(all: Map<string, A>, key: string, make: () => A): A => {
  const there = all.get(key)
  if (there !== undefined) return there
  const made = make()
  all.set(key, made)
  return made
}

export const keyOf = ({ generation, session }: { readonly session: string; readonly generation: number }) => `${session}/g${generation}`
