/** Defects in what is made durable, and in what is read back of it. */
import { Effect, Stream } from "effect"
import { StoreFailure } from "../../src/infra/log/event-store.ts"
import type { Mutants } from "./mutants.ts"

/** What the answer to an append would be. */
const promised = (decision: { readonly expected: number; readonly facts: ReadonlyArray<unknown> }) => ({
  seq: decision.expected + decision.facts.length,
  position: 0
})

export const loggingMutants: Mutants = {
  /** The answer first, the log a moment later: what dies in between was promised and is not there. */
  acknowledgeBeforeCommit: () => ({
    bendAppend: (decision, append) =>
      decision.expected === 0
        ? append(decision)
        : Effect.as(Effect.forkDetach(append(decision), { startImmediately: false }), promised(decision))
  }),

  /** What a fact obliges is done while the fact is still being written. */
  actBeforeAppend: () => ({
    bendAppend: (decision, append) =>
      decision.facts.some(({ type }) => type === "LaunchIntended" || type === "StopRequested" || type === "InputAccepted")
        ? Effect.as(Effect.forkDetach(Effect.andThen(Effect.sleep(50), append(decision))), promised(decision))
        : append(decision)
  }),

  /** A prompt is typed before its claim is durable. */
  typeBeforeClaim: () => ({
    bendAppend: (decision, append) =>
      decision.facts.some(({ type }) => type === "PromptClaimed")
        ? Effect.as(Effect.forkDetach(Effect.andThen(Effect.sleep(80), append(decision))), promised(decision))
        : append(decision)
  }),

  /** A writer of the past writes all the same. */
  noEpochCheck: (stage) => ({
    bendAppend: (decision, append) =>
      Effect.catchTag(append(decision), "EpochFenced", (fenced) => {
        const newest = stage.daemons.at(-1)
        return newest?.ready ? newest.store.append(decision) : Effect.fail(fenced)
      })
  }),

  /** It is not known, and the answer is that nothing was written. */
  unknownIsAbsent: () => ({
    bendAppend: (decision, append) =>
      Effect.catchTag(append(decision), "StoreFailure", (failure) =>
        Effect.fail(failure.outcome === "unknown" ? new StoreFailure({ ...failure, outcome: "absent" }) : failure)
      )
  }),

  /** One decision becomes two: its end can be missing. */
  tearDecisions: () => ({
    bendAppend: (decision, append) => {
      const [first, ...rest] = decision.facts
      if (first === undefined || rest.length === 0 || decision.expected === 0) return append(decision)
      const { idempotency: _later, checkpoint: _too, ...begun } = decision
      const at = decision.expected + 1
      return Effect.andThen(
        append({ ...begun, facts: [first], row: { ...decision.row, seq: at } }),
        Effect.andThen(Effect.sleep(30), append({ ...decision, expected: at, facts: rest, inputId: `${decision.inputId}b` }))
      )
    }
  }),

  /** An idempotency key is not kept with what it was used for. */
  forgetKeys: () => ({ bendAppend: ({ idempotency: _dropped, ...decision }, append) => append(decision) }),

  /** A new daemon knows nothing of the keys that its predecessor was given. */
  forgetKeysOnRestart: (stage) => ({
    bendStore: (store) => ({
      ...store,
      idempotent: (scope, key) => (stage.daemons.length > 1 ? Effect.succeed(null) : store.idempotent(scope, key))
    }),
    bendAppend: ({ idempotency, ...decision }, append) =>
      append(stage.daemons.length > 1 || idempotency === undefined ? decision : { ...decision, idempotency })
  }),

  /** Every list shows what was before. */
  staleRow: () => ({
    bendAppend: (decision, append) =>
      append(
        decision.expected % 3 === 2
          ? { ...decision, row: { ...decision.row, view: { ...(decision.row.view as object), name: "stale" } } }
          : decision
      )
  }),

  /** A checkpoint is of another moment than it says. */
  wrongCheckpoint: () => ({
    bendAppend: (decision, append) => {
      const { checkpoint } = decision
      return append(checkpoint === undefined ? decision : { ...decision, checkpoint: { ...checkpoint, seq: checkpoint.seq - 1 } })
    }
  }),

  /** A new daemon does not look at sessions that only wait. */
  dropDeadlinesOnRestart: () => ({
    bendReader: (reader) => ({ ...reader, live: Effect.map(reader.live, (rows) => rows.filter(({ state }) => state !== "ended")) })
  }),

  /** Nor at those whose agent it should be with. */
  forgetTheLiving: () => ({
    bendReader: (reader) => ({ ...reader, live: Effect.map(reader.live, (rows) => rows.filter(({ state }) => state !== "streaming")) })
  }),

  /** One poisoned session is another one's trouble, too. */
  quarantineAnother: (stage) => ({
    bendReader: (reader) => ({
      ...reader,
      quarantined: Effect.map(reader.quarantined, (rows) =>
        stage.daemons.length > 1
          ? [...rows, ...[...stage.truth.streams.keys()].slice(0, 1).map((stream) => ({ stream, reason: "", at: 0 }))]
          : rows
      )
    })
  }),

  /** Now and then a follower misses a fact. */
  skipWhileFollowing: () => ({
    bendReader: (reader) => ({
      ...reader,
      follow: (from) => Stream.filter(reader.follow(from), ({ position }) => position % 17 !== 0)
    })
  })
}
