/** Live sessions folded again from their log, a few at a time and slowly: a state that is not what the log says raises an alarm, once. */
import { Clock, Context, Effect, Layer, Metric } from "effect"
import { limits } from "../domain/limits.ts"
import { canonical, checkpointFormat } from "../domain/session.ts"
import { type Checkpoint, type Entry, EventReader, EventStore, type SessionRow, type StoreFailure } from "../infra/log/event-store.ts"
import { stateHash } from "../infra/log/state-hash.ts"
import { type Folded, readCheckpoint, step } from "./fold.ts"

/** A session and its log disagree. Hashes are of the state after fact `seq`; `folded` is null where no state could be folded. */
export interface Alarm {
  readonly session: string
  readonly seq: number
  readonly recorded: string
  readonly folded: string | null
  readonly reason: string
  /** Epoch milliseconds. */
  readonly at: number
}

export class Shadow extends Context.Service<
  Shadow,
  {
    /** Every session that was found to differ since the daemon started, once. */
    readonly alarms: Effect.Effect<ReadonlyArray<Alarm>>
    /** Folds the session now, up to its newest fact; null where every state is what the log says. */
    readonly check: (id: string, from: "checkpoint" | "beginning") => Effect.Effect<Alarm | null, StoreFailure>
  }
>()("reprise/actors/Shadow") {
  /** `everyMs`: between two sessions. */
  static readonly layer = (everyMs: number = limits.shadowMs): Layer.Layer<Shadow, never, EventStore | EventReader> =>
    Layer.effect(Shadow, make(everyMs))
}

const facts = Metric.counter("reprise_shadow_facts_total", { description: "Facts folded again and compared", incremental: true })
const differences = Metric.counter("reprise_shadow_differences_total", {
  description: "Sessions whose log and state disagree",
  incremental: true
})

const make = Effect.fnUntraced(function* (everyMs: number) {
  const store = yield* EventStore
  const reader = yield* EventReader
  const alarms = new Map<string, Alarm>()

  const raise = Effect.fnUntraced(function* (alarm: Omit<Alarm, "at">) {
    const told = alarms.get(alarm.session) ?? { ...alarm, at: yield* Clock.currentTimeMillis }
    if (alarms.has(alarm.session)) return told
    alarms.set(alarm.session, told)
    yield* Metric.update(differences, 1)
    yield* Effect.logError("a session's state is not what its log says", told.reason).pipe(
      Effect.annotateLogs({ session: told.session, seq: told.seq, recorded: told.recorded, folded: told.folded })
    )
    return told
  })

  const compare = ({ seq, stateHash: recorded, stream }: Entry, folded: string, reason: string) =>
    folded === recorded ? Effect.succeed(null) : raise({ session: stream, seq, recorded, folded, reason })

  /** The fact at a place, of a stream that reaches there. */
  const entryAt = (id: string, seq: number) => Effect.map(reader.stream(id, { after: seq - 1, limit: 1 }), (rows) => rows[0])

  const check: Shadow["Service"]["check"] = Effect.fnUntraced(function* (id, from) {
    const head = (yield* reader.row(id))?.seq ?? 0
    let folded: Folded | null = null
    if (from === "checkpoint") {
      const begun = resumed(yield* store.checkpoint(id))
      const entry = begun === null ? undefined : yield* entryAt(id, begun.seq)
      if (begun !== null && entry !== undefined) {
        if (begun.folded === null)
          return yield* raise({
            session: id,
            seq: begun.seq,
            recorded: entry.stateHash,
            folded: null,
            reason: "the checkpoint cannot be read"
          })
        folded = begun.folded
        const alarm = yield* compare(entry, stateHash(canonical(folded.session)), "the checkpoint is not the state of its fact")
        if (alarm !== null) return alarm
      }
    }
    for (;;) {
      const startedAt = yield* Clock.currentTimeMillis
      const after: number = folded?.seq ?? 0
      const page: ReadonlyArray<Entry> = yield* reader.stream(id, { after, limit: Math.min(limits.shadowSliceFacts, head - after) })
      for (const entry of page) {
        const next: Folded | string = yield* step(folded, entry).pipe(Effect.catchTag("Unfoldable", ({ reason }) => Effect.succeed(reason)))
        if (typeof next === "string")
          return yield* raise({ session: id, seq: entry.seq, recorded: entry.stateHash, folded: null, reason: next })
        folded = next
        const alarm = yield* compare(entry, stateHash(canonical(next.session)), "the state folded from the log is another")
        if (alarm !== null) return alarm
      }
      yield* Metric.update(facts, page.length)
      if (page.length === 0 || (folded?.seq ?? 0) >= head) return null
      const tookMs = Math.max(1, (yield* Clock.currentTimeMillis) - startedAt)
      yield* Effect.sleep(Math.ceil((tookMs * (100 - limits.shadowPercent)) / limits.shadowPercent))
    }
  })

  yield* Effect.forkScoped(keepChecking(reader, everyMs, check))
  return { alarms: Effect.sync(() => [...alarms.values()]), check }
})

/** Null where there is none of this version. */
const resumed = (checkpoint: Checkpoint | null): { readonly seq: number; readonly folded: Folded | null } | null =>
  checkpoint === null || checkpoint.format !== checkpointFormat ? null : { seq: checkpoint.seq, folded: readCheckpoint(checkpoint) }

/** One session a round: whichever has news and was looked at longest ago; now and then a whole one, from its first fact. */
const keepChecking = (reader: EventReader["Service"], everyMs: number, check: Shadow["Service"]["check"]) => {
  const seen = new Map<string, { readonly seq: number; readonly round: number; readonly whole: number }>()
  const of = ({ id }: SessionRow) => seen.get(id) ?? { seq: 0, round: 0, whole: 0 }
  let round = 0
  return Effect.gen(function* () {
    round += 1
    const live = yield* reader.live
    const ids = new Set(live.map(({ id }) => id))
    for (const id of seen.keys()) if (!ids.has(id)) seen.delete(id)
    const whole = round % limits.shadowWholeEvery === 0
    const next = whole
      ? live.toSorted((a, b) => of(a).whole - of(b).whole)[0]
      : live.filter((row) => row.seq !== of(row).seq).toSorted((a, b) => of(a).round - of(b).round)[0]
    if (next === undefined) return
    seen.set(next.id, { seq: next.seq, round, whole: whole ? round : of(next).whole })
    yield* check(next.id, whole ? "beginning" : "checkpoint")
  }).pipe(
    Effect.catchCause((cause) => Effect.logWarning("a session could not be folded again", cause)),
    Effect.delay(everyMs),
    Effect.forever
  )
}
