/** What a daemon asks to be typed, and what the terminal that it goes into has against it. */
import { limits } from "../../domain/limits.ts"
import { refusalOf, type Typed } from "./line-discipline.ts"
import type { Answer } from "./server.ts"
import type { Terminal } from "./terminal.ts"
import type { Settled, Typing } from "./typing.ts"

export interface TypingPlace {
  readonly terminal: Terminal
  readonly typing: Typing
  /** The launched process. */
  readonly leader: number
  /** Nothing has ended yet. */
  readonly isRunning: () => boolean
  /** A daemon is attached. */
  readonly isAttended: () => boolean
  readonly tellAwaitsEnter: (writeId: string) => void
}

export class TypingRequests {
  readonly #place: TypingPlace
  /** Settled once the newest write has its place in the queue, or is refused. */
  #lastLook: Promise<unknown> = Promise.resolve()
  /** When the newest Enter was asked for, by `performance.now()`, and how often. */
  #asked = { writeId: "", at: 0, times: 0 }

  constructor(place: TypingPlace) {
    this.#place = place
  }

  write(writeId: string, base64: string): Promise<Answer> {
    const bytes = Buffer.from(base64, "base64")
    return this.#look(writeId, { bytes, isPrompt: false }, () => this.#place.typing.write(writeId, bytes))
  }

  submit(writeId: string, base64: string, enterAfterMs: number, awaitsGo: boolean): Promise<Answer> {
    const bytes = Buffer.from(base64, "base64")
    const onTyped = awaitsGo ? () => this.#awaitEnter(writeId) : null
    return this.#look(writeId, { bytes, isPrompt: true }, () => this.#place.typing.submit(writeId, bytes, enterAfterMs, onTyped))
  }

  /**
   * What keeps a text from being typed keeps its Enter too, and may have come since. A daemon that was stopped answers late, by what it
   * knew then: it is asked again.
   */
  async enter(writeId: string, mayAsk: boolean): Promise<Answer> {
    if (mayAsk && this.#isLate(writeId)) {
      this.#ask(writeId)
      return { ok: true }
    }
    const why = await this.#refusalOf(nothingYet)
    if (why === null) this.#place.typing.enter(writeId)
    else this.#place.typing.withhold(writeId, why)
    return { ok: true }
  }

  async withhold(writeId: string): Promise<Answer> {
    // A submission that came before it may still be looked at.
    await this.#lastLook
    this.#place.typing.withhold(writeId)
    return { ok: true }
  }

  async obstacle(): Promise<Answer> {
    const why = await this.#refusalOf(nothingYet)
    return why === null ? { ok: true } : { ok: true, why }
  }

  /** A daemon that is here and says nothing for so long has forgotten the submission: what waits behind it is typed. */
  #awaitEnter(writeId: string): void {
    const { isAttended, typing } = this.#place
    this.#ask(writeId)
    const look = () => {
      if (typing.awaitingEnter !== writeId) return
      if (isAttended()) typing.withhold(writeId)
      else setTimeout(look, limits.enterAwaitedMs)
    }
    setTimeout(look, limits.enterAwaitedMs)
  }

  #ask(writeId: string): void {
    const times = this.#asked.writeId === writeId ? this.#asked.times + 1 : 1
    this.#asked = { writeId, at: performance.now(), times }
    this.#place.tellAwaitsEnter(writeId)
  }

  #isLate(writeId: string): boolean {
    const { at, times, writeId: asked } = this.#asked
    return asked === writeId && times < limits.enterAskedTimes && performance.now() - at > limits.enterFreshMs
  }

  /**
   * One after another, as they came: the look at the terminal takes a while. A refusal is not remembered: the same write may be asked for
   * again, when what stands in its way is gone.
   */
  async #look(writeId: string, typed: Typed, write: () => Promise<Settled>): Promise<Answer> {
    const turn = this.#lastLook.then(async () => {
      const isOpen = this.#place.isRunning() && !this.#place.typing.knows(writeId)
      const why = isOpen ? await this.#refusalOf(typed) : null
      return why === null ? { settled: write() } : { why }
    })
    this.#lastLook = turn
    const taken = await turn
    return taken.settled === undefined ? { ok: true, outcome: "not_written", why: taken.why } : { ok: true, ...(await taken.settled) }
  }

  #refusalOf(typed: Typed) {
    return refusalOf(this.#place.terminal.programEnd, this.#place.leader, typed).catch(() => null)
  }
}

/** A prompt before its text. */
const nothingYet: Typed = { bytes: new Uint8Array(), isPrompt: true }
