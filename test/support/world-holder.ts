/** The model of one holder: owns a modelled agent, writes its journal before it sends anything, runs the ladder, remembers what it wrote. */
import type { ProcessIdentity } from "../../src/domain/facts.ts"
import type { HolderEvent, JournalEntry } from "../../src/domain/inputs.ts"
import type { Settled } from "../../src/infra/holder/typing.ts"
import type { LaunchOrder } from "../../src/infra/runtimes/runtime.ts"
import type { Script } from "./world-agent.ts"
import type { Process, WorldClock } from "./world-clock.ts"
import type { Spoken } from "./world-evidence.ts"
import type { Mind } from "./world-mind.ts"

/** The daemon that listens to the journal, as the holder sees it. */
export interface Listener {
  readonly epoch: number
  readonly told: (entry: JournalEntry) => void
  readonly ended: (reason: "gone" | "silent" | "stale_epoch") => void
}

export interface Machine {
  readonly clock: WorldClock
  readonly root: Process
  readonly newPid: () => number
  /** A leader has come to be: called after the fact, for the count of processes. */
  readonly spawned: (holder: Holder) => void
  /** Of the session, over all its launches. */
  readonly output: Spoken
  /** The mind of the leader, if it can be talked to. */
  readonly awaken: (holder: Holder) => Mind | "nothing there" | null
}

/** Typed whole, or not at all. */
interface Piece {
  readonly settle: (outcome: Settled) => void
  readonly act: (settle: (outcome: Settled) => void) => void
}

export class Holder {
  readonly order: LaunchOrder
  readonly script: Script
  readonly #machine: Machine
  readonly journal: Array<JournalEntry> = []
  /** Everything that reached the terminal, in order. */
  readonly typed: Array<{ readonly writeId: string | null; readonly bytes: Uint8Array }> = []
  readonly #outcomes = new Map<string, { outcome: Settled | null; readonly waiters: Array<(outcome: Settled) => void> }>()
  readonly #backlog: Array<() => void> = []
  readonly #resumed: Array<() => void> = []
  listener: Listener | null = null
  newestEpoch = 0
  alive = true
  hung = false
  /** It hung, was cut off or died: another process may have had to do its work. */
  hadTrouble = false
  process: ProcessIdentity | null = null
  leaderAlive = false
  childrenAlive = 0
  mind: Mind | null = null
  #last: number | null = null
  stage: "starting" | "running" | "ending" | "over" = "starting"
  /** How the leader really ended, whether or not it is known. */
  truth: { readonly code: number | null; readonly signal: string | null } | null = null
  #rung: "none" | "hangup" | "kill" = "none"
  #unkillableUntil: number | null = null

  constructor(machine: Machine, order: LaunchOrder, script: Script) {
    this.#machine = machine
    this.order = order
    this.script = script
    this.#after(script.spawnMs, () => this.#spawn())
  }

  /** The end of what it has printed. */
  get offset(): number {
    return this.#last ?? this.#machine.output.end
  }
  get processes(): number {
    return (this.leaderAlive ? 1 : 0) + this.childrenAlive
  }

  hang(): void {
    this.hadTrouble = true
    this.hung = true
  }
  resume(): void {
    this.hung = false
    for (const act of this.#backlog.splice(0)) this.#act(act)
    for (const answer of this.#resumed.splice(0)) answer()
  }
  /** Calls back once the holder answers; never, if it does not. */
  whenAnswering(answer: () => void): void {
    if (!this.hung) answer()
    else this.#resumed.push(answer)
  }

  /** SIGKILL of the holder: its terminal closes, which hangs the agent up. */
  die(): void {
    if (!this.alive) return
    this.hadTrouble = true
    this.#last ??= this.offset
    this.alive = false
    this.hung = false
    this.#backlog.length = 0
    this.#tellEnd("gone")
    this.#endTyping("uncertain")
    if (this.script.hearsHangup) this.#leaderEnds({ code: null, signal: "SIGHUP" })
  }
  /** Everything of it ends with the machine. */
  lose(): void {
    this.#last ??= this.offset
    this.alive = false
    this.leaderAlive = false
    this.childrenAlive = 0
    this.listener = null
  }

  attach(listener: Listener, after: number): void {
    this.newestEpoch = listener.epoch
    this.#tellEnd("stale_epoch")
    this.listener = listener
    for (const entry of this.journal) if (entry.n > after) listener.told(entry)
  }
  /** The connection breaks; nothing else does. */
  disconnect(): void {
    this.hadTrouble = true
    this.#tellEnd("silent")
  }

  /** The agent dies by itself. */
  crash(code: number): void {
    if (this.stage === "running") this.#leaderEnds({ code, signal: null })
  }

  print(bytes: number): void {
    this.#print(new Uint8Array(bytes).fill(46))
  }
  say(text: string): void {
    this.#print(new TextEncoder().encode(text))
  }
  #print(bytes: Uint8Array): void {
    if (!this.leaderAlive || this.stage !== "running" || !this.alive) return
    this.#machine.output.push(bytes)
    if (!this.journal.some(({ event }) => event.type === "output_began")) this.#append({ type: "output_began" })
  }

  write(writeId: string, bytes: Uint8Array, answer: (outcome: Settled) => void): void {
    this.#once(writeId, answer, (settle) => {
      this.#type(writeId, bytes)
      settle({ outcome: "written" })
    })
  }

  /** The text, a pause, Enter when a daemon allows it: no client's keys come in between. */
  submit(
    writeId: string,
    text: Uint8Array,
    { afterMs, onTyped }: { readonly afterMs: number; readonly onTyped: () => void },
    answer: (outcome: Settled) => void
  ): void {
    const before = this.#submitting
    if (before !== null && !before.isAllowed && before.writeId !== writeId) this.withhold(before.writeId)
    this.#once(writeId, answer, (settle) => {
      this.#type(writeId, text)
      this.#submitting = { writeId, settle, isAllowed: false, isTyped: false }
      this.#after(afterMs, () => {
        const submitting = this.#submitting
        if (submitting?.settle !== settle) return
        submitting.isTyped = true
        if (submitting.isAllowed) this.#pressEnter()
        else onTyped()
      })
    })
  }
  enter(writeId: string): void {
    if (this.#submitting?.writeId !== writeId) return
    this.#submitting.isAllowed = true
    if (this.#submitting.isTyped) this.#pressEnter()
  }
  #pressEnter(): void {
    const enteredAt = this.#machine.clock.wallMs
    if (this.leaderAlive) this.mind?.read("\r")
    this.#submitted(this.leaderAlive ? { outcome: "written", enteredAt } : { outcome: "uncertain" })
  }
  /** Of a text without its Enter yet. */
  #submitting: {
    readonly writeId: string
    readonly settle: (settled: Settled) => void
    isAllowed: boolean
    isTyped: boolean
  } | null = null
  #submitted(settled: Settled): void {
    this.#submitting?.settle(settled)
    this.#submitting = null
    for (const next of this.#waiting.splice(0)) this.#take(next)
  }
  /** What waits behind another is typed whole, and its Enter withheld. */
  withhold(writeId: string): void {
    if (this.#submitting?.writeId === writeId) this.#submitted({ outcome: "withheld" })
  }
  /** What is typed behind it. */
  readonly #waiting: Array<Piece> = []

  #once(writeId: string, answer: (outcome: Settled) => void, act: Piece["act"]): void {
    const known = this.#outcomes.get(writeId)
    if (known !== undefined) {
      if (known.outcome === null) known.waiters.push(answer)
      else answer(known.outcome)
      return
    }
    const entry: { outcome: Settled | null; readonly waiters: Array<(outcome: Settled) => void> } = {
      outcome: null,
      waiters: [answer]
    }
    this.#outcomes.set(writeId, entry)
    const settle = (outcome: Settled) => {
      entry.outcome = outcome
      for (const waiter of entry.waiters.splice(0)) waiter(outcome)
    }
    this.#take({ settle, act })
  }
  #take(piece: Piece): void {
    if (this.stage !== "running") piece.settle({ outcome: "not_written" })
    else if (!this.script.reads || this.#submitting !== null) this.#waiting.push(piece)
    else piece.act(piece.settle)
  }
  #type(writeId: string | null, bytes: Uint8Array): void {
    this.typed.push({ writeId, bytes })
    if (this.leaderAlive) this.mind?.read(new TextDecoder().decode(bytes))
  }
  /** What was typed in part is uncertain; the rest was never typed. */
  #endTyping(outcome: "not_written" | "uncertain"): void {
    const begun = this.#submitting
    this.#submitting = null
    begun?.settle({ outcome: "uncertain" })
    for (const { settle } of this.#waiting.splice(0)) settle({ outcome })
  }
  writeOutcome(writeId: string, answer: (outcome: Settled) => void): void {
    const known = this.#outcomes.get(writeId)
    if (known === undefined) this.#outcomes.set(writeId, { outcome: { outcome: "not_written" }, waiters: [] })
    if (known?.outcome === null) known.waiters.push(answer)
    else answer(known?.outcome ?? { outcome: "not_written" })
  }
  type(bytes: Uint8Array): void {
    this.#take({ settle: () => {}, act: () => this.#type(null, bytes) })
  }

  runLadder(mode: "stop" | "kill"): void {
    if (this.stage !== "running" || this.#rung === "kill" || (mode === "stop" && this.#rung !== "none")) return
    const rungs = this.order.ladder.filter(({ step }) => step === "kill" || mode === "stop")
    let waitedMs = 0
    for (const rung of rungs) {
      this.#after(waitedMs, () => this.#climb(rung.step === "kill" ? "kill" : "hangup"))
      waitedMs += rung.step === "kill" ? 0 : rung.waitMs
    }
  }

  /** Every process of the launch, as a sweep by nonce ends it. Returns how many there were. */
  endTree(done: (swept: number) => void): void {
    const swept = this.processes
    this.#killLeader()
    this.#killChildren(() => done(swept))
  }

  #spawn(): void {
    const { children, exit, livesMs, printsAfterMs, spawnProblem } = this.script
    if (spawnProblem !== null) {
      this.stage = "over"
      this.#append({ type: "launch_failed", code: spawnProblem, message: spawnProblem })
      return
    }
    const { clock, newPid, spawned } = this.#machine
    this.process = { bootId: clock.bootId, pid: newPid(), startTime: Math.floor(clock.bootMs / 10) }
    this.leaderAlive = true
    this.childrenAlive = children
    this.stage = "running"
    this.#append({ type: "spawned", process: this.process })
    const mind = this.#machine.awaken(this)
    if (mind === "nothing there") this.#after(30, () => this.#leaderEnds({ code: 1, signal: null }))
    else this.mind = mind
    spawned(this)
    if (printsAfterMs !== null) this.#after(printsAfterMs, () => this.print(12))
    if (livesMs !== null) this.#machine.clock.after(this.#machine.root, livesMs, () => this.#leaderEnds(exit))
  }

  #climb(step: "hangup" | "kill"): void {
    if (this.stage !== "running" || this.#rung === step || this.#rung === "kill") return
    this.#rung = step
    this.#append({
      type: "stop_step",
      step,
      signals: step === "kill" ? ["SIGKILL"] : ["SIGHUP", "SIGCONT"],
      pids: [this.process?.pid ?? 0]
    })
    if (step === "kill") this.#killLeader()
    else if (this.script.hearsHangup) this.#leaderEnds({ code: null, signal: "SIGHUP" })
  }

  #killLeader(): void {
    this.#leaderEnds({ code: null, signal: "SIGKILL" })
  }

  #leaderEnds(exit: { readonly code: number | null; readonly signal: string | null }): void {
    if (!this.leaderAlive) return
    this.leaderAlive = false
    this.truth = exit
    if (this.alive) this.#after(2, () => this.#ended(exit))
  }

  #ended(exit: { readonly code: number | null; readonly signal: string | null }): void {
    if (this.stage !== "running") return
    this.stage = "ending"
    this.#endTyping("not_written")
    this.#last = this.offset
    this.#append({ type: "exited", ...exit })
    const swept = this.childrenAlive
    this.#after(swept === 0 ? 50 : 1_050, () =>
      this.#killChildren(() =>
        this.#act(() => {
          this.stage = "over"
          this.#append({ type: "cleared", swept })
        })
      )
    )
  }

  #killChildren(done: () => void): void {
    if (this.childrenAlive === 0) {
      done()
      return
    }
    const { clock, root } = this.#machine
    this.#unkillableUntil ??= clock.bootMs + this.script.unkillableMs
    const leftMs = this.#unkillableUntil - clock.bootMs
    if (leftMs > 5_000 && this.alive)
      this.#after(5_000, () => {
        if (this.childrenAlive > 0) this.#append({ type: "leftovers", leftovers: [{ pid: 1, command: "stuck" }] })
      })
    clock.after(root, Math.max(0, leftMs), () => {
      this.childrenAlive = 0
      done()
    })
  }

  #append(event: HolderEvent): void {
    if (!this.alive) return
    const entry = { n: this.journal.length + 1, wallMs: this.#machine.clock.wallMs, offset: this.offset, event }
    this.journal.push(entry)
    this.listener?.told(entry)
  }

  /** Only what its own program does waits while it hangs. */
  #act(act: () => void): void {
    if (!this.alive) return
    if (this.hung) this.#backlog.push(act)
    else act()
  }
  #after(ms: number, act: () => void): void {
    this.#machine.clock.after(this.#machine.root, ms, () => this.#act(act))
  }
  #tellEnd(reason: "gone" | "silent" | "stale_epoch"): void {
    const listener = this.listener
    this.listener = null
    listener?.ended(reason)
  }
}
