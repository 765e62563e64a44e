/** All processes of one launch and none of another's, however they left their parent, their group or their session. */
import type { ProcessIdentity } from "../../domain/facts.ts"
import { carriesDaemonRole, carriesNonce, nonceIn } from "../../domain/launch-marks.ts"
import {
  currentBootId,
  environOf,
  lineOf,
  listProcesses,
  type ProcessRow,
  pidsNow,
  readProcess,
  signalExactly,
  ticksSinceBoot
} from "./process-table.ts"

export interface Member {
  readonly identity: ProcessIdentity
  readonly command: string
  /** The process group, as it was at the look. */
  readonly group: number
}

/**
 * Members are the leader, every process in the leader's session (its process groups lie within it), every process that carries the
 * nonce, all their descendants, and every process that an earlier scan found, by its identity: parents of background processes are
 * soon gone. A Reprise daemon that the agent has started is no member, and neither are its descendants that do not carry the nonce.
 */
export class ProcessTree {
  readonly #nonce: string
  readonly #leader: ProcessIdentity | null
  readonly #known = new Set<string>()
  readonly #outlived = new Set<string>()
  /** Numbers that a quick look leaves out: no members at the last scan, or looked at since. */
  #seen = new Set<number>()
  #leaderIsOver: boolean
  /** Until when the number of the leader's session was surely the leader's. Later it may be a stranger's. */
  #sessionUntilTick: number

  /** `watched`: the caller sees the leader's end as it happens. Else a dead leader's session number proves nothing. */
  constructor(leader: ProcessIdentity | null, nonce: string, options: { readonly watched: boolean }) {
    this.#leader = leader?.bootId === currentBootId() ? leader : null
    this.#nonce = nonce
    this.#leaderIsOver = !options.watched
    this.#sessionUntilTick = options.watched ? Number.POSITIVE_INFINITY : 0
  }

  /** To be called at the leader's end: a process that starts after this moment is no longer a member by its session's number alone. */
  leaderEnded(): void {
    this.#leaderIsOver = true
    this.#sessionUntilTick = Math.min(this.#sessionUntilTick, ticksSinceBoot())
  }

  /** The living members now. A member that was found once stays known. */
  scan(): ReadonlyArray<Member> {
    const rows = listProcesses()
    // This process, its ancestors and pid 1: a mistake about those would end the one that makes it.
    const spared = new Set([1, ...lineOf(process.pid, rows)])
    const members = new Set<number>()
    for (const row of rows) {
      if (spared.has(row.pid)) continue
      const environ = environOf(row.pid)
      if (carriesNonce(environ, this.#nonce)) members.add(row.pid)
      else if (isDaemon(row, environ)) spared.add(row.pid)
      else if (this.#isRoot(row, rows)) members.add(row.pid)
    }
    const children = Map.groupBy(rows, (row) => row.parent)
    const open = [...members]
    for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
      for (const child of children.get(pid) ?? []) {
        if (spared.has(child.pid) || members.has(child.pid)) continue
        members.add(child.pid)
        open.push(child.pid)
      }
    }
    this.#seen = new Set([...spared, ...rows.filter((row) => row.zombie || !members.has(row.pid)).map(({ pid }) => pid)])
    return rows
      .filter((row) => members.has(row.pid) && !row.zombie)
      .map((row) => {
        this.#known.add(keyOf(row))
        if (this.#leaderIsOver) this.#outlived.add(keyOf(row))
        return { identity: { bootId: currentBootId(), pid: row.pid, startTime: row.startTime }, command: row.command, group: row.group }
      })
  }

  /**
   * Stops whatever carries the nonce and came since the last scan, each as soon as it is seen: a process that lives for a millisecond is gone
   * when a whole scan is over. `vanished`: processes that came and went unseen; one of them may have been a member.
   */
  freezeNewcomers(): { readonly frozen: number; readonly vanished: number } {
    let frozen = 0
    let vanished = 0
    // The newest first: it has the longest to live.
    for (const pid of pidsNow().toReversed()) {
      if (this.#seen.has(pid)) continue
      const carries = carriesNonce(environOf(pid), this.#nonce)
      const row = readProcess(pid)
      if (row === null || row.zombie) {
        vanished += 1
        this.#seen.add(pid)
      } else if (!carries) continue
      else if (signalExactly({ bootId: currentBootId(), pid, startTime: row.startTime }, "SIGSTOP")) {
        frozen += 1
        this.#known.add(keyOf(row))
        this.#seen.add(pid)
      }
    }
    return { frozen, vanished }
  }

  /** How many were found alive after the leader's end. */
  get outlived(): number {
    return this.#outlived.size
  }

  #isRoot(row: ProcessRow, rows: ReadonlyArray<ProcessRow>): boolean {
    if (this.#known.has(keyOf(row))) return true
    const leader = this.#leader
    if (leader === null) return false
    if (row.pid === leader.pid) return row.startTime === leader.startTime
    if (row.session !== leader.pid || row.startTime < leader.startTime) return false
    const holderOfTheNumber = rows.find((other) => other.pid === leader.pid)
    return holderOfTheNumber === undefined ? row.startTime <= this.#sessionUntilTick : holderOfTheNumber.startTime === leader.startTime
  }
}

/** The nonces that processes of this machine carry now. */
export const noncesNow = (): ReadonlySet<string> => new Set(pidsNow().flatMap((pid) => nonceIn(environOf(pid)) ?? []))

/** Sends to every member; answers with the pids that were there to receive it. */
export const signalAll = (members: ReadonlyArray<Member>, signals: ReadonlyArray<NodeJS.Signals>): ReadonlyArray<number> =>
  members.flatMap(({ identity }) => (signals.map((signal) => signalExactly(identity, signal)).includes(true) ? [identity.pid] : []))

const keyOf = (row: { readonly pid: number; readonly startTime: number }) => `${row.pid} ${row.startTime}`

/** A daemon marks itself and leads a session of its own; a process that only bears the mark stays a member of its launch. */
const isDaemon = (row: ProcessRow, environ: string) => row.session === row.pid && carriesDaemonRole(environ)
