/** The real event log of a modelled daemon, on a real file: with a disk that can fail, and an append that can be the last thing it did. */
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import type { Faults } from "../../src/infra/log/database.ts"
import type { AppendError, Appended, Decision, EventStore } from "../../src/infra/log/event-store.ts"
import type { Port } from "./world-port.ts"

/** Memory where there is some: what is tested is what survives a killed daemon, not the disk's own promise. */
const fastest = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()

export class LogFile {
  readonly directory = mkdtempSync(join(fastest, "reprise-world-"))
  readonly path = join(this.directory, "reprise.db")
  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** `reopen` after a failed commit: what became of it stays unknown for a while. */
export type DiskFault = "full" | "before_begin" | "before_commit" | "after_commit" | "busy" | "reopen"

/** One disk of one daemon: what is loaded fires once, at the next moment of its kind. */
export class Disk {
  readonly loaded: Array<DiskFault> = []
  injected: (fault: string) => void = () => {}
  dead = false
  /** The file could not be opened again; the daemon tries again by itself. */
  isShut = false

  readonly faults: Faults = {
    beforeBegin: () => {
      // A killed process writes nothing more: reported as a full disk, which needs no reopening.
      if (this.dead) throw new Sqlite.SqliteError("killed", "SQLITE_FULL")
      if (this.#fires("busy")) throw new Sqlite.SqliteError("database is locked", "SQLITE_BUSY")
      if (this.#fires("full")) throw new Sqlite.SqliteError("database or disk is full", "SQLITE_FULL")
      if (this.#fires("before_begin")) throw new Sqlite.SqliteError("disk I/O error", "SQLITE_IOERR_WRITE")
    },
    beforeCommit: () => {
      if (this.#fires("before_commit")) throw new Sqlite.SqliteError("disk I/O error", "SQLITE_IOERR_FSYNC")
    },
    beforeReopen: () => {
      this.isShut = this.#fires("reopen")
      if (this.isShut) throw new Sqlite.SqliteError("unable to open database file", "SQLITE_CANTOPEN")
    },
    afterCommit: () => {
      if (this.#fires("after_commit")) throw new Sqlite.SqliteError("disk I/O error", "SQLITE_IOERR_FSYNC")
    }
  }

  #fires(fault: DiskFault): boolean {
    const index = this.loaded.indexOf(fault)
    if (index === -1) return false
    this.loaded.splice(index, 1)
    this.injected(`disk ${fault}`)
    return true
  }
}

type Append = EventStore["Service"]["append"]

/** Called for every append of a daemon, and with its answer. */
export interface AppendWatch {
  readonly asked: (decision: Decision) => void
  readonly answered: (decision: Decision, answer: Appended | AppendError) => void
}

/** How a test makes an append go wrong: given the decision and the real append, what the actor gets. */
export type BendAppend = (decision: Decision, append: Append) => ReturnType<Append>

export const watchedAppend = (
  append: Append,
  port: Port,
  watch: AppendWatch,
  bend: BendAppend = (decision, real) => real(decision)
): Append => {
  const counted: Append = (decision) =>
    Effect.suspend(() => {
      watch.asked(decision)
      return Effect.exit(append(decision))
    }).pipe(
      Effect.tap((exit) =>
        Effect.sync(() => {
          if (exit._tag === "Success") watch.answered(decision, exit.value)
          else for (const reason of exit.cause.reasons) if (reason._tag === "Fail") watch.answered(decision, reason.error)
        })
      ),
      Effect.flatten,
      Effect.uninterruptible
    )
  return (decision) => port.cross(Effect.suspend(() => bend(decision, counted)))
}
