/** People and programs at the other end: they ask, lose answers, ask again with the same key, and remember what they were promised. */
import { createHash } from "node:crypto"
import { Cause, Effect, type Exit } from "effect"
import type { Answer, Asking } from "../../src/actors/sessions.ts"
import type { Command } from "../../src/domain/inputs.ts"
import type { SessionView } from "../../src/domain/view.ts"
import type { Chance } from "../support/world-chance.ts"
import type { Daemon } from "../support/world-daemon.ts"
import type { Holder } from "../support/world-holder.ts"
import { create } from "../support/world-requests.ts"
import type { Stage } from "../support/world-stage.ts"

interface Request {
  readonly asking: Asking
  /** Null for a create. */
  readonly session: string | null
  readonly send: (daemon: Daemon) => Effect.Effect<Answer, unknown>
  readonly typed: string | null
  /** The first answer that was a success. */
  promised: SessionView | null
  attempts: number
  outcome: "none" | "answered" | "written" | "not_written" | "uncertain" | "refused"
}

export class Clients {
  readonly #stage: Stage
  readonly #chance: Chance
  readonly #count: number
  readonly requests: Array<Request> = []
  readonly sessions: Array<string> = []
  readonly #answers = createHash("sha256")

  constructor(stage: Stage, chance: Chance, count: number) {
    this.#stage = stage
    this.#chance = chance
    this.#count = count
  }

  /** One word for everything that a client was answered. */
  get hash(): string {
    return this.#answers.copy().digest("hex").slice(0, 16)
  }

  create(daemon: Daemon): void {
    const chance = this.#chance
    const provider = chance.pick(["command", "hooked", "hooked", "naming", "speaking"])
    const talked = [...this.#stage.world.conversations.values()].filter((one) => one.provider === provider && one.turns.length > 0)
    const request = create({
      ...(provider === "command" ? {} : { provider, command: [provider] }),
      ...(provider !== "command" && talked.length > 0 && chance.happens(0.25) ? { conversation: chance.pick(talked).id } : {}),
      ...(chance.happens(0.5) ? { prompt: `first of ${this.requests.length}` } : {}),
      keepalive: {
        mode: chance.pick(["never", "on_crash", "always"] as const),
        baseMs: chance.between(100, 5_000),
        factor: chance.pick([1, 2, 3]),
        capMs: chance.between(5_000, 20_000),
        maxAttempts: chance.between(0, 4),
        healthyAfterMs: chance.between(1_000, 60_000)
      },
      stop: { ladder: [{ step: "hangup", signals: ["SIGHUP", "SIGCONT"], waitMs: chance.between(0, 5_000) }, { step: "kill" }] },
      ...(chance.happens(0.3) ? { idleStopMs: chance.between(1_000, 60_000) } : {})
    })
    this.#ask(daemon, null, null, (asking) => (to) => to.sessions.create(request, asking))
  }

  fork(daemon: Daemon): void {
    const id = this.someone()
    if (id === null) return
    const prompt = this.#chance.happens(0.3) ? { prompt: `fork ${this.requests.length}` } : {}
    this.#ask(daemon, null, null, (asking) => (to) => to.sessions.fork(id, prompt, asking))
  }

  command(daemon: Daemon): void {
    const id = this.someone()
    if (id === null) return
    const by = this.#nextName()
    const command = this.#draw(by)
    const seq = this.#stage.truth.streams.get(id)?.seq ?? 0
    const ifMatch = this.#chance.happens(0.15) ? { ifMatch: seq - (this.#chance.happens(0.5) ? 1 : 0) } : {}
    this.#ask(daemon, id, null, (asking) => (to) => to.sessions.send(id, command, { ...asking, ...ifMatch }))
  }

  /** Every write types something that no other write does. */
  write(daemon: Daemon): void {
    const id = this.someone()
    if (id === null) return
    this.#writes += 1
    const text = `${this.#writes};`
    const bytes = new TextEncoder().encode(text)
    this.#ask(daemon, id, text, (asking) => (to) => to.sessions.write(id, bytes, asking))
  }

  /** The same request again, by a client that did not get or did not believe the answer. */
  retry(daemon: Daemon): void {
    if (this.requests.length === 0) return
    this.#send(daemon, this.#chance.pick(this.requests.slice(-10)))
  }

  visit(daemon: Daemon): void {
    const id = this.someone()
    if (id === null) return
    const by = this.#nextName()
    const stayMs = this.#chance.between(1, 20_000)
    daemon.ask(
      Effect.andThen(daemon.sessions.attach(id, by, this.#chance.pick(["control", "view"] as const), { by }), Effect.sleep(stayMs))
    )
  }

  terminate(daemon: Daemon, id: string): void {
    const by = this.#nextName()
    daemon.ask(daemon.sessions.send(id, { type: "Terminate", by, reason: "the end" }, { by }))
  }

  /** What was promised is in the log, what was done was done once. */
  judge(): void {
    const { ledger, truth, world } = this.#stage
    for (const { actor, input_id } of truth.rows.slice(this.#judgedRows)) {
      const inputs = this.#inputsOf.get(actor) ?? new Set()
      this.#inputsOf.set(actor, inputs.add(input_id))
    }
    this.#judgedRows = truth.rows.length
    for (const holder of world.holders) {
      for (const { bytes } of holder.typed.slice(this.#judgedTyping.get(holder) ?? 0)) {
        const text = new TextDecoder().decode(bytes)
        this.#typedTimes.set(text, (this.#typedTimes.get(text) ?? 0) + 1)
      }
      this.#judgedTyping.set(holder, holder.typed.length)
    }
    for (const { asking, outcome, promised, typed } of this.requests) {
      ledger.check("I3 once", (this.#inputsOf.get(asking.by)?.size ?? 0) <= 1, () => `${asking.by} was done twice`)
      if (promised !== null) {
        const stream = truth.streams.get(promised.id)
        ledger.check(
          "I2",
          stream !== undefined && (stream.poisoned !== null || stream.seq >= promised.seq),
          () => `${asking.by}: ${promised.id}@${promised.seq} is lost`
        )
      }
      if (typed === null) continue
      const times = this.#typedTimes.get(typed) ?? 0
      const right = outcome === "written" ? times === 1 : outcome === "not_written" || outcome === "refused" ? times === 0 : times <= 1
      ledger.check("I37 fate", right, () => `${asking.by} was told ${outcome}, and it was typed ${times} times`)
    }
  }
  #judgedRows = 0
  readonly #inputsOf = new Map<string, Set<string>>()
  readonly #judgedTyping = new Map<Holder, number>()
  readonly #typedTimes = new Map<string, number>()

  #ask(daemon: Daemon, session: string | null, typed: string | null, make: (asking: Asking) => Request["send"]): void {
    const by = this.#nextName()
    const keyed = this.#chance.happens(0.8)
    const asking: Asking = { by, ...(keyed ? { idempotency: { scope: session ?? "create", key: by, requestHash: by } } : {}) }
    const request: Request = { asking, session, typed, send: make(asking), promised: null, attempts: 0, outcome: "none" }
    if (keyed || session !== null) this.#send(daemon, request)
    if (keyed) this.requests.push(request)
  }

  #send(daemon: Daemon, request: Request): void {
    // What was refused may be taken now.
    if (request.outcome === "refused") request.outcome = "none"
    request.attempts += 1
    daemon.ask(request.send(daemon), (exit) => this.#hear(request, exit))
  }

  #hear(request: Request, exit: Exit.Exit<Answer, unknown>): void {
    const { ledger, truth } = this.#stage
    if (exit._tag === "Failure") {
      const error = Cause.squash(exit.cause) as { readonly _tag?: string; readonly code?: string; readonly outcome?: string }
      this.#answers.update(`${request.asking.by} ${error._tag} ${error.code}\n`)
      if (error._tag === "StoreFailure" && error.outcome === "absent" && request.attempts === 1) {
        truth.look()
        const done = truth.rows.some(({ actor }) => actor === request.asking.by)
        ledger.check("I9 told", !done, () => `${request.asking.by} was told that nothing was written, and it is`)
      }
      if (error._tag === "InputNotWritten") request.outcome = error.code as Request["outcome"]
      else if (error._tag === "Refused" && request.outcome === "none") request.outcome = "refused"
      return
    }
    const { repeated, view } = exit.value
    this.#answers.update(`${request.asking.by} ${repeated} ${JSON.stringify(view)}\n`)
    truth.look()
    const stream = truth.streams.get(view.id)
    ledger.check(
      "I5 reply",
      stream !== undefined && stream.seq >= view.seq,
      () => `${request.asking.by} was told of ${view.id}@${view.seq}, which is not durable`
    )
    if (repeated && request.promised !== null)
      ledger.check("I3 same", JSON.stringify(view) === JSON.stringify(request.promised), () => `${request.asking.by} got two answers`)
    request.promised ??= view
    if (request.typed !== null) request.outcome = repeated ? request.outcome : "written"
    if (request.session === null && !this.sessions.includes(view.id)) this.sessions.push(view.id)
  }

  /** Keyed requests are the ones that are looked at; a retry keeps its name. */
  #names = 0
  #writes = 0
  #nextName(): string {
    this.#names += 1
    return `c${this.#names % this.#count}-${this.#names}`
  }
  someone(): string | null {
    return this.sessions.length === 0 ? null : this.#chance.pick(this.sessions)
  }
  #draw(by: string): Command {
    const chance = this.#chance
    const reason = "because"
    return chance.pick<() => Command>([
      () => ({ type: "Stop", by, reason }),
      () => ({ type: "Stop", by, reason }),
      () => ({ type: "Kill", by, reason }),
      () => ({ type: "Resume", by }),
      () => ({ type: "Resume", by }),
      () => ({ type: "Resume", by }),
      () => ({ type: "Resize", by, size: { cols: chance.between(2, 200), rows: 24 } }),
      () => ({ type: "Patch", by, changes: { name: by } }),
      () => ({ type: "Interrupt", by, writeId: by }),
      () => ({ type: "Interrupt", by, writeId: by }),
      () => ({ type: "Reload", by, reason }),
      () => ({ type: "Reload", by, reason }),
      () => ({ type: "Archive", by }),
      () => ({ type: "Unarchive", by }),
      () => (chance.happens(0.3) ? { type: "Terminate", by, reason } : { type: "Resume", by })
    ])()
  }
}
