/** A world, its log and the processes in it, with every rule looked at on the way; `close` fails if one was broken. */
import { assert } from "@effect/vitest"
import type { AppendError, Appended, Decision } from "../../src/infra/log/event-store.ts"
import { World } from "./world.ts"
import { Daemon, type DaemonOptions } from "./world-daemon.ts"
import { Ledger } from "./world-ledger.ts"
import { LogFile } from "./world-log.ts"
import { judgeAct, judgeSpawn, TypingJudge } from "./world-rules-acts.ts"
import { judgeFact, judgeRow } from "./world-rules-facts.ts"
import { Truth } from "./world-truth.ts"

export class Stage {
  readonly world: World
  readonly log = new LogFile()
  readonly ledger: Ledger
  readonly truth: Truth
  readonly daemons: Array<Daemon> = []
  /** Input ids of decisions that were reported as not written. */
  readonly #absent = new Set<string>()
  /** And of those that were reported as a past daemon's. */
  readonly #fenced = new Set<string>()
  /** Sessions a stop of which the log refused. */
  readonly #refusedStops = new Set<string>()
  readonly #typing = new TypingJudge()

  constructor(seed = 1, ledger = new Ledger()) {
    this.ledger = ledger
    this.world = new World(seed)
    const seqs = new Map<string, number>()
    this.truth = new Truth(this.log.path, {
      row: (row, before) => judgeRow(ledger, row, before, seqs),
      fact: (stream, recorded) => judgeFact(ledger, this.world, stream, recorded),
      unfoldable: () => {}
    })
    this.world.watch = (act) => {
      this.truth.look()
      judgeAct(ledger, this.world, this.truth, act, this.#refusedStops)
    }
    this.world.injected = (fault) => ledger.inject(fault)
    this.world.spawned = (holder) => {
      this.truth.look()
      judgeSpawn(ledger, this.world, this.truth, holder)
    }
  }

  /** Not ready yet: its start-up may take its time. */
  launch(options: DaemonOptions = {}): Daemon {
    const daemon = new Daemon(this.world, this.log, {
      ...options,
      watch: { asked: () => {}, answered: (decision, answer) => this.#answered(decision, answer) }
    })
    daemon.disk.injected = this.world.injected
    daemon.port.injected = this.world.injected
    this.daemons.push(daemon)
    return daemon
  }

  /** Ready. */
  async start(options: DaemonOptions = {}): Promise<Daemon> {
    const daemon = this.launch(options)
    await this.until("the daemon is ready", () => daemon.ready || daemon.failure !== null, 60_000, 10)
    assert(daemon.ready, String(daemon.failure))
    return daemon
  }

  async until(what: string, holds: () => boolean, withinMs = 60_000, stepMs = 50): Promise<void> {
    await this.world.clock.settle()
    for (let waitedMs = 0; !holds(); waitedMs += stepMs) {
      assert(waitedMs < withinMs, `not within ${withinMs} ms: ${what}`)
      await this.world.clock.advance(stepMs)
    }
    this.look()
  }

  async pass(ms: number): Promise<void> {
    await this.world.clock.advance(ms)
    await this.world.clock.settle()
    this.look()
  }

  /** Every rule that can be looked at between two steps. */
  look(): void {
    this.truth.look()
    for (const holder of this.world.holders) this.#typing.judge(this.ledger, this.truth, holder)
    for (const inputId of this.#fenced)
      this.ledger.check("I8 fenced", !this.truth.decisions.has(inputId), () => `${inputId} was written by a daemon of the past`)
    for (const inputId of this.#absent)
      this.ledger.check("I9", !this.truth.decisions.has(inputId), () => `${inputId} was told as not written, and is in the log`)
  }

  /** What was durable is as it was when it became durable. */
  reread(): void {
    const { now, then } = this.truth.reread()
    this.ledger.check("I7", now === then, () => "rows of the log have changed or vanished")
  }

  async close(): Promise<void> {
    for (const daemon of this.daemons) await daemon.kill()
    this.look()
    this.reread()
    this.truth.close()
    this.log.remove()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
    assert.deepStrictEqual(this.ledger.violations, [])
  }

  #answered(decision: Decision, answer: Appended | AppendError): void {
    this.truth.look()
    if (!("_tag" in answer)) {
      // A report is sent until it is in the log: not written then, written now.
      this.#absent.delete(decision.inputId)
      const written = this.truth.decisions.get(decision.inputId)
      this.ledger.check(
        "I4",
        written === decision.facts.length,
        () => `${decision.inputId} has ${written} of its ${decision.facts.length} facts`
      )
    } else if (answer._tag === "EpochFenced") {
      this.#fenced.add(decision.inputId)
    } else if (answer._tag === "StoreFailure") {
      if (decision.facts.some(({ type }) => type === "StopRequested" || type === "StopEscalated")) this.#refusedStops.add(decision.stream)
      if (answer.outcome === "absent") this.#absent.add(decision.inputId)
      // A report that was not written then may be written by now: no answer says that it is not.
      else this.#absent.delete(decision.inputId)
    }
  }
}
