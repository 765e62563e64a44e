/** The callers that wait for what became of a write: answered by the facts, and by nothing else. */
import { Deferred, Effect, Exit } from "effect"
import type { Fact, WriteRefusal } from "../domain/facts.ts"

export type WriteOutcome = "written" | "not_written" | "uncertain" | WriteRefusal

export interface PendingWrites {
  /** To be called before the write is asked for; the returned effect waits for its outcome and stops waiting when interrupted. */
  readonly expect: (writeId: string) => Effect.Effect<WriteOutcome>
  readonly forget: (writeId: string) => void
  readonly settle: (facts: ReadonlyArray<Fact>) => void
  /** The actor that would have answered them is gone: the log will know, the callers do not. */
  readonly abandon: () => void
}

export const makePendingWrites = (): PendingWrites => {
  const waiting = new Map<string, Deferred.Deferred<WriteOutcome>>()
  const settled = (writeId: string, outcome: WriteOutcome) => {
    const waiter = waiting.get(writeId)
    waiting.delete(writeId)
    if (waiter !== undefined) Deferred.doneUnsafe(waiter, Exit.succeed(outcome))
  }
  return {
    expect: (writeId) => {
      const waiter = Deferred.makeUnsafe<WriteOutcome>()
      waiting.set(writeId, waiter)
      return Effect.ensuring(
        Deferred.await(waiter),
        Effect.sync(() => waiting.delete(writeId))
      )
    },
    forget: (writeId) => void waiting.delete(writeId),
    abandon: () => {
      for (const writeId of [...waiting.keys()]) settled(writeId, "uncertain")
    },
    settle: (facts) => {
      for (const fact of facts) {
        if (fact.type === "InputWritten") settled(fact.writeId, "written")
        if (fact.type === "InputFailed") settled(fact.writeId, fact.why ?? fact.code)
        // The process went while the answer was on its way.
        if (fact.type === "GenerationEnded") for (const writeId of [...waiting.keys()]) settled(writeId, "uncertain")
      }
    }
  }
}
