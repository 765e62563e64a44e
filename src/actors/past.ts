/** A session as it was: its fold at any fact or time of its log, from the nearest checkpoint that is kept. */
import { Clock, Effect, Schema } from "effect"
import { limits } from "../domain/limits.ts"
import { canonical, checkpointFormat, type Session, toCheckpoint } from "../domain/session.ts"
import { iso } from "../domain/time.ts"
import { type Entry, EventReader, type StoreFailure } from "../infra/log/event-store.ts"
import { Milestones } from "../infra/log/milestones.ts"
import { stateHash } from "../infra/log/state-hash.ts"
import { type Folded, fromUsable, step, type Unfoldable } from "./fold.ts"
import { SessionNotFound } from "./sessions.ts"

/** A place in a session's log: a fact's number, or a time (epoch milliseconds). */
export type Place = { readonly _tag: "Seq"; readonly seq: number } | { readonly _tag: "Time"; readonly wallMs: number }

/** The session's log does not reach there: `ahead` of its newest fact or of the clock, or `before` its first. */
export class NoSuchPlace extends Schema.TaggedError<NoSuchPlace>()("NoSuchPlace", {
  session: Schema.String,
  side: Schema.Literals(["ahead", "before"]),
  detail: Schema.String,
  head: Schema.Int
}) {}

export interface Past {
  readonly session: Session
  /** The newest fact in it. */
  readonly entry: Entry
  /** The newest fact there is. */
  readonly head: number
  /** Over the state as it was folded now; the log's own, of then, is `entry.stateHash`. */
  readonly stateHash: string
}

export type PastError = NoSuchPlace | SessionNotFound | Unfoldable | StoreFailure

/** The session after the newest fact at or before the place. */
export const pastAt = Effect.fn("pastAt")(function* (id: string, place: Place) {
  const { head, seq } = yield* seqOf(id, place)
  const { entry, session } = yield* foldTo(id, seq)
  return { session, entry, head, stateHash: stateHash(canonical(session)) } satisfies Past
})

/** Which fact is meant. A time means the newest fact that had happened by then, whenever it was recorded. */
export const seqOf = Effect.fn("seqOf")(function* (id: string, place: Place) {
  const row = yield* (yield* EventReader).row(id)
  if (row === null) return yield* new SessionNotFound({ session: id })
  const head = row.seq
  const no = (side: "ahead" | "before", detail: string) => new NoSuchPlace({ session: id, side, detail, head })
  if (place._tag === "Seq") {
    if (place.seq < 1) return yield* no("before", "the first fact has the seq 1")
    if (place.seq > head) return yield* no("ahead", `the newest fact has the seq ${head}`)
    return { seq: place.seq, head }
  }
  const now = yield* Clock.currentTimeMillis
  if (place.wallMs > now) return yield* no("ahead", `${iso(place.wallMs)} has not come yet`)
  const seq = yield* (yield* Milestones).seqAt(id, place.wallMs)
  if (seq === null) return yield* no("before", `the session was created at ${iso(row.createdAt)}`)
  return { seq, head }
})

/** A page holds the event loop for some milliseconds. */
const pageSize = 100

/** What shortens a long way for the next reader: checkpoints that a newer format left out, or that no daemon kept. */
export const foldTo = Effect.fn("foldTo")(function* (id: string, seq: number) {
  const reader = yield* EventReader
  const milestones = yield* Milestones
  // One fact short, so that the fact itself is read in any case.
  const kept = yield* milestones.nearest(id, seq - 1, checkpointFormat)
  let folded: Folded | null = yield* fromUsable(id, kept)
  let entry: Entry | null = null
  const passed: Array<{ readonly seq: number; readonly format: number; readonly state: string }> = []
  for (let at = folded?.seq ?? 0; at < seq; at = folded?.seq ?? seq) {
    const page: ReadonlyArray<Entry> = yield* reader.stream(id, { after: at, limit: Math.min(pageSize, seq - at) })
    if (page.length === 0) return yield* new SessionNotFound({ session: id })
    for (entry of page) {
      folded = yield* step(folded, entry)
      if (folded.seq % limits.factsPerMilestone === 0)
        passed.push({ seq: folded.seq, format: checkpointFormat, state: toCheckpoint(folded.session) })
    }
    yield* Effect.yieldNow
  }
  if (folded === null || entry === null) return yield* new SessionNotFound({ session: id })
  // One is what every fold may pass; more were missing.
  if (passed.length > 1) yield* Effect.ignore(milestones.keep(id, passed))
  return { session: folded.session, entry }
})
