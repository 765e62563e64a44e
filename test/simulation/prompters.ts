/** Clients that prompt: they lose answers, ask again, edit, cancel, and remember which prompts they were promised. */
import { Cause, type Effect, type Exit } from "effect"
import type { Asking, PromptRequest } from "../../src/actors/sessions.ts"
import type { PromptView } from "../../src/domain/prompt-view.ts"
import type { Chance } from "../support/world-chance.ts"
import type { Daemon } from "../support/world-daemon.ts"
import type { Holder } from "../support/world-holder.ts"
import type { Stage } from "../support/world-stage.ts"

interface Sent {
  readonly by: string
  readonly session: string
  readonly request: PromptRequest
  readonly asking: Asking
  promised: string | null
}

export class Prompters {
  readonly #stage: Stage
  readonly #chance: Chance
  readonly #someone: () => string | null
  readonly sent: Array<Sent> = []
  readonly #resendable = new Map<string, boolean>()
  readonly #taken = new Map<string, number>()
  readonly #looked = new Map<Holder, number>()
  #count = 0

  constructor(stage: Stage, chance: Chance, someone: () => string | null) {
    this.#stage = stage
    this.#chance = chance
    this.#someone = someone
  }

  prompt(daemon: Daemon): void {
    const session = this.#someone()
    if (session !== null) this.#prompt(daemon, session)
  }

  /** A client that asks is answered; where none does, there is nothing to say. */
  answer(daemon: Daemon): void {
    const asking = [...this.#stage.truth.streams.values()].filter(({ session }) => session.context.activity.asked !== undefined)
    if (asking.length > 0) this.#prompt(daemon, this.#chance.pick(asking).id)
  }

  #prompt(daemon: Daemon, session: string): void {
    const chance = this.#chance
    const by = this.#name()
    const open = this.#stage.truth.streams.get(session)?.session.context.activity.asked?.id
    const answers = open !== undefined && chance.happens(0.7) ? { answers: open } : {}
    const request: PromptRequest = {
      ...(chance.happens(0.4) ? { id: by } : {}),
      text: "answers" in answers ? chance.pick(["allow", "deny", `${by} says yes`]) : this.#text(by),
      deliver: chance.pick(["now", "turn_boundary", "idle"]),
      onUncertain: chance.pick(["report", "report", "resend"]),
      from: null,
      replyTo: null,
      threadId: null,
      replyExpected: false,
      expiresInMs: chance.happens(0.25) ? chance.between(1_000, 60_000) : null,
      ...answers
    }
    this.#resendable.set(request.text, request.onUncertain === "resend")
    const keyed = request.id === undefined || chance.happens(0.5)
    const asking: Asking = { by, ...(keyed ? { idempotency: { scope: session, key: by, requestHash: by } } : {}) }
    const sent: Sent = { by, session, request, asking, promised: null }
    this.sent.push(sent)
    this.#send(daemon, sent)
  }

  /** The same again, by a client that did not get or did not believe the answer. */
  retry(daemon: Daemon): void {
    if (this.sent.length > 0) this.#send(daemon, this.#chance.pick(this.sent.slice(-6)))
  }

  change(daemon: Daemon): void {
    const promised = this.sent.filter((sent) => sent.promised !== null).slice(-6)
    if (promised.length === 0) return
    const { promised: id, request, session } = this.#chance.pick(promised)
    const by = this.#name()
    const asking = { by }
    const { sessions } = daemon
    const act = this.#chance.pick<() => Effect.Effect<unknown, unknown>>([
      () => {
        const text = this.#text(by)
        this.#resendable.set(text, request.onUncertain === "resend")
        return sessions.editPrompt(session, id!, text, asking)
      },
      () => sessions.promotePrompt(session, id!, asking),
      () => sessions.cancelPrompt(session, id!, "no more", asking)
    ])
    daemon.ask(act())
  }

  /** What was promised is in the log; what an agent took it took as often as a client wished. */
  judge(): void {
    const { ledger, truth, world } = this.#stage
    for (const { by, promised, session } of this.sent) {
      if (promised === null) continue
      const stream = truth.streams.get(session)
      const known = stream?.poisoned != null || truth.has(session, (fact) => fact.type === "PromptQueued" && fact.prompt.id === promised)
      ledger.check("I2 prompt", known, () => `${by}: prompt ${promised} of ${session} is lost`)
    }
    for (const holder of world.holders) {
      const taken = holder.mind?.taken ?? []
      for (const text of taken.slice(this.#looked.get(holder) ?? 0)) {
        const times = (this.#taken.get(text) ?? 0) + 1
        this.#taken.set(text, times)
        const most = this.#resendable.get(text) === true ? 2 : 1
        ledger.check("P taken once", times <= most, () => `${JSON.stringify(text)} was taken ${times} times`)
      }
      this.#looked.set(holder, taken.length)
    }
  }

  #send(daemon: Daemon, sent: Sent): void {
    daemon.ask(daemon.sessions.prompt(sent.session, sent.request, sent.asking), (exit) => this.#hear(sent, exit))
  }

  #hear(sent: Sent, exit: Exit.Exit<{ readonly prompt: PromptView; readonly repeated: boolean }, unknown>): void {
    const { ledger, truth } = this.#stage
    if (exit._tag === "Failure") {
      // No answer may say that a prompt is not there which is.
      const error = Cause.squash(exit.cause) as { readonly _tag?: string; readonly outcome?: string }
      if (error._tag === "IdempotencyMismatch") ledger.check("I3 mismatch", false, () => `${sent.by}: its own key is another's`)
      return
    }
    const { prompt } = exit.value
    truth.look()
    const queued = truth.has(sent.session, (fact) => fact.type === "PromptQueued" && fact.prompt.id === prompt.id)
    ledger.check("I5 prompt", queued, () => `${sent.by} was told of prompt ${prompt.id}, which is not durable`)
    if (sent.promised !== null)
      ledger.check("I3 same prompt", sent.promised === prompt.id, () => `${sent.by} has ${sent.promised} and ${prompt.id}`)
    sent.promised ??= prompt.id
  }

  #text(by: string): string {
    return this.#chance.pick([by, `${by}: two\nlines`, `${by} ${"and on ".repeat(30)}`, `${by} ✓ \\`])
  }
  #name(): string {
    this.#count += 1
    return `p${this.#count}`
  }
}
