/** The log as services: one file, one writer, everything above it reading and appending through these shapes alone. */
import { Clock, Context, Effect, Layer, Schedule, type Scope } from "effect"
import { limits } from "../../domain/limits.ts"
import { eventLoop, type Later, makeAppender } from "./appender.ts"
import { makeBell } from "./bell.ts"
import { type Database, type Faults, openDatabase } from "./database.ts"
import { makeDecisionWriter } from "./decision-writer.ts"
import { dropBallast, isHeavy, layBallast, roomFor } from "./disk.ts"
import { makeEntries } from "./entries.ts"
import { takeEpoch } from "./epoch.ts"
import { EpochFenced, EventReader, EventStore, StoreFailure } from "./event-store.ts"
import { follow } from "./follow.ts"
import { InputReader, recordedInputs } from "./inputs.ts"
import { takeLock } from "./lock.ts"
import { measureCommit } from "./log-metrics.ts"
import { migrate } from "./migrations.ts"
import { Milestones, milestoneTable } from "./milestones.ts"
import { codeOf, type OpenError, openErrorOf } from "./open-errors.ts"
import { compiler } from "./tables.ts"
import { forgetOldKeys, Upkeep } from "./upkeep.ts"
import { encodeRow, sessionRows } from "./views.ts"

export type EventLog = EventStore | EventReader | InputReader | Milestones | Upkeep

/** But for the floor, for tests of what a disk can do to a log: a daemon gives none of those. */
export interface Options {
  readonly faults?: Faults
  /** No lower epoch than one above this is taken. */
  readonly epochFloor?: number
  /** A second writer without the lock: what a daemon is that slept through its own succession. */
  readonly withoutLock?: boolean
  /** The log may not grow beyond this many pages of 4 KiB more than it has: a full disk at a chosen place. */
  readonly spare?: number
  /** Whose turns appends wait for, where time and turns are a test's. */
  readonly later?: Later
}

/** Takes the lock, then the next epoch, then the log; released in the reverse order, with every waiting append answered. */
export const layer = (path: string, options: Options = {}): Layer.Layer<EventLog, OpenError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const opening = <A>(open: () => A) => Effect.try({ try: open, catch: (cause) => openErrorOf(path, cause) })
      const closing = (close: () => void) => Effect.sync(close)
      const memory = path === ":memory:"
      if (!memory && options.withoutLock !== true) {
        yield* Effect.acquireRelease(
          opening(() => takeLock(path)),
          (lock) => closing(lock.release)
        )
      }
      const now = yield* Clock.currentTimeMillis
      const open = Effect.gen(function* () {
        const database = yield* Effect.acquireRelease(
          opening(() => openDatabase(path, options.faults)),
          (database) => closing(database.close)
        )
        yield* opening(() => migrate(database, now))
        return { database, context: yield* services(database, options, now, opening) }
      })
      // A crash on a full disk left no room to begin with: that is what the ballast is for.
      const { context, database } = yield* open.pipe(
        Effect.catchTag("UnopenableLog", (failure) => (!memory && isFull(failure.code) && dropBallast(path) ? open : Effect.fail(failure)))
      )
      if (memory) return context
      yield* opening(() => relieveIfShort(database))
      yield* Effect.forkScoped(keepWatch(database))
      // Last: everything else that a start needs comes before what is only set aside.
      yield* opening(() => layBallast(path))
      return context
    })
  )

/** A write-ahead log that a crash on a full disk left may be most of what fills it. */
const relieveIfShort = (database: Database) => {
  if (roomFor(database.path)) return
  dropBallast(database.path)
  database.relieve()
}

/** While there is room to copy it. On a disk that is full already the copy may fail, and what fills it need not be the log's doing. */
const relieveInTime = (database: Database) => {
  if (!isHeavy(database.path) || roomFor(database.path)) return
  database.relieve()
}

const isFull = (code: string) => ["SQLITE_FULL", "ENOSPC", "EDQUOT", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_WRITE"].includes(code)

/** Also where no actor writes: a log that is gone is reported, once, as soon as it is. */
const keepWatch = (database: Database) =>
  Effect.try({ try: database.assertSound, catch: (cause) => cause as Error }).pipe(
    Effect.andThen(Effect.ignore(Effect.try(() => relieveInTime(database)))),
    Effect.repeat(Schedule.spaced(limits.logWatchMs)),
    Effect.catch((lost) => Effect.logError(lost.message)),
    Effect.asVoid
  )

export const layerMemory: Layer.Layer<EventLog, OpenError> = Layer.suspend(() => Layer.fresh(layer(":memory:")))

const services = Effect.fnUntraced(function* (
  database: Database,
  options: Options,
  openedAt: number,
  opening: <A>(open: () => A) => Effect.Effect<A, OpenError>
): Effect.fn.Return<Context.Context<EventLog>, OpenError, Scope.Scope> {
  const context = yield* Effect.context<never>()
  const clock = yield* Clock.Clock
  const bell = yield* makeBell
  const { entries, epoch, inputs, milestones, rows, writer } = yield* opening(() => {
    const epoch = takeEpoch(database, options.epochFloor)
    forgetOldKeys(database, openedAt)
    if (options.spare !== undefined) database.limitPages(database.pages() + options.spare)
    const milestones = milestoneTable(database)
    return {
      epoch,
      milestones,
      writer: makeDecisionWriter(database, milestones),
      rows: sessionRows(database),
      entries: makeEntries(database),
      inputs: recordedInputs(database)
    }
  })
  const measure = measureCommit(context)
  const appender = yield* Effect.acquireRelease(
    Effect.sync(() =>
      makeAppender({
        database,
        epoch,
        writer,
        healed: bell.ring,
        now: () => clock.currentTimeNanosUnsafe(),
        later: options.later ?? eventLoop,
        committed: (group) => {
          bell.ring()
          measure(group)
        }
      })
    ),
    (appender) => Effect.sync(appender.close)
  )

  const attempt = <A>(operation: string, run: () => A) =>
    Effect.try({ try: run, catch: (cause) => new StoreFailure({ operation, code: failureCode(cause), outcome: "absent", cause }) })
  /** A write outside the appender: under the same fence, in a transaction of its own. */
  const change = (operation: string, run: () => void) =>
    Effect.try({
      try: () =>
        database.immediate(() => {
          epoch.hold()
          run()
        }),
      catch: (cause) => {
        const code = failureCode(cause)
        if (code.startsWith("SQLITE_IOERR")) appender.distrust()
        return new StoreFailure({ operation, code, outcome: database.inDoubt() ? "unknown" : "absent", cause })
      }
    })

  const quarantined = () => database.query(compiler.selectFrom("quarantine").select(["stream", "reason", "at"]).orderBy("stream"))

  return Context.empty().pipe(
    Context.add(EventStore, {
      epoch: epoch.number,
      isNewest: attempt("isNewest", epoch.isNewest),
      append: appender.append,
      idempotent: (scope, key) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => attempt("idempotent", () => writer.idempotent(scope, key, now) ?? null)),
      checkpoint: (stream) => attempt("checkpoint", () => writer.checkpoint(stream) ?? null),
      saveCheckpoint: (stream, checkpoint) => change("saveCheckpoint", () => writer.saveCheckpoint(stream, checkpoint)),
      mendRow: (id, row) => change("mendRow", () => (row === null ? rows.remove(id) : rows.put(encodeRow(row)))),
      quarantine: Effect.fnUntraced(function* (stream: string, reason: string) {
        const at = yield* Clock.currentTimeMillis
        yield* change("quarantine", () => {
          // The first reason is the one to look into; what came of it does not overwrite it.
          const insert = compiler.insertInto("quarantine").values({ stream, reason, at })
          database.query(insert.onConflict((conflict) => conflict.column("stream").doNothing()))
        })
      })
    }),
    Context.add(EventReader, {
      stream: (stream, page) => attempt("stream", () => entries.stream(stream, page)),
      ofType: (stream, prefix, page) => attempt("stream", () => entries.ofType(stream, prefix, page)),
      all: (page) => attempt("all", () => entries.all(page)),
      sound: attempt("sound", database.assertSound),
      head: attempt("head", entries.head),
      follow: (from) => follow(entries, attempt, bell, from),
      list: (query) => attempt("list", () => rows.list(query)),
      row: (id) => attempt("row", () => rows.get(id) ?? null),
      damagedRows: attempt("damagedRows", rows.damaged),
      live: attempt("live", rows.live),
      counts: attempt("counts", rows.counts),
      quarantined: attempt("quarantined", quarantined)
    }),
    Context.add(InputReader, { stream: (stream, page) => attempt("inputs", () => inputs(stream, page)) }),
    Context.add(Milestones, {
      nearest: (stream, seq, format) => attempt("milestone", () => milestones.nearest(stream, seq, format) ?? null),
      seqAt: (stream, wallMs) => attempt("seqAt", () => milestones.seqAt(stream, wallMs)),
      keep: (stream, found) => change("keepMilestones", () => found.forEach((each) => void milestones.keep(stream, each)))
    }),
    Context.add(Upkeep, {
      rebuildViews: (fresh) =>
        change("rebuildViews", () => {
          rows.clear()
          for (const row of fresh) rows.put(encodeRow(row))
        }),
      deleteCheckpoints: change("deleteCheckpoints", () => {
        database.query(compiler.deleteFrom("checkpoints"))
        database.query(compiler.deleteFrom("milestones"))
      })
    })
  )
})

const failureCode = (cause: unknown) => (cause instanceof EpochFenced ? "EPOCH_FENCED" : codeOf(cause))
