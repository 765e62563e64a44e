/** Processes as the kernel shows them: a process is known by boot, pid and start time together, never by its pid alone. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import type { ProcessIdentity } from "../../domain/facts.ts"
import { valueIn } from "../../domain/launch-marks.ts"

export interface ProcessRow {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  /** The number of the controlling terminal; 0 for none. */
  readonly terminal: number
  /** Clock ticks since boot: 100 a second for user space on every Linux (USER_HZ). */
  readonly startTime: number
  /** All of its threads have ended, and nothing has waited for it yet. */
  readonly zombie: boolean
  /** As proc(5) spells it: `R`, `S`, `D`, `T`, `t`, `Z`, … */
  readonly state: string
  /** The process group that reads its terminal now; −1 without a terminal. */
  readonly foreground: number
  readonly command: string
}

/** Null when there is no such process. proc(5): the name stands in parentheses and may contain both parentheses and spaces. */
export const readProcess = (pid: number): ProcessRow | null => {
  const stat = readOrNull(`/proc/${pid}/stat`)
  if (stat === null) return null
  const nameEnd = stat.lastIndexOf(")")
  const fields = stat.slice(nameEnd + 2).split(" ")
  return {
    pid,
    state: fields[0] ?? "",
    foreground: Number(fields[5]),
    // The kernel calls a process a zombie once its first thread has ended, whatever the others do; num_threads counts that one too.
    zombie: (fields[0] === "Z" || fields[0] === "X") && Number(fields[17]) <= 1,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    terminal: Number(fields[4]),
    startTime: Number(fields[19]),
    command: stat.slice(stat.indexOf("(") + 1, nameEnd)
  }
}

/** In the kernel's order. */
export const pidsNow = (): ReadonlyArray<number> => readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []))

export const listProcesses = (): ReadonlyArray<ProcessRow> =>
  pidsNow().flatMap((pid) => {
    const row = readProcess(pid)
    return row === null ? [] : [row]
  })

/** The process is stopped, or all of the group that has its terminal is: what is typed is not read before it is continued. */
export const isSuspended = (leader: number): boolean => {
  const row = readProcess(leader)
  if (row === null || row.zombie) return false
  if (row.state === "T") return true
  if (row.foreground <= 0 || row.foreground === row.group) return false
  const head = readProcess(row.foreground)
  if (head !== null && head.state !== "T" && !head.zombie) return false
  const group = listProcesses().filter((member) => member.group === row.foreground && !member.zombie)
  return group.length > 0 && group.every(({ state }) => state === "T")
}

/** A signal has stopped all of its threads (SIGSTOP, Ctrl-Z): it runs on after SIGCONT. A busy process is never taken for one. */
export const isStopped = (pid: number): boolean => readProcess(pid)?.state === "T"

/** What was given to execve(2) of that process, each variable behind a NUL; empty where another user's process keeps it from us. */
export const environOf = (pid: number): string => {
  const environment = environOrNull(pid)
  return environment === null ? "" : `\0${environment}`
}

/** A first thread that has ended has given its memory back (ESRCH, on older kernels an empty file): any other one of the process still shows it. */
const environOrNull = (pid: number): string | null => {
  const first = textOrErrno(`/proc/${pid}/environ`)
  if (first.text !== "" && first.errno !== "ESRCH") return first.text
  for (const thread of namesOrNone(`/proc/${pid}/task`)) {
    const { text } = textOrErrno(`/proc/${pid}/task/${thread}/environ`)
    if (text !== null && text !== "") return text
  }
  return first.text
}

const namesOrNone = (path: string): ReadonlyArray<string> => {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

/** The process, its parent, and so on up to pid 1, as far as the table shows them. */
export const lineOf = (pid: number, rows: ReadonlyArray<ProcessRow>): ReadonlySet<number> => {
  const parents = new Map(rows.map((row) => [row.pid, row.parent]))
  const line = new Set<number>()
  for (let next: number | undefined = pid; next !== undefined && next > 0 && !line.has(next); next = parents.get(next)) line.add(next)
  return line
}

/** It was launched by us, and for another launch than the one with this nonce. */
export const carriesAnotherNonce = (pid: number, nonce: string): boolean => {
  const carried = valueIn(environOf(pid), "REPRISE_NONCE")
  return carried !== null && carried !== nonce
}

/** The directory that a process works in; null for one that is gone or not ours to look at. */
export const workingDirectory = (pid: number): string | null => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return null
  }
}

/** Its words, each with a NUL behind it; empty of a process that is about to end, null where there is none. */
export const commandLine = (pid: number | "self"): string | null => readOrNull(`/proc/${pid}/cmdline`)

/** Constant until the machine starts again. */
export const currentBootId = (): string => {
  bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
  return bootId
}
let bootId: string | null = null

export const identityOf = (pid: number): ProcessIdentity | null => {
  const row = readProcess(pid)
  return row === null ? null : { bootId: currentBootId(), pid, startTime: row.startTime }
}

/** A zombie is dead: it runs no code, and no signal reaches it. */
export const isAlive = (identity: ProcessIdentity): boolean => {
  if (identity.bootId !== currentBootId()) return false
  const row = readProcess(identity.pid)
  return row !== null && !row.zombie && row.startTime === identity.startTime
}

/** How a zombie ended, as wait(2) would report it to its parent; null where it is none, or the kernel does not show it. */
export const endOfZombie = (pid: number): { readonly code: number | null; readonly signal: number | null } | null => {
  const stat = readOrNull(`/proc/${pid}/stat`)
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")
  const status = Number(fields?.[49])
  if (fields?.[0] !== "Z" || !Number.isInteger(status)) return null
  const signal = status & 0x7f
  return signal === 0 ? { code: (status >> 8) & 0xff, signal: null } : { code: null, signal }
}

/** Null when there is no such process. */
export const processGroup = (pid: number): number | null => readProcess(pid)?.group ?? null

/** On the wall clock, in epoch milliseconds: as near as that clock is steady. */
export const startedAtMs = ({ startTime }: ProcessIdentity): number => Date.now() - (ticksSinceBoot() - startTime) * 10

/** The present moment on the clock of `startTime`. */
export const ticksSinceBoot = (): number => Math.floor(Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 100)

/** Signals that process or none: the identity is read again right before. False when it was not there any more. */
export const signalExactly = (identity: ProcessIdentity, signal: NodeJS.Signals): boolean => {
  if (!isAlive(identity)) return false
  try {
    process.kill(identity.pid, signal)
    return true
  } catch {
    // ESRCH: it went in between. EPERM: it changed its user, and the next look reports it as a leftover.
    return false
  }
}

/** A process that ends while it is looked at gives ENOENT or ESRCH, another user's gives EACCES: not there, for us. */
const readOrNull = (path: string): string | null => textOrErrno(path).text

const textOrErrno = (path: string): { readonly text: string | null; readonly errno?: string | undefined } => {
  try {
    return { text: readFileSync(path, "latin1") }
  } catch (error) {
    return { text: null, errno: (error as NodeJS.ErrnoException).code }
  }
}
