/** A runtime that does nothing by itself: what it is asked waits until a recording says how it was answered. */
import { Effect, Exit, Queue, Stream } from "effect"
import type { JournalEntry, Report } from "../../src/domain/inputs.ts"
import type { Settled } from "../../src/infra/holder/typing.ts"
import type { HolderLink, HolderUnavailable, LaunchOrder, PreflightFailed, Runtime } from "../../src/infra/runtimes/runtime.ts"

export class Puppet {
  readonly launched: Array<LaunchOrder> = []
  readonly ladders: Array<"stop" | "kill"> = []
  /** The newest output offset that the holder reports. */
  offset = 0
  readonly #preflights: Array<(exit: Exit.Exit<{ readonly executable: string }, PreflightFailed>) => void> = []
  readonly #writes = new Map<string, (settled: Settled) => void>()
  readonly #journals = new Map<number, Queue.Queue<JournalEntry, HolderUnavailable>>()

  /** What a daemon had asked is asked no more. */
  forget(): void {
    this.#preflights.length = 0
    this.#writes.clear()
    this.#journals.clear()
  }

  /** Answers as it was answered; false where it was not asked for here. */
  answer(report: Report): boolean {
    switch (report.type) {
      case "Prepared": {
        const prepared = this.#preflights.shift()
        prepared?.(Exit.succeed({ executable: report.executable }))
        return prepared !== undefined
      }
      case "HolderReported": {
        const journal = this.#journals.get(report.generation)
        return journal !== undefined && Queue.offerUnsafe(journal, report.entry)
      }
      case "WriteSettled": {
        const settle = this.#writes.get(report.writeId)
        this.#writes.delete(report.writeId)
        settle?.({ outcome: report.outcome, ...(report.enteredAt === undefined ? {} : { enteredAt: report.enteredAt }) })
        return settle !== undefined
      }
      default:
        return false
    }
  }
  readonly runtime = (real: Runtime["Service"]): Runtime["Service"] => ({
    ...real,
    preflight: () =>
      Effect.callback<{ readonly executable: string }, PreflightFailed>((resume) => {
        this.#preflights.push((exit) => resume(exit))
      }),
    launch: (order) => Effect.sync(() => void this.launched.push(order)),
    connect: ({ generation }) =>
      Effect.map(Queue.unbounded<JournalEntry, HolderUnavailable>(), (journal) => {
        this.#journals.set(generation, journal)
        return this.#link(journal)
      }),
    list: Effect.succeed([]),
    remains: () => Effect.succeed(null),
    sweep: () => Effect.never,
    outlived: () => Effect.succeed([]),
    discard: () => Effect.void
  })

  #link(journal: Queue.Queue<JournalEntry, HolderUnavailable>): HolderLink {
    const settled = (writeId: string) =>
      Effect.callback<Settled>((resume) => {
        this.#writes.set(writeId, (outcome) => resume(Effect.succeed(outcome)))
      })
    return {
      // The recording says which process it is: a `Reattached` has a time of its own.
      process: null,
      journal: Stream.fromQueue(journal),
      journalLength: 0,
      offset: () => this.offset,
      write: (writeId) => Effect.map(settled(writeId), ({ outcome }) => (outcome === "withheld" ? "uncertain" : outcome)),
      submit: settled,
      writeOutcome: settled,
      decide: settled,
      withhold: () => Effect.void,
      obstacle: Effect.succeed(null),
      type: () => Effect.void,
      resize: () => Effect.void,
      runLadder: (mode) => Effect.sync(() => void this.ladders.push(mode)),
      acknowledgeExit: Effect.void
    }
  }
}
