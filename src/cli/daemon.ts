/** Reaches the daemon of a home, and turns every way in which asking it can fail into a command's failure. */
import { join } from "node:path"
import { Effect, type Schema } from "effect"
import type { Sse } from "effect/encoding"
import type { HttpClientError } from "effect/http"
import type { ProcessIdentity } from "../domain/facts.ts"
import { type Client, type Connection, codeOf, isClosed, makeClient, NotAnswered } from "../http/client.ts"
import { type Problem, problem } from "../http/problems.ts"
import { identityOf, isStopped } from "../infra/holder/process-table.ts"
import type { DaemonNote } from "../infra/home.ts"
import { lockHolder } from "../infra/log/lock-holder.ts"
import { SocketRefused } from "../infra/trusted-place.ts"
import { adviceForStopped, Failure, NoDaemon, TimedOut } from "./failures.ts"
import { findDaemon } from "./find-daemon.ts"

export interface Daemon {
  readonly home: string
  readonly file: DaemonNote
  /** What was wrong with the files by which the daemon is found; null for nothing. */
  readonly remark: string | null
  readonly connection: Connection
  readonly client: Client
  /** Runs a call of the client; what comes back as an error is one that a command may end with. */
  readonly ask: <A, R>(call: Effect.Effect<A, AskError, R>) => Effect.Effect<A, Problem | NoDaemon | TimedOut | Failure, R>
}

export type AskError = Problem | HttpClientError.HttpClientError | Schema.SchemaError | Sse.SseError | Sse.Retry

/** The client that asks, as the log records it. */
export const asCli = { "x-reprise-client": "cli" } as const

/** The daemon of the home; whether it answers shows with the first call. */
export const connect = Effect.fnUntraced(function* (home: string) {
  const { connection, file, remark } = yield* findDaemon(home)
  const client = yield* makeClient(connection)
  const daemon: Daemon = { home, file, remark, connection, client, ask: Effect.mapError(understood(home, file.pid)) }
  return daemon
})

/** With another token than the home's. */
export const connectAs = (home: string, connection: Connection) =>
  Effect.map(
    makeClient(connection),
    (client) => ({ client, ask: Effect.mapError(understood(home, null)) }) satisfies Pick<Daemon, "client" | "ask">
  )

/** The failure of a command that an error of the client is. */
export const understood =
  (home: string, pid: number | null) =>
  (error: AskError): Problem | NoDaemon | TimedOut | Failure => {
    switch (error._tag) {
      case "Problem":
        return error.code === "unauthorized" && pid !== null ? problem("unauthorized", foreignToken(home, pid)) : error
      case "SchemaError":
      case "SseError":
        return new Failure({ message: "the daemon's answer is not understood; is it of another version than this command line?" })
      case "Retry":
        return new NoDaemon({ home, reason: "the connection ended" })
      case "HttpClientError": {
        if (error.reason.cause instanceof NotAnswered) return silent(home, pid, error.reason.cause)
        // A connection that breaks in the middle of an answer comes as a body that cannot be decoded.
        const broken = codeOf(error.reason.cause)
        if (error.reason._tag === "TransportError" || (error.reason._tag === "DecodeError" && broken !== undefined)) {
          return new NoDaemon({
            home,
            reason: refusalOf(error.reason.cause) ?? broken ?? "no connection",
            ...(isClosed(broken) ? { isClosed: true } : {})
          })
        }
        return new Failure({ message: `the daemon's answer is not understood: ${error.message}` })
      }
    }
  }

/** Why the client stays away from the socket, where it does for the sake of the token. */
const refusalOf = (cause: unknown) => (cause instanceof SocketRefused && cause.code === "NOT_OURS" ? cause.message : null)

const foreignToken = (home: string, pid: number) =>
  `the daemon (pid ${pid}) does not take the token in ${join(home, "token")}: the file was changed while it ran; put the old one back, or restart the daemon`

/** It has taken the connection, so it is there; whether it has done what it was asked to do is open. */
const silent = (home: string, pid: number | null, { withinMs }: NotAnswered) => {
  const silence = `has not answered within ${withinMs / 1_000} s`
  if (pid === null) return new TimedOut({ message: `the daemon of ${home} ${silence}; it may be overloaded` })
  // The note may name a process that is no daemon any more: only the one that holds the lock is called stopped.
  if (stoppedDaemonOf(home)?.pid === pid)
    return new TimedOut({ message: `the daemon of ${home} (pid ${pid}) is stopped and ${silence}; ${adviceForStopped(pid)}` })
  return new TimedOut({
    message: `the daemon of ${home} (pid ${pid}) ${silence}; it may be overloaded: try again, or end it with: kill ${pid}; its agents live on`
  })
}

/** The daemon that holds the lock of the home's log, where a signal has stopped it; null for one that runs, and for none. */
export const stoppedDaemonOf = (home: string): ProcessIdentity | null => {
  const holder = lockHolder(join(home, "reprise.db"))
  return holder !== null && isStopped(holder) ? identityOf(holder) : null
}
