/** From the log to a session: the newest usable checkpoint, then every fact after it. */
import { Effect, Result, Schema } from "effect"
import { apply, canonical, checkpointFormat, fromCheckpoint, IllegalFact, open, type Session } from "../domain/session.ts"
import { decodeFact } from "../domain/upcast.ts"
import { type Checkpoint, type Entry, EventReader, EventStore, type StoreFailure } from "../infra/log/event-store.ts"
import { stateHash } from "../infra/log/state-hash.ts"
import { SessionNotFound } from "./sessions.ts"

export interface Folded {
  readonly session: Session
  readonly seq: number
  /** The seq of the checkpoint it was folded from; 0 when there was none. */
  readonly checkpointed: number
}

/** This version cannot fold the stream: a row that it cannot read, or that its machine does not take. */
export class Unfoldable extends Schema.TaggedError<Unfoldable>()("Unfoldable", {
  session: Schema.String,
  seq: Schema.Int,
  reason: Schema.String
}) {}

const pageSize = 500

/** The session as its log has it now. */
export const fold = Effect.fn("fold")(function* (id: string) {
  const store = yield* EventStore
  const reader = yield* EventReader
  let folded: Folded | null = yield* fromUsable(id, yield* store.checkpoint(id))
  for (;;) {
    const page: ReadonlyArray<Entry> = yield* reader.stream(id, { after: folded?.seq ?? 0, limit: pageSize })
    for (const entry of page) folded = yield* step(folded, entry)
    if (page.length < pageSize) break
  }
  if (folded === null) return yield* new SessionNotFound({ session: id })
  return folded
})

/** A checkpoint counts only where its fact says that the state was that one; else the facts are folded without it. */
export const fromUsable = Effect.fnUntraced(function* (id: string, checkpoint: Checkpoint | null) {
  if (checkpoint === null || checkpoint.format !== checkpointFormat) return null
  const [entry] = yield* (yield* EventReader).stream(id, { after: checkpoint.seq - 1, limit: 1 })
  const folded = readCheckpoint(checkpoint)
  if (folded !== null && entry?.seq === checkpoint.seq && stateHash(canonical(folded.session)) === entry.stateHash) return folded
  yield* Effect.logWarning("a checkpoint is not the state of its fact and is ignored").pipe(
    Effect.annotateLogs({ session: id, seq: checkpoint.seq })
  )
  return null
})

/** Null where its text is no state that this version knows. */
export const readCheckpoint = ({ seq, state }: Checkpoint): Folded | null => {
  try {
    return { session: fromCheckpoint(state), seq, checkpointed: seq }
  } catch {
    return null
  }
}

/** One more row. */
export const step = (before: Folded | null, entry: Entry): Effect.Effect<Folded, Unfoldable> => {
  const fact = decodeFact(entry)
  const unfoldable = (reason: string) => Effect.fail(new Unfoldable({ session: entry.stream, seq: entry.seq, reason }))
  if (Result.isFailure(fact)) return unfoldable(`${fact.failure.factType}: ${fact.failure.reason}`)
  if (before === null) {
    if (fact.success.type !== "SessionCreated" || entry.seq !== 1) return unfoldable("the stream does not begin with SessionCreated")
    return Effect.succeed({ session: open(fact.success)[0], seq: 1, checkpointed: 0 })
  }
  const taken = fact.success
  return Effect.map(
    Effect.try({
      try: () => apply(before.session, taken)[0],
      catch: (cause) => {
        if (cause instanceof IllegalFact) return new Unfoldable({ session: entry.stream, seq: entry.seq, reason: cause.message })
        throw cause
      }
    }),
    (session) => ({ ...before, session, seq: entry.seq })
  )
}

export type FoldError = SessionNotFound | Unfoldable | StoreFailure
