/** What the kernel has written down about a process: time on a processor, wake-ups, memory. */
import { readdirSync, readFileSync } from "node:fs"

/** Milliseconds on a processor of all threads that live, to the nanosecond where the kernel gives it. */
export const cpuMs = (pid: number): number => sum(threads(pid), (thread) => Number(read(`${thread}/schedstat`).split(" ")[0]) / 1e6)

/** How often a thread of the process went to sleep of its own accord: each is one wake-up. */
export const wakeUps = (pid: number): number =>
  sum(threads(pid), (thread) => Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(read(`${thread}/status`))?.[1] ?? 0))

export const rssBytes = (pid: number): number => kilobytes(read(`/proc/${pid}/status`), "VmRSS") * 1_024

/** `own`: pages that no other process has. `share`: those, and its part of what others have too. */
export const memory = (pid: number): { readonly own: number; readonly share: number } => {
  const rollup = read(`/proc/${pid}/smaps_rollup`)
  return {
    own: (kilobytes(rollup, "Private_Clean") + kilobytes(rollup, "Private_Dirty")) * 1_024,
    share: kilobytes(rollup, "Pss") * 1_024
  }
}

/** Processes with this text in their arguments. */
export const processesWith = (text: string): ReadonlyArray<number> =>
  readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) && read(`/proc/${name}/cmdline`).includes(text) ? [Number(name)] : []))

const threads = (pid: number): ReadonlyArray<string> => readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`)
const sum = <A>(all: ReadonlyArray<A>, value: (each: A) => number) => all.reduce((total, each) => total + value(each), 0)
const kilobytes = (text: string, name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN)

/** Empty for a process that is gone. */
const read = (path: string): string => {
  try {
    return readFileSync(path, "latin1")
  } catch {
    return ""
  }
}
