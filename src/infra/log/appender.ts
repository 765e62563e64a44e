/** One writer: decisions that wait are written in one transaction, and no caller is answered before the disk has confirmed it. */
import { Effect } from "effect"
import { crashPoint } from "../crash-points.ts"
import type { Database } from "./database.ts"
import { type DecisionWriter, type Prepared, prepare, type Written } from "./decision-writer.ts"
import { dropBallast } from "./disk.ts"
import type { Epoch } from "./epoch.ts"
import { type AppendError, type Appended, type Decision, EpochFenced, StoreFailure } from "./event-store.ts"
import { LogLost } from "./log-watch.ts"
import { codeOf } from "./open-errors.ts"

export interface Appender {
  /** Not interruptible: the caller learns what became of it. The wait is one transaction. */
  readonly append: (decision: Decision) => Effect.Effect<Appended, AppendError>
  /** A write past this appender failed in the disk: the connection is not trusted with another group before it was opened again. */
  readonly distrust: () => void
  /** Writes what waits and answers every caller; what comes later is refused. */
  readonly close: () => void
}

export interface AppenderParts {
  readonly database: Database
  readonly epoch: Epoch
  readonly writer: DecisionWriter
  /** After a durable commit, once its callers have their answers. */
  readonly committed: (group: { readonly decisions: number; readonly facts: number; readonly tookMs: number }) => void
  /** The file could not be opened again, and now could: it may hold facts that no follower has seen. */
  readonly healed: () => void
  readonly now: () => bigint
  readonly later: Later
}

/** Runs something in a later turn: the next one, or the first after so many milliseconds. */
export type Later = (run: () => void, afterMs: number) => { readonly unref: () => unknown }

export const eventLoop: Later = (run, afterMs) => (afterMs === 0 ? setImmediate(run) : setTimeout(run, afterMs))

/**
 * A transaction takes decisions for so long, and flushes then: the driver is synchronous, so this is what all other work in the
 * process waits. 3 ms hold some forty decisions here, against a flush of a third of a millisecond.
 */
const groupMs = 3
/** A bound where time does not pass, under a clock of tests. */
const groupLimit = 512
/** Decisions waiting: above the number of sessions, each of which has one under way at most, so only a runaway caller meets it. */
const queueLimit = 16_384
/** With doubling waits from 5 ms these take about 1.3 s: a backup's lock passes in that time, a stuck writer is reported. */
const busyRetries = 8
const busyWaitMs = 5
const firstHealMs = 500
const longestHealMs = 10_000

interface Waiting {
  readonly prepared: Prepared
  readonly answer: (result: Effect.Effect<Appended, AppendError>) => void
}
type Answer = Appended | AppendError

/** What one decision alone did wrong: the others of its group are written without it. */
class Unfit extends Error {
  readonly index: number
  override readonly cause: unknown
  constructor(index: number, cause: unknown) {
    super("one decision of the group cannot be written")
    this.index = index
    this.cause = cause
  }
}

const failure = (cause: unknown, outcome: "absent" | "unknown") =>
  new StoreFailure({ operation: "append", code: codeOf(cause), outcome, cause })
const isAppended = (answer: Answer): answer is Appended => !("_tag" in answer)
/** Constraints, sizes and types are the decision's own fault; everything else is the world's. */
const isUnfit = (cause: unknown) =>
  /^SQLITE_(CONSTRAINT|TOOBIG|MISMATCH|RANGE)/.test(codeOf(cause)) || cause instanceof TypeError || cause instanceof RangeError

export const makeAppender = ({ committed, database, epoch, healed, later, now, writer }: AppenderParts): Appender => {
  let waiting: Array<Waiting> = []
  let scheduled = false
  let closed = false
  let busy = 0
  /** The database has to be opened again before anything is written: every group tries that first. */
  let lost = false
  let healing = false

  const tell = (group: ReadonlyArray<Waiting>, answers: ReadonlyArray<Answer>) =>
    group.forEach(({ answer }, index) => {
      const result = answers[index]!
      answer(isAppended(result) ? Effect.succeed(result) : Effect.fail(result))
    })
  const tellAll = (group: ReadonlyArray<Waiting>, error: AppendError) => tell(group, new Array<Answer>(group.length).fill(error))

  const schedule = (afterMs = 0) => {
    if (scheduled || waiting.length === 0) return
    scheduled = true
    // The next turn of the loop: all callers of this turn share the flush, and a lone caller waits for nothing.
    later(flush, afterMs)
  }

  const flush = () => {
    scheduled = false
    if (waiting.length === 0) return
    const group = waiting.slice(0, groupLimit)
    waiting = waiting.slice(groupLimit)
    write(group)
    schedule(busy === 0 ? 0 : busyWaitMs * 2 ** (busy - 1))
  }

  const write = (group: Array<Waiting>) => {
    if (lost && !reopened(group, "absent")) return
    const written: Array<Written> = []
    const startedAt = now()
    try {
      crashPoint("append.before_begin")
      database.immediate(
        () => writeEach(group, written, startedAt),
        () => crashPoint("append.before_commit")
      )
      crashPoint("append.after_commit")
    } catch (cause) {
      return recover(group, written, cause)
    }
    busy = 0
    settle(group, written, startedAt)
  }

  const settle = (group: ReadonlyArray<Waiting>, answers: ReadonlyArray<Answer>, startedAt: bigint) => {
    const appended = group.filter((_, index) => isAppended(answers[index]!))
    tell(group, answers)
    if (appended.length === 0) return
    const facts = appended.reduce((sum, { prepared }) => sum + prepared.events.length, 0)
    committed({ decisions: appended.length, facts, tookMs: Number(now() - startedAt) / 1e6 })
  }

  /** Decisions whose time is up go back to the head of the queue, before the COMMIT: its outcome does not concern them. */
  const writeEach = (group: Array<Waiting>, written: Array<Written>, startedAt: bigint) => {
    epoch.hold()
    for (const [index, { prepared }] of group.entries()) {
      if (index > 0 && now() - startedAt > groupMs * 1e6) {
        waiting = [...group.splice(index), ...waiting]
        return
      }
      try {
        written.push(writer.write(prepared))
      } catch (cause) {
        throw isUnfit(cause) ? new Unfit(index, cause) : cause
      }
      crashPoint("append.after_insert")
    }
  }

  /** The transaction did not end well. Every proven outcome is reported as it is; the rest is called unknown. */
  const recover = (group: Array<Waiting>, written: ReadonlyArray<Written>, cause: unknown): void => {
    const inDoubt = database.inDoubt()
    const code = codeOf(cause)
    if (cause instanceof EpochFenced) tellAll(group, cause)
    // What went into a file without a name may come back with the copy that was rescued, or not.
    else if (cause instanceof LogLost) tellAll(group, failure(cause, inDoubt ? "unknown" : "absent"))
    else if (cause instanceof Unfit) writeWithout(group, cause)
    else if (code.startsWith("SQLITE_BUSY") && !inDoubt) retryLater(group, cause)
    else if (code === "SQLITE_FULL") {
      // Rolled back: the frames that would not fit hold no commit. What was set aside makes room for the stops to come.
      dropBallast(database.path)
      database.relieve()
      tellAll(group, failure(cause, "absent"))
    } else lookUp(group, written, cause)
  }

  const writeWithout = (group: ReadonlyArray<Waiting>, { cause, index }: Unfit) => {
    tellAll(group.slice(index, index + 1), failure(cause, "absent"))
    const others = group.toSpliced(index, 1)
    if (others.length > 0) write(others)
  }

  const retryLater = (group: ReadonlyArray<Waiting>, cause: unknown) => {
    if (busy < busyRetries && !closed) {
      busy += 1
      waiting = [...group, ...waiting]
      return
    }
    busy = 0
    tellAll(group, failure(cause, "absent"))
  }

  /** A failed flush may have written or not, and asking the same connection again proves nothing: the file, opened again, knows. */
  const lookUp = (group: ReadonlyArray<Waiting>, written: ReadonlyArray<Written>, cause: unknown) => {
    const startedAt = now()
    if (!reopened(group, "unknown")) return
    try {
      const found = group.map(({ prepared }) => writer.lookUp(prepared))
      // A conflict or a used key was read in the transaction in doubt: it stands only with the writes it was read from.
      const stands = written.length === group.length && written.every((result, index) => !isAppended(result) || found[index] !== undefined)
      const absent = failure(cause, "absent")
      settle(
        group,
        found.map((place, index) => place ?? (stands ? written[index]! : absent)),
        startedAt
      )
    } catch (again) {
      lost = true
      tellAll(group, failure(again, "unknown"))
      heal(firstHealMs)
    }
  }

  const reopened = (group: ReadonlyArray<Waiting>, otherwise: "absent" | "unknown"): boolean => {
    try {
      reopen()
      return true
    } catch (cause) {
      lost = true
      tellAll(group, failure(cause, otherwise))
      heal(firstHealMs)
      return false
    }
  }

  /** Announced in a turn of its own, also where this was for a group that comes to nothing: no other call would announce what is there now. */
  const reopen = () => {
    database.reopen()
    if (lost) later(healed, 0)
    lost = false
  }

  /** Reading waits for the file too, and there may be nothing to append: it is tried again until it opens. */
  const heal = (afterMs: number) => {
    if (healing || closed) return
    healing = true
    const again = () => {
      healing = false
      if (!lost || closed) return
      try {
        reopen()
      } catch {
        heal(Math.min(longestHealMs, afterMs * 2))
      }
    }
    later(again, afterMs).unref()
  }

  return {
    append: (decision) =>
      Effect.suspend(() => {
        const refusal = closed ? "CLOSED" : waiting.length >= queueLimit ? "QUEUE_FULL" : undefined
        if (refusal !== undefined) return Effect.fail(failure({ code: refusal }, "absent"))
        const prepared = prepare(decision, epoch.number)
        return Effect.callback<Appended, AppendError>((answer) => {
          waiting.push({ prepared, answer })
          schedule()
        })
      }).pipe(Effect.uninterruptible),
    distrust: () => {
      lost = true
    },
    close: () => {
      closed = true
      // Each round answers at least one.
      for (let rounds = queueLimit; waiting.length > 0 && rounds > 0; rounds--) flush()
    }
  }
}
