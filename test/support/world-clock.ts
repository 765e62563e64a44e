/** Time and turns of a modelled machine: nothing passes by itself, everything due happens in one order, and a killed process stops at once. */
import { Clock, Duration, Effect, type Scheduler as EffectScheduler, Scheduler } from "effect"

interface Timer {
  readonly at: number
  readonly owner: Process
  readonly run: () => void
}

/** Fibers that live and die together: a daemon, or (`world.root`) the machine itself. */
export class Process {
  readonly clock: Clock.Clock
  readonly scheduler: EffectScheduler.Scheduler
  readonly #machine: WorldClock
  alive = true

  constructor(machine: WorldClock) {
    this.#machine = machine
    this.clock = clockOf(machine, this)
    this.scheduler = new Mortal(this, (task) => machine.turn(this, task))
  }

  /** SIGKILL: no finalizer runs, no timer fires, no fiber takes another turn. */
  kill(): void {
    this.alive = false
    this.#machine.forget(this)
  }
}

/** A fiber that the world answers goes on at once, without a turn: the fibers of a killed process must not. */
class Mortal extends Scheduler.MixedScheduler {
  readonly #process: Process

  constructor(process: Process, turn: (task: () => void) => () => void) {
    super("async", turn)
    this.#process = process
  }

  /** A fiber that yields waits for a turn, and a killed process has none. Asked before every operation of a fiber. */
  override shouldYield(fiber: Parameters<Scheduler.MixedScheduler["shouldYield"]>[0]): boolean {
    return !this.#process.alive || super.shouldYield(fiber)
  }
}

export class WorldClock {
  #monotonicMs = 0
  #suspendedMs = 0
  #wallOffsetMs = 1_800_000_000_000
  #bootedAtMs = 0
  #boots = 1
  #timers: Array<Timer> = []
  #turns: Array<{ readonly owner: Process; readonly run: () => void }> = []

  get bootId() {
    return `boot-${this.#boots}`
  }
  get bootMs() {
    return this.#monotonicMs + this.#suspendedMs - this.#bootedAtMs
  }
  get wallMs() {
    return this.#monotonicMs + this.#suspendedMs + this.#wallOffsetMs
  }
  get monotonicMs() {
    return this.#monotonicMs
  }
  get timers() {
    return this.#timers.length
  }

  /** How often people's clock was set. */
  wallJumps = 0
  jumpWall(byMs: number): void {
    this.wallJumps += 1
    this.#wallOffsetMs += byMs
  }
  /** The machine sleeps: the boot clock goes on, no timer does. */
  suspend(forMs: number): void {
    this.#suspendedMs += forMs
  }
  reboot(): void {
    this.#boots += 1
    this.#bootedAtMs = this.#monotonicMs + this.#suspendedMs
  }

  turn(owner: Process, run: () => void): () => void {
    const task = { owner, run }
    if (owner.alive) this.#turns.push(task)
    return () => {
      const index = this.#turns.indexOf(task)
      if (index !== -1) this.#turns.splice(index, 1)
    }
  }

  /** For parts of ours that take their turns from the event loop elsewhere. */
  readonly later = (owner: Process) => (run: () => void, afterMs: number) => {
    if (afterMs === 0) this.turn(owner, run)
    else this.after(owner, afterMs, run)
    return { unref: () => {} }
  }

  after(owner: Process, delayMs: number, run: () => void): () => void {
    if (!owner.alive || delayMs === Number.POSITIVE_INFINITY) return () => {}
    const timer = { at: this.#monotonicMs + Math.max(0, delayMs), owner, run }
    // Behind those of the same instant: first come, first served.
    let place = this.#timers.length
    while (place > 0 && this.#timers[place - 1]!.at > timer.at) place -= 1
    this.#timers.splice(place, 0, timer)
    return () => {
      const index = this.#timers.indexOf(timer)
      if (index !== -1) this.#timers.splice(index, 1)
    }
  }

  forget(owner: Process): void {
    this.#timers = this.#timers.filter((timer) => timer.owner !== owner)
    this.#turns = this.#turns.filter((turn) => turn.owner !== owner)
  }

  /** Until every fiber waits for time to pass or for another process. Nothing in a modelled world waits for the event loop. */
  settle(): Promise<void> {
    for (let turns = 0; this.#turns.length > 0; turns++) {
      if (turns > 1_000_000) throw new Error("the world does not settle: somebody turns in a circle")
      this.#turns.shift()!.run()
    }
    return settled
  }

  /** Lets time pass, and everything that falls due on the way happen at its own instant. */
  async advance(forMs: number, unless: () => boolean = () => false): Promise<void> {
    const end = this.#monotonicMs + forMs
    this.settle()
    for (let fired = 0; ; fired++) {
      if (fired > 1_000_000) throw new Error("too many timers in one advance")
      const next = this.#timers[0]
      if (next === undefined || next.at > end || unless()) break
      this.#timers.shift()
      this.#monotonicMs = Math.max(this.#monotonicMs, next.at)
      next.run()
      if (this.#timers[0]?.at !== next.at) this.settle()
    }
    if (!unless()) this.#monotonicMs = Math.max(this.#monotonicMs, end)
  }
}

const settled = Promise.resolve()
const nanosPerMilli = 1_000_000n

const clockOf = (machine: WorldClock, owner: Process): Clock.Clock => ({
  currentTimeMillisUnsafe: () => machine.wallMs,
  currentTimeMillis: Effect.sync(() => machine.wallMs),
  currentTimeNanosUnsafe: () => BigInt(machine.wallMs) * nanosPerMilli,
  currentTimeNanos: Effect.sync(() => BigInt(machine.wallMs) * nanosPerMilli),
  monotonicTimeNanosUnsafe: () => BigInt(machine.monotonicMs) * nanosPerMilli,
  monotonicTimeNanos: Effect.sync(() => BigInt(machine.monotonicMs) * nanosPerMilli),
  sleep: (duration) =>
    Effect.callback<void>((resume) => {
      const cancel = machine.after(owner, Math.ceil(Duration.toMillis(duration)), () => resume(Effect.void))
      return Effect.sync(cancel)
    })
})

export const clockReference = Clock.Clock
