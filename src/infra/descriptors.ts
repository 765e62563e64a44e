/** How many files this process may have open, and what of them the log, the sessions and the connections may take. */
import { readFileSync } from "node:fs"
import { Schema } from "effect"
import { limits } from "../domain/limits.ts"

export interface Share {
  readonly liveSessions: number
  readonly connections: number
}

export class TooFewDescriptors extends Schema.TaggedError<TooFewDescriptors>()("TooFewDescriptors", { allowed: Schema.Int }) {
  override get message() {
    return `this process may open ${this.allowed} files (ulimit -n), and a daemon needs at least ${limits.descriptors.minimum}`
  }
}

/** The limit in force; Node has raised it to the hard limit when it started. */
export const allowedDescriptors = (): number => {
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? []
  return soft === undefined || soft === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(soft)
}

/**
 * The soft limit that this process was started with, as far as that can be known; null where it cannot, and where nothing was raised.
 * Node raises it before the first line of a program: what the parent has says what was there before, where both have one hard limit. A
 * service manager sets both, and 1,024 is the soft limit of nearly all of them (systemd-system.conf(5)).
 */
export const softDescriptors = (environment: Readonly<Record<string, string | undefined>> = process.env): number | null => {
  const own = openFilesOf("self")
  const parent = openFilesOf(process.ppid)
  const told = Number(environment[descriptorsName] ?? "")
  if (own === null || process.ppid === 0) return null
  if (Number.isSafeInteger(told) && told > 0 && told <= own.hard) return told
  if (parent !== null && parent.hard === own.hard) return parent.soft < own.hard ? parent.soft : null
  return own.hard > usualDescriptors ? usualDescriptors : null
}

/** A command that starts a daemon passes it its own. */
export const descriptorsName = "REPRISE_DESCRIPTORS"
const usualDescriptors = 1_024

const openFilesOf = (pid: number | "self"): { readonly soft: number; readonly hard: number } | null => {
  try {
    const [, soft, hard] = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8")) ?? []
    return soft === undefined || hard === undefined ? null : { soft: countOf(soft), hard: countOf(hard) }
  } catch {
    // Another user's parent, or one that has ended.
    return null
  }
}

const countOf = (text: string) => (text === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(text))

/**
 * The daemon's own come first, then half of the rest for sessions, and what those leave for connections: however many connections
 * there are, a holder is reached and a fact is written. Null where nothing is left.
 */
export const shareOf = (allowed: number): Share | null => {
  const { forDaemon, minimum, perConnection, perSession } = limits.descriptors
  if (allowed < minimum) return null
  const left = allowed - forDaemon
  const liveSessions = Math.min(limits.liveSessions, Math.floor(left / 2 / perSession))
  const connections = Math.min(limits.connections, Math.floor((left - liveSessions * perSession) / perConnection))
  return { liveSessions, connections }
}
