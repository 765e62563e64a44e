/** The only module that touches the SQLite handle: durable settings proven at open, statements compiled once, one transaction at a time. */
import Sqlite from "better-sqlite3"
import type { Compilable, Kysely } from "kysely"
import { writeNew } from "../durable-file.ts"
import { ensurePrivateFile, refuseNetworkFileSystem } from "./disk.ts"
import { LogLost, LogWatch } from "./log-watch.ts"
import { CorruptLog, UnopenableLog } from "./open-errors.ts"
import { compiler, type Tables } from "./tables.ts"
import { WalIndex } from "./wal-index.ts"
import { damageOf } from "./write-ahead.ts"

/** Compiled by Kysely when it is made, prepared by SQLite when it is first used, and again after a reopening. */
export interface Statement<Args, Row> {
  readonly run: (args: Args) => { readonly changes: number; readonly lastInsertRowid: number }
  readonly get: (args: Args) => Row | undefined
  readonly all: (args: Args) => Array<Row>
}

/** Where a test may let the disk fail: each is called at its moment and may throw what SQLite would. */
export interface Faults {
  readonly beforeBegin?: () => void
  readonly beforeCommit?: () => void
  readonly afterCommit?: () => void
  readonly beforeReopen?: () => void
  readonly fileSystemType?: (directory: string) => number
}

export interface Database {
  readonly path: string
  /** `arg("name")` marks where an argument goes; its value is given with each execution. */
  readonly statement: <Args extends object, Row>(
    build: (tables: Kysely<Tables>, arg: <K extends keyof Args>(name: K) => Args[K]) => Compilable<Row>
  ) => Statement<Args, Row>
  /** Compiles for this one call: for what is rare, or has another shape each time. */
  readonly query: <Row>(query: Compilable<Row>) => Array<Row>
  /** BEGIN IMMEDIATE, the body, COMMIT; a body that throws is rolled back. Synchronous: nothing comes in between. */
  readonly immediate: <A>(body: () => A, beforeCommit?: () => void) => A
  /** What `immediate` threw was thrown by its COMMIT or after it: what became of the transaction is not known. */
  readonly inDoubt: () => boolean
  /** Throws `LogLost` where the files are not any more what was written; see `LogWatch`. */
  readonly assertSound: () => void
  /** Closes what may be broken and opens it again, from what the disk says; throws when that fails, and may be tried again. */
  readonly reopen: () => void
  /** Copies the write-ahead log into the database and empties it, where the disk is short. It may hold each page a hundred times. */
  readonly relieve: () => void
  /** Fails every write beyond this size with SQLITE_FULL: a quota. */
  readonly limitPages: (pages: number) => void
  readonly pages: () => number
  readonly close: () => void
}

/**
 * The write lock of another program (a backup, a user's sqlite3) is waited for this long inside SQLite, which holds the event loop;
 * the appender adds retries that do not.
 */
const busyTimeoutMs = 100
/**
 * A checkpoint runs inside the commit that crosses this many pages (4 KiB each) and flushes twice more: at SQLite's own 1,000 every
 * few hundred decisions pay for it, at 4,000 the pause is as long but four times rarer, and the file to recover stays below 20 MB.
 */
const checkpointPages = 4_000
/** A burst's write-ahead log is cut back to this once it has been checkpointed. */
const walBytes = 33_554_432

class Hole {
  readonly name: PropertyKey
  constructor(name: PropertyKey) {
    this.name = name
  }
}

const synchronousFull = 2

const openHandle = (path: string, memory: boolean): Sqlite.Database => {
  if (!memory) ensurePrivateFile(path)
  const handle = new Sqlite(path, { timeout: busyTimeoutMs })
  try {
    handle.pragma("foreign_keys = ON")
    if (memory) return handle
    handle.pragma("journal_mode = WAL")
    handle.pragma("synchronous = FULL")
    handle.pragma(`wal_autocheckpoint = ${checkpointPages}`)
    handle.pragma(`journal_size_limit = ${walBytes}`)
    // Read back after a first read: this build's default in WAL is NORMAL, which forgets acknowledged commits on a power loss.
    handle.prepare("select count(*) from sqlite_schema").get()
    const settings = {
      journal: handle.pragma("journal_mode", { simple: true }),
      synchronous: handle.pragma("synchronous", { simple: true })
    }
    if (settings.journal !== "wal" || settings.synchronous !== synchronousFull) {
      throw new UnopenableLog({ path, code: "NOT_DURABLE", cause: settings })
    }
    return handle
  } catch (cause) {
    handle.close()
    throw cause
  }
}

/** After some failures SQLite has rolled back by itself. A rollback that fails says nothing new: the first error is the one to report. */
const rollBack = (handle: Sqlite.Database) => {
  if (!handle.open || !handle.inTransaction) return
  try {
    handle.exec("ROLLBACK")
  } catch {
    handle.close()
  }
}

const quickCheck = (path: string, handle: Sqlite.Database) => {
  const found = (handle.pragma("quick_check(5)") as ReadonlyArray<{ readonly quick_check: string }>).map((row) => row.quick_check)
  if (found[0] !== "ok") throw new CorruptLog({ path, detail: found.join("; ") })
}

/** What a connection of its own finds, which has no page in its cache. */
const freshProblem = (path: string): string | null => {
  const fresh = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs })
  try {
    quickCheck(path, fresh)
    return null
  } catch (cause) {
    return (cause as Error).message
  } finally {
    fresh.close()
  }
}

/** The open file still has everything that was acknowledged: a copy is left beside the place that it had. */
const rescue = (path: string, handle: Sqlite.Database) => {
  const copy = `${path}.rescued`
  try {
    writeNew(copy, "")
    handle.exec(`VACUUM INTO '${copy.replaceAll("'", "''")}'`)
  } catch {
    // There is one already, or no room for it.
  }
}

/** Throws one of `OpenError`'s causes. `:memory:` keeps nothing and is for tests. */
export const openDatabase = (path: string, faults: Faults = {}): Database => {
  const memory = path === ":memory:"
  if (!memory) {
    ensurePrivateFile(path)
    refuseNetworkFileSystem(path, faults.fileSystemType)
    const detail = damageOf(path)
    if (detail !== null) throw new CorruptLog({ path, detail })
  }
  let handle = openHandle(path, memory)
  let opened = 1
  let doubtful = false
  try {
    quickCheck(path, handle)
  } catch (cause) {
    handle.close()
    throw cause
  }

  const makeWatch = () =>
    memory
      ? null
      : new LogWatch(path, {
          dataVersion: () => handle.pragma("data_version", { simple: true }) as number,
          frames: () => (handle.pragma("wal_checkpoint(NOOP)") as ReadonlyArray<{ readonly log: number }>)[0]?.log ?? 0,
          problem: () => freshProblem(path)
        })
  let watch = makeWatch()
  const index = memory ? null : new WalIndex(path)
  index?.keep()
  const guarded = (check: (watch: LogWatch) => void) => {
    if (watch === null) return
    const before = watch.lost
    try {
      check(watch)
    } catch (cause) {
      if (before === null && cause instanceof LogLost && cause.code !== "LOG_DAMAGED") rescue(path, handle)
      throw cause
    }
  }

  /** Inside of a transaction it was looked at already. */
  const keepIndex = () => {
    if (!handle.inTransaction) index?.keep()
  }

  const prepare = (sql: string) => handle.prepare<Array<unknown>>(sql)

  return {
    path,
    statement: <Args extends object, Row>(
      build: (tables: Kysely<Tables>, arg: <K extends keyof Args>(name: K) => Args[K]) => Compilable<Row>
    ): Statement<Args, Row> => {
      const { parameters, sql } = build(compiler, <K extends keyof Args>(name: K) => new Hole(name) as unknown as Args[K]).compile()
      const fill = (args: Args) => parameters.map((value) => (value instanceof Hole ? args[value.name as keyof Args] : value))
      let prepared: Sqlite.Statement<Array<unknown>> | undefined
      let preparedFor = 0
      const ready = () => {
        if (prepared === undefined || preparedFor !== opened) {
          prepared = prepare(sql)
          preparedFor = opened
        }
        return prepared
      }
      return {
        run: (args) => {
          keepIndex()
          const { changes, lastInsertRowid } = ready().run(fill(args))
          return { changes, lastInsertRowid: Number(lastInsertRowid) }
        },
        get: (args) => {
          keepIndex()
          return ready().get(fill(args)) as Row | undefined
        },
        all: (args) => {
          keepIndex()
          return ready().all(fill(args)) as Array<Row>
        }
      }
    },
    query: <Row>(query: Compilable<Row>) => {
      keepIndex()
      const { parameters, sql } = query.compile()
      const statement = prepare(sql)
      if (statement.reader) return statement.all(parameters as Array<unknown>) as Array<Row>
      statement.run(parameters as Array<unknown>)
      if (!handle.inTransaction) watch?.forgetStamp()
      return []
    },
    immediate: (body, beforeCommit) => {
      doubtful = false
      keepIndex()
      guarded((files) => files.assertSound())
      faults.beforeBegin?.()
      handle.exec("BEGIN IMMEDIATE")
      try {
        const result = body()
        beforeCommit?.()
        doubtful = true
        faults.beforeCommit?.()
        handle.exec("COMMIT")
        faults.afterCommit?.()
        guarded((files) => files.assertCommitted())
        doubtful = false
        return result
      } catch (cause) {
        rollBack(handle)
        throw cause
      }
    },
    inDoubt: () => doubtful,
    assertSound: () => {
      keepIndex()
      guarded((files) => files.assertSound())
    },
    reopen: () => {
      keepIndex()
      // A close would copy damaged frames into the database, and an opening would make another one where there is none.
      guarded((files) => files.assertSound())
      handle.close()
      // The last connection takes the write-ahead log with it.
      watch?.forgetStamp()
      faults.beforeReopen?.()
      const fresh = openHandle(path, memory)
      // What survived may live in the page cache alone, marked clean by the flush that failed. Copying it into the database
      // writes and flushes it again: only then is "it is there" a promise.
      const checkpoint = memory ? undefined : (fresh.pragma("wal_checkpoint(TRUNCATE)") as ReadonlyArray<{ readonly busy: number }>)[0]
      if (checkpoint !== undefined && checkpoint.busy !== 0) {
        fresh.close()
        throw new UnopenableLog({ path, code: "SQLITE_BUSY", cause: checkpoint })
      }
      handle = fresh
      index?.forget()
      index?.keep()
      opened += 1
      watch = makeWatch()
    },
    relieve: () => {
      if (memory || watch?.lost) return
      keepIndex()
      try {
        handle.pragma("wal_checkpoint(TRUNCATE)")
      } catch {
        // No room for the pages of the database either: both files stay as they are.
      }
      watch?.settle()
    },
    limitPages: (pages) => void handle.pragma(`max_page_count = ${pages}`),
    pages: () => handle.pragma("page_count", { simple: true }) as number,
    // The last connection that closes checkpoints: over files that are not ours any more it would do harm, and the kernel closes them.
    close: () => {
      index?.keep()
      if (!watch?.lost) handle.close()
    }
  }
}
