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
