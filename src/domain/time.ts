/** Time as data: what a decision may know of when it happens, and of chance. */
import { DateTime, Schema } from "effect"

/**
 * The moment of a decision. `bootMs` counts milliseconds since the machine booted (suspended time included), so that jumps of
 * the wall clock move no deadline; `bootId` says which boot. `random` in [0, 1) and `nonce` are the only chance a decision has.
 * `offset` is the session's newest known output offset: it joins a fact to the screen of its moment.
 */
export const Moment = Schema.Struct({
  wallMs: Schema.Int,
  bootMs: Schema.Int,
  bootId: Schema.String,
  random: Schema.Finite,
  nonce: Schema.String,
  offset: Schema.Int
})
export type Moment = typeof Moment.Type

/** When something is due: `bootMs` decides; `wallMs` is for people, and re-bases the deadline after a reboot. */
export const Deadline = Schema.Struct({ bootMs: Schema.Int, wallMs: Schema.Int })
export type Deadline = typeof Deadline.Type

export const deadlineIn = (now: Moment, delayMs: number): Deadline => ({
  bootMs: now.bootMs + delayMs,
  wallMs: now.wallMs + delayMs
})

/** After a reboot: what was left of the wait by the wall clock, never more than the whole wait, never less than nothing. */
export const rebase = (deadline: Deadline, now: Moment, longestMs: number): Deadline =>
  deadlineIn(now, Math.min(longestMs, Math.max(0, deadline.wallMs - now.wallMs)))

/** The last moment that a date can name (ECMA-262, 21.4.1.1), in epoch milliseconds. */
export const latestMs = 8_640_000_000_000_000

/** Epoch milliseconds as ISO 8601, UTC; the nearest moment that has a name where there is none. */
export const iso = (ms: number): string => DateTime.formatIso(DateTime.makeUnsafe(Math.max(-latestMs, Math.min(latestMs, ms))))
