/** One seed, one world, one history: random commands, faults and deaths, every rule after every step, then calm, in which all must settle. */
import { Effect } from "effect"
import type { RecoveryReport } from "../../src/actors/sessions.ts"
import { StoreFailure } from "../../src/infra/log/event-store.ts"
import { fairWeather } from "../support/world.ts"
import { script } from "../support/world-agent.ts"
import type { Chance } from "../support/world-chance.ts"
import type { Daemon, DaemonOptions } from "../support/world-daemon.ts"
import type { DiskFault } from "../support/world-log.ts"
import { Stage } from "../support/world-stage.ts"
import { judgeCalm, judgeEmptiness } from "./calm.ts"
import { Clients } from "./clients.ts"
import { eclipses } from "./eclipses.ts"
import { Follower } from "./follower.ts"
import { hostiles, judgeWords } from "./hostiles.ts"
import type { Mutant } from "./mutants.ts"
import { poison } from "./poison.ts"
import { Prompters } from "./prompters.ts"
import { drawMove, drawSwarm, type Move, type Smaller, type Swarm } from "./swarm.ts"
import { type Tell, telling } from "./telling.ts"

export interface Outcome {
  readonly seed: number
  readonly violations: ReadonlyArray<string>
  readonly counts: Map<string, number>
  readonly faults: Map<string, number>
  /** How often each kind of move was made. */
  readonly moves: ReadonlyMap<string, number>
  /** Over the whole log, and everything that a client was answered. */
  readonly hash: string
  readonly facts: number
  readonly story: ReadonlyArray<string>
}

export interface Options extends Smaller {
  readonly mutant?: Mutant | undefined
  /** Some of its agents lie about themselves without end. */
  readonly hostile?: boolean
  /** Called with the whole life, line by line. */
  readonly tell?: Tell
}

export const simulate = async (seed: number, options: Options = {}): Promise<Outcome> => new Simulation(seed, options).run()

export class Simulation {
  readonly seed: number
  readonly stage: Stage
  readonly chance: Chance
  readonly swarm: Swarm
  readonly clients: Clients
  readonly prompters: Prompters
  readonly #follower: Follower
  readonly #bent: DaemonOptions
  readonly #moves = new Map<string, number>()
  readonly #story: Array<string> = []
  readonly #tell: Tell
  readonly #endFaults: () => void
  #daemon: Daemon | null = null
  /** Whose start-up has been judged. */
  #judged: Daemon | null = null
  #defects = 0
  #armedDefect = false
  /** The next append is reported as unknown, and is or is not there. */
  #doubt: "written" | "not_written" | null = null
  readonly poisoned = new Set<string>()

  constructor(seed: number, options: Options = {}) {
    this.seed = seed
    this.stage = new Stage(seed)
    this.chance = this.stage.world.chance.fork()
    this.swarm = drawSwarm(this.chance.fork(), options)
    this.clients = new Clients(this.stage, this.chance.fork(), this.swarm.clients)
    this.prompters = new Prompters(this.stage, this.chance.fork(), () => this.clients.someone())
    this.#follower = new Follower(this.stage)
    this.#bent = options.mutant?.(this.stage) ?? {}
    this.stage.world.weather = this.swarm.weather
    const endEclipses = eclipses(this.stage, seed, options.without)
    const endHostiles = options.hostile === true ? hostiles(this.stage, seed) : () => {}
    this.#endFaults = () => {
      endEclipses()
      endHostiles()
    }
    this.#tell = options.tell === undefined ? () => {} : telling(this.stage, options.tell)
  }

  async run(): Promise<Outcome> {
    const { ledger } = this.stage
    try {
      for (let step = 0; step < this.swarm.steps && ledger.violations.length === 0; step++) await this.#step()
      if (ledger.violations.length === 0) await this.#calm()
      if (ledger.violations.length === 0) await this.#empty()
    } catch (cause) {
      // A log that cannot be folded, a world that does not come to rest.
      ledger.check("sound", false, () => String(cause))
    } finally {
      await this.stage.close().catch((cause) => ledger.check("sound", false, () => String(cause)))
    }
    this.#tell("over")
    const { truth } = this.stage
    return {
      seed: this.seed,
      violations: ledger.violations,
      counts: ledger.counts,
      faults: ledger.faults,
      moves: this.#moves,
      hash: `${truth.hash}${this.clients.hash}`,
      facts: truth.rows.length,
      story: this.#story
    }
  }

  async #step(): Promise<void> {
    await this.#ensureDaemon()
    const move = drawMove(this.chance, this.swarm)
    this.#moves.set(move, (this.#moves.get(move) ?? 0) + 1)
    this.#story.push(`${this.stage.world.clock.monotonicMs} ${move}`)
    this.#tell(move)
    await this.#make(move)
    await this.stage.pass(this.chance.happens(0.4) ? 0 : this.chance.between(1, 60))
    await this.#look()
  }

  async #look(): Promise<void> {
    const { ledger } = this.stage
    const daemon = this.#daemon
    this.stage.look()
    this.clients.judge()
    this.prompters.judge()
    if (daemon === null) return
    if (daemon.failure !== null) ledger.check("I42", false, () => `the daemon did not start: ${String(daemon.failure)}`)
    if (!daemon.alive || daemon.fenced !== null) await this.#kill()
    else if (daemon.ready) {
      if (this.#judged !== daemon) this.#begin(daemon)
      else this.#follower.judge()
    }
  }

  /** A daemon has come to be ready. */
  #begin(daemon: Daemon): void {
    this.#judged = daemon
    this.#follower.begin(daemon, this.chance)
    daemon.ask(daemon.sessions.recovery, (exit) => {
      if (exit._tag === "Success" && exit.value !== null) this.#judgeRecovery(exit.value)
    })
  }

  #judgeRecovery(report: RecoveryReport): void {
    const { adopted, exited, expected, failed, lost, rebooted, respawned, resting, tookMs } = report
    const { ledger } = this.stage
    const sum = adopted + exited + failed + lost + rebooted + respawned + resting
    ledger.check("I42 sum", sum === expected, () => `${sum} outcomes for ${expected} sessions`)
    ledger.check(
      "I42 bound",
      Math.abs(tookMs) < 20_000 || this.#moves.has("wall_jump") || this.#moves.has("suspend"),
      () => `start-up took ${tookMs} ms`
    )
  }

  async #ensureDaemon(): Promise<void> {
    if (this.#daemon !== null) {
      // Its start-up may be hard: then the world goes on around it.
      if (!this.#daemon.ready) await this.stage.pass(this.chance.between(10, 500))
      return
    }
    if (this.chance.happens(0.2)) await this.stage.pass(this.chance.between(1, 30_000))
    this.#start(this.chance.happens(0.15) && (this.swarm.weights.get("fuse") ?? 0) > 0 ? this.chance.between(1, 30) : null)
    await this.stage.pass(this.chance.between(0, 300))
    await this.#look()
  }

  #start(fuse: number | null, withoutLock = false): void {
    const { bendAppend } = this.#bent
    this.#daemon = this.stage.launch({
      ...this.#bent,
      fuse,
      withoutLock,
      bendAppend: (decision, append) => {
        if (this.#armedDefect && decision.input.type !== "Create") {
          this.#armedDefect = false
          this.#inject("defect")
          return Effect.die(new Error("a defect"))
        }
        const doubt = this.#doubt
        this.#doubt = null
        if (doubt !== null) {
          this.#inject(`doubt ${doubt}`)
          const unknown = Effect.fail(new StoreFailure({ operation: "append", code: "SQLITE_IOERR", outcome: "unknown", cause: null }))
          return doubt === "written" ? Effect.andThen(append(decision), unknown) : unknown
        }
        return bendAppend === undefined ? append(decision) : bendAppend(decision, append)
      }
    })
  }

  async #kill(): Promise<void> {
    const daemon = this.#daemon
    this.#daemon = null
    this.#armedDefect = false
    this.#doubt = null
    await daemon?.kill()
    this.stage.reread()
  }

  async #make(move: Move): Promise<void> {
    const { chance, clients, stage } = this
    const { world } = stage
    const daemon = this.#daemon
    const ready = daemon?.ready === true && daemon.alive ? daemon : null
    const holders = world.holders.filter(({ alive, stage: at }) => alive && at !== "starting")
    const holder = holders.length === 0 ? null : chance.pick(holders)
    switch (move) {
      case "create":
        if (ready !== null && clients.sessions.length < this.swarm.sessions) clients.create(ready)
        return
      case "command":
        if (ready !== null) clients.command(ready)
        return
      case "write":
        if (ready !== null) clients.write(ready)
        return
      case "retry":
        if (ready !== null) clients.retry(ready)
        return
      case "prompt":
        if (ready !== null) this.prompters.prompt(ready)
        return
      case "answer":
        if (ready !== null) this.prompters.answer(ready)
        return
      case "reprompt":
        if (ready !== null) this.prompters.retry(ready)
        return
      case "change":
        if (ready !== null) this.prompters.change(ready)
        return
      case "fork":
        if (ready !== null && clients.sessions.length < this.swarm.sessions) clients.fork(ready)
        return
      case "visit":
        if (ready !== null) clients.visit(ready)
        return
      case "pass":
        await stage.pass(chance.pick([chance.between(1, 500), chance.between(500, 8_000), chance.between(8_000, 90_000)]))
        return
      case "print":
        holder?.print(chance.between(1, 400))
        return
      case "crash":
        if (holder?.stage !== "running") return
        this.#inject(move)
        holder.crash(chance.between(1, 9))
        return
      case "holder_dies":
        if (holder === null) return
        this.#inject(move)
        holder.die()
        return
      case "hang":
        if (holder?.hung === true) holder.resume()
        else if (holder?.stage === "running") {
          this.#inject(move)
          holder.hang()
        }
        return
      case "disconnect":
        if (holder?.listener == null) return
        this.#inject(move)
        holder.disconnect()
        return
      case "kill":
        if (daemon !== null) this.#inject(move)
        await this.#kill()
        return
      case "fuse":
        if (daemon !== null) daemon.port.fuse ??= chance.between(1, 25)
        return
      case "restart":
        if (ready === null || ready.port.fuse !== null) return
        this.#inject(move)
        this.#daemon = null
        await ready.stop()
        stage.reread()
        return
      case "succession":
        return this.#succeed()
      case "disk":
        daemon?.disk.loaded.push(...chance.pick(diskFaults))
        return
      case "doubt":
        this.#doubt = chance.pick(["written", "not_written"] as const)
        return
      case "defect":
        this.#defects += 1
        if (this.#defects <= 3) this.#armedDefect = true
        return
      case "wall_jump":
        this.#inject(move)
        world.clock.jumpWall(chance.pick([-3_600_000, -1_000, 1_000, 3_600_000]))
        return
      case "suspend":
        this.#inject(move)
        world.clock.suspend(chance.between(1_000, 600_000))
        return
      case "reboot":
        await this.#kill()
        world.reboot()
        return
      case "poison":
        if (this.poisoned.size > 0 || clients.sessions.length < 2) return
        this.#inject(move)
        await this.#kill()
        this.poisoned.add(poison(stage, chance.pick(clients.sessions)))
        return
    }
  }

  #inject(fault: string): void {
    this.stage.ledger.inject(fault)
  }

  /** A second daemon while the first still lives: the first must find out, and do no harm until then. */
  async #succeed(): Promise<void> {
    const old = this.#daemon
    if (old === null || !old.ready) return
    this.#inject("succession")
    this.#start(null, true)
    for (let n = 0; n < 3; n++) {
      if (old.alive && old.ready) this.clients.command(old)
      await this.stage.pass(this.chance.between(1, 200))
    }
    await old.kill()
  }

  /** No more faults: everything that was started comes to its end. */
  async #calm(): Promise<void> {
    const { stage } = this
    const { world } = stage
    this.#tell("calm")
    world.weather = fairWeather
    this.#endFaults()
    this.#armedDefect = false
    this.#doubt = null
    for (const daemon of stage.daemons) daemon.disk.loaded.length = 0
    for (const holder of world.holders) if (holder.hung) holder.resume()
    for (const id of this.clients.sessions) world.scripts.set(id, script())
    if (this.#daemon !== null) {
      this.#daemon.port.fuse = null
      if (!this.#daemon.alive) await this.#kill()
    }
    if (this.#daemon === null) this.#start(null)
    for (let tries = 0; this.stage.truth.streams.size === 0 && tries < 20; tries++) {
      // A life without a session proves nothing.
      if (this.#daemon?.ready) this.clients.create(this.#daemon)
      await stage.pass(1_000)
      await this.#look()
    }
    for (let waitedMs = 0; waitedMs < calmMs && stage.ledger.violations.length === 0; waitedMs += calmStepMs) {
      await stage.pass(calmStepMs)
      await this.#look()
    }
    if (this.#daemon !== null && stage.ledger.violations.length === 0) judgeCalm(stage, this.#daemon, this.poisoned)
  }

  /** Every process goes: nothing is left of anything. */
  async #empty(): Promise<void> {
    const daemon = this.#daemon
    if (daemon === null) return
    for (const id of this.stage.truth.streams.keys()) this.clients.terminate(daemon, id)
    await this.stage.pass(180_000)
    await this.#look()
    await judgeEmptiness(this.stage, daemon, this.poisoned)
    judgeWords(this.stage)
  }
}

const diskFaults: ReadonlyArray<ReadonlyArray<DiskFault>> = [
  ["full"],
  ["before_begin"],
  ["before_commit"],
  ["after_commit"],
  ["before_commit", "reopen"],
  ["after_commit", "reopen", "reopen"],
  ["busy"],
  ["busy", "busy", "busy"]
]

/** Longer than the longest hold of a relaunch, and than a busy agent is waited for. */
const calmMs = 4_200_000
const calmStepMs = 300_000
