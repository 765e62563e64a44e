/** Finds the daemon of a home by its note; where the note is lost or foreign, by its socket and by the process that holds the log's lock. */
import { existsSync, realpathSync } from "node:fs"
import { join } from "node:path"
import { Clock, Effect } from "effect"
import { limits } from "../domain/limits.ts"
import { type Connection, makeClient } from "../http/client.ts"
import type { Health } from "../http/contract/service.ts"
import { isStopped } from "../infra/holder/process-table.ts"
import { type DaemonNote, expectedSocketOf, notePathOf, readNote } from "../infra/home.ts"
import { lockHolder } from "../infra/log/lock-holder.ts"
import { FileRefused, readRegular } from "../infra/regular-file.ts"
import { NoDaemon } from "./failures.ts"

export interface FoundDaemon {
  readonly file: DaemonNote
  readonly connection: Connection
  /** What was wrong with the files by which a daemon is found, in one sentence; null for nothing. */
  readonly remark: string | null
}

/** That the daemon answers is checked only where the note is of no use. The token goes to a socket of this user and never over TCP. */
export const findDaemon = Effect.fnUntraced(function* (given: string) {
  const home = withoutLinks(given)
  const note = readNote(home)
  const holder = lockHolder(join(home, "reprise.db"))
  const token = yield* tokenIn(home, holder)
  const fault = faultOf(home, note, holder)
  if (fault === null && note !== null && existsSync(note.socket)) {
    return found(note, { url: note.url, socket: note.socket, token }, null)
  }
  const socket = expectedSocketOf(home)
  const reason = fault ?? `${note?.socket} is missing`
  const answering = yield* answerOf(home, [socket, ...(note === null ? [] : [note.socket])], holder)
  if (answering !== null) {
    const pid = holder ?? answering.health.pid
    const file = { ...answering.health, pid, url: urlOfSocket, socket: answering.socket }
    const remark = `${reason}; the daemon (pid ${pid}) answers at ${answering.socket}, and restores it`
    return found(file, { url: urlOfSocket, socket: answering.socket, token }, remark)
  }
  return yield* new NoDaemon({ home, reason, ...heldBy(holder), socket })
})

/** A daemon that lives puts its socket back, perhaps in another place, which its note names: one that holds the lock is waited for. */
const answerOf = Effect.fnUntraced(function* (home: string, places: ReadonlyArray<string>, holder: number | null) {
  const until = (yield* Clock.currentTimeMillis) + (holder === null ? 0 : busyWatches * limits.noteWatchMs)
  for (;;) {
    const named = readNote(home)
    const newest = named !== null && named.pid === holder ? [named.socket] : []
    for (const socket of new Set([...newest, ...places])) {
      if (!existsSync(socket)) continue
      const health = yield* healthAt(socket)
      if (health !== null) return { health, socket }
    }
    if ((yield* Clock.currentTimeMillis) >= until) return null
    yield* Effect.sleep(socketLookMs)
  }
})
const socketLookMs = 50
/** On a busy machine the watch of the daemon comes late. */
const busyWatches = 5

const found = (file: DaemonNote, connection: Connection, remark: string | null): FoundDaemon => ({ file, connection, remark })

/** Why the note says nothing of the daemon that runs here; null where it may be believed. */
const faultOf = (home: string, note: DaemonNote | null, holder: number | null): string | null => {
  const path = notePathOf(home)
  if (note === null) return existsSync(path) ? `${path} is not what a daemon writes` : `${path} is missing`
  return holder !== null && note.pid !== holder ? `${path} names another process (pid ${note.pid})` : null
}

const tokenIn = (home: string, holder: number | null) =>
  Effect.try({
    try: () => readRegular(join(home, "token"), tokenBytes).toString("utf8").trim(),
    catch: (cause) => (cause instanceof FileRefused ? cause.message : String(cause))
  }).pipe(
    // What no header can hold is no token, and a header without it would be refused in words of HTTP.
    Effect.filterOrFail(
      (token) => /^[\x21-\x7e]+$/.test(token),
      () => `${join(home, "token")} holds no token`
    ),
    Effect.mapError((reason) => new NoDaemon({ home, reason, ...heldBy(holder) }))
  )

const heldBy = (holder: number | null) => (holder === null ? {} : { holder, ...(isStopped(holder) ? { isStopped: true } : {}) })

/** Null where nothing answers. It needs no token, and none is sent: any program may listen there. */
const healthAt = (socket: string): Effect.Effect<Health | null> =>
  makeClient({ url: urlOfSocket, socket, token: "none" }).pipe(
    Effect.flatMap((client) => client.service.healthz({})),
    Effect.scoped,
    Effect.orElseSucceed(() => null)
  )

/** Only a name: the connection goes to the socket. */
const urlOfSocket = "http://reprise"
const tokenBytes = 4_096

const withoutLinks = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
