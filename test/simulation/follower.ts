/** A client that follows the whole log, across daemons, from where it last stood: in order, none missing, none twice, decisions whole. */
import { Effect, Schedule, Stream } from "effect"
import type { Entry } from "../../src/infra/log/event-store.ts"
import type { Chance } from "../support/world-chance.ts"
import type { Daemon } from "../support/world-daemon.ts"
import type { Stage } from "../support/world-stage.ts"

export class Follower {
  readonly #stage: Stage
  #after = 0
  #received: Array<number> = []
  #checked = 0
  /** Of a log that cannot be read just now. */
  #cutOff: Daemon | null = null
  #daemon: Daemon | null = null

  constructor(stage: Stage) {
    this.#stage = stage
  }

  /** With a new daemon: from the last position seen, or from any earlier one. */
  begin(daemon: Daemon, chance: Chance): void {
    const { ledger, truth } = this.#stage
    const rows = truth.rows
    const last = rows.at(-1)?.position ?? 0
    this.#after = rows.length > 0 && chance.happens(0.3) ? chance.pick(rows).position : Math.min(last, this.#received.at(-1) ?? 0)
    this.#received = []
    this.#checked = rows.findLastIndex(({ position }) => position <= this.#after) + 1
    const cut = rows.find(({ position }) => position > this.#after)?.input_id
    const follow = () =>
      Stream.runForEachArray(daemon.reader.follow({ stream: null, after: this.#received.at(-1) ?? this.#after }), (chunk) =>
        Effect.sync(() => {
          truth.look()
          const counts = Map.groupBy(chunk, ({ inputId }: Entry) => inputId)
          for (const [inputId, facts] of counts)
            if (inputId !== cut && truth.decisions.has(inputId))
              ledger.check("I15", facts.length === truth.decisions.get(inputId), () => `${inputId} came in pieces`)
          this.#received.push(...chunk.map(({ position }) => position))
        })
      )
    this.#cutOff = null
    this.#daemon = daemon
    const again = Effect.gen({ self: this }, function* () {
      for (;;) {
        yield* daemon.reader.head
        if (this.#cutOff === daemon) this.#cutOff = null
        yield* follow()
      }
    }).pipe(
      // A log that cannot be read ends the stream: the follower asks again from where it was.
      Effect.tapError(() =>
        Effect.sync(() => {
          this.#cutOff = daemon
        })
      ),
      Effect.retry(Schedule.spaced("100 millis"))
    )
    daemon.follow(again)
  }

  /** While its daemon lives and everything is settled. */
  judge(): void {
    if (this.#cutOff !== null || this.#daemon?.disk.isShut === true) return
    const { ledger, truth } = this.#stage
    const expected = truth.rows.slice(this.#checked).map(({ position }) => position)
    const since = this.#received.filter((position) => position > (truth.rows[this.#checked - 1]?.position ?? 0))
    for (let index = 0; index < since.length; index++)
      ledger.check("I13", index === 0 || since[index]! > since[index - 1]!, () => `position ${since[index]} came after ${since[index - 1]}`)
    ledger.check("I14", new Set(since).size === since.length, () => "a fact came twice")
    ledger.check(
      "I16",
      since.length === expected.length,
      () => `${expected.length - since.length} facts of ${expected.length} did not come`
    )
    if (this.#after > 0 && expected.length > 0)
      ledger.check("I17", since[0] === expected[0], () => `resumed after ${this.#after}, and the first was ${since[0]}`)
    this.#checked = truth.rows.length
  }
}
