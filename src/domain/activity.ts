/** What an agent is doing, and which source says so. */
import { Schema } from "effect"

export const Activity = Schema.Literals(["idle", "working", "waiting", "compacting", "unknown"])
export type Activity = typeof Activity.Type

/**
 * Best first: a weaker source never overrides a stronger one that is fresher than its limit. `protocol` is what an agent publishes of
 * itself as its state (the Program Status Protocol of OSC 7501, a status file): it names every change, also those that no hook
 * is called for (an interrupted turn). `osc` is what other sequences imply: titles and notifications.
 */
export const EvidenceSource = Schema.Literals(["protocol", "hook", "transcript", "osc", "screen", "silence", "none"])
export type EvidenceSource = typeof EvidenceSource.Type

/** The agent is in a turn. A question that it asks is part of the turn. */
export const isBusy = (activity: Activity): boolean => activity === "working" || activity === "compacting" || activity === "waiting"

/** The agent reports what it does itself; every other source is read off what it prints or writes. */
export const isOwnWord = (source: EvidenceSource): boolean => source === "protocol" || source === "hook"
