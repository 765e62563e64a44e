/** Notices at once that the log's files were deleted, replaced or changed by another program: from then on nothing is written. */
import { type BigIntStats, lstatSync } from "node:fs"
import { readWriteAhead } from "./write-ahead.ts"

/** `code`: `LOG_GONE`, `LOG_REPLACED` or `LOG_DAMAGED`. The message is one sentence for the user. */
export class LogLost extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** What only the open database can know. */
export interface Asked {
  /** Changes when another connection commits, and at no commit of ours. */
  readonly dataVersion: () => number
  /** Frames of the write-ahead log that this connection counts on. */
  readonly frames: () => number
  /** What a connection that reads the disk again finds wrong; null for nothing. */
  readonly problem: () => string | null
}

export class LogWatch {
  readonly #path: string
  readonly #asked: Asked
  /** The database as it was opened. */
  #place: BigIntStats | null
  #stamp: Stamp | null = null
  #lost: LogLost | null = null

  constructor(path: string, asked: Asked) {
    this.#path = path
    this.#asked = asked
    this.#place = seen(path)
  }

  get lost(): LogLost | null {
    return this.#lost
  }

  /** Before anything is written: throws `LogLost`, and does so for good. Two calls of lstat(2) where nothing has changed. */
  assertSound(): void {
    const { log, wal } = this.#assertInPlace()
    const stamp = this.#stamp
    if (stamp === null || (isSame(stamp.log, log) && isSame(stamp.wal, wal))) return
    this.#judged(() => {
      // Another connection has committed, as a person's sqlite3 does: the epoch and the log's own rules judge that.
      if (this.#asked.dataVersion() !== stamp.dataVersion) return null
      const known = this.#asked.frames()
      if (!isSame(stamp.wal, wal) && known > 0 && (readWriteAhead(this.#path)?.frames ?? 0) < known)
        return "its write-ahead log was overwritten"
      return isSame(stamp.log, log) ? null : this.#asked.problem()
    })
    this.settle()
  }

  /** After a commit and before its answer: throws `LogLost` where it went into a file that has no name any more. */
  assertCommitted(): void {
    this.#assertInPlace()
    this.settle()
  }

  /** What the files are now is this process's own doing. */
  settle(): void {
    this.#stamp = { log: seen(this.#path), wal: seen(`${this.#path}-wal`), dataVersion: this.#asked.dataVersion() }
  }

  /** Written past the watch. */
  forgetStamp(): void {
    this.#stamp = null
  }

  #assertInPlace() {
    if (this.#lost !== null) throw this.#lost
    const log = seen(this.#path)
    const wal = seen(`${this.#path}-wal`)
    if (log === null) this.#lose("LOG_GONE", "was deleted while the daemon ran")
    else if (this.#place === null || !isPlace(this.#place, log)) this.#lose("LOG_REPLACED", "was replaced while the daemon ran")
    const before = this.#stamp?.wal ?? null
    if (before !== null && wal === null) this.#lose("LOG_GONE", "lost its write-ahead log while the daemon ran")
    else if (before !== null && wal !== null && !isPlace(before, wal))
      this.#lose("LOG_REPLACED", "got another write-ahead log while the daemon ran")
    return { log, wal }
  }

  #judged(find: () => string | null): void {
    let problem: string | null
    try {
      problem = find()
    } catch (cause) {
      problem = (cause as Error).message
    }
    if (problem !== null) this.#lose("LOG_DAMAGED", `was changed by another program while the daemon ran: ${problem}`)
  }

  #lose(code: string, how: string): never {
    this.#lost = new LogLost(code, `${this.#path} ${how}; nothing more is recorded: end the daemon, put the log back, and start it again`)
    throw this.#lost
  }
}

interface Stamp {
  readonly log: BigIntStats | null
  readonly wal: BigIntStats | null
  readonly dataVersion: number
}

const seen = (path: string): BigIntStats | null => lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null
const isPlace = (one: BigIntStats, other: BigIntStats) => one.ino === other.ino && one.dev === other.dev
const isSame = (one: BigIntStats | null, other: BigIntStats | null) =>
  one === other || (one !== null && other !== null && isPlace(one, other) && one.size === other.size && one.mtimeNs === other.mtimeNs)
