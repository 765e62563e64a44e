/** All processes of one launch and none of anybody else's, however they left their parent, their group or their session. */
import type { ProcessIdentity } from "../../domain/facts.ts"
import { carriesNonce, currentBootId, listProcesses, type ProcessRow, signalExactly, ticksSinceBoot } from "./process-table.ts"

export interface Member {
  readonly identity: ProcessIdentity
  readonly command: string
  /** The process group, as it was at the look. */
  readonly group: number
}

/**
 * A member is: the leader; whoever is in the leader's session (its process groups are within it); whoever carries the nonce;
 * every descendant of those; and whoever was found so before, by its identity, since a daemon's parent is soon gone.
 */
export class ProcessTree {
  readonly #nonce: string
  readonly #leader: ProcessIdentity | null
  readonly #known = new Set<string>()
  readonly #outlived = new Set<string>()
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

  /** To be called at the leader's end: who starts after this moment is no longer a member by its session's number alone. */
  leaderEnded(): void {
    this.#leaderIsOver = true
    this.#sessionUntilTick = Math.min(this.#sessionUntilTick, ticksSinceBoot())
  }

  /** The living members now. Everyone ever found stays known. */
  scan(): ReadonlyArray<Member> {
    const rows = listProcesses()
    const spared = lineOf(process.pid, rows)
    const members = new Set<number>()
    for (const row of rows) if (!spared.has(row.pid) && this.#isRoot(row, rows)) members.add(row.pid)
    const children = Map.groupBy(rows, (row) => row.parent)
    const open = [...members]
    for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
      for (const child of children.get(pid) ?? []) {
        if (spared.has(child.pid) || members.has(child.pid)) continue
        members.add(child.pid)
        open.push(child.pid)
      }
    }
    return rows
      .filter((row) => members.has(row.pid) && !row.zombie)
      .map((row) => {
        this.#known.add(keyOf(row))
        if (this.#leaderIsOver) this.#outlived.add(keyOf(row))
        return { identity: { bootId: currentBootId(), pid: row.pid, startTime: row.startTime }, command: row.command, group: row.group }
      })
  }

  /** How many were found alive after the leader's end. */
  get outlived(): number {
    return this.#outlived.size
  }

  #isRoot(row: ProcessRow, rows: ReadonlyArray<ProcessRow>): boolean {
    if (this.#known.has(keyOf(row)) || carriesNonce(row.pid, this.#nonce)) return true
    const leader = this.#leader
    if (leader === null) return false
    if (row.pid === leader.pid) return row.startTime === leader.startTime
    if (row.session !== leader.pid || row.startTime < leader.startTime) return false
    const holderOfTheNumber = rows.find((other) => other.pid === leader.pid)
    return holderOfTheNumber === undefined ? row.startTime <= this.#sessionUntilTick : holderOfTheNumber.startTime === leader.startTime
  }
}

/** Sends to every member; answers with the pids that were there to hear it. */
export const signalAll = (members: ReadonlyArray<Member>, signals: ReadonlyArray<NodeJS.Signals>): ReadonlyArray<number> =>
  members.flatMap(({ identity }) => (signals.map((signal) => signalExactly(identity, signal)).includes(true) ? [identity.pid] : []))

const keyOf = (row: { readonly pid: number; readonly startTime: number }) => `${row.pid} ${row.startTime}`

/** The process itself, its ancestors and pid 1: a mistake about those would end the one who makes it. */
const lineOf = (pid: number, rows: ReadonlyArray<ProcessRow>): ReadonlySet<number> => {
  const parents = new Map(rows.map((row) => [row.pid, row.parent]))
  const line = new Set([1])
  for (let next: number | undefined = pid; next !== undefined && next > 0 && !line.has(next); next = parents.get(next)) line.add(next)
  return line
}
