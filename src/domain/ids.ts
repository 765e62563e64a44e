/** The names by which things are known: every id has one shape, checked where it enters. */
import { Schema } from "effect"

/** `s-` and twelve characters of Crockford's base 32 (60 random bits), chosen by the daemon, never by a caller. */
export const SessionId = Schema.String.check(Schema.isPattern(/^s-[0-9a-hjkmnp-tv-z]{12}$/)).pipe(Schema.brand("SessionId"))
export type SessionId = typeof SessionId.Type

/** One launch of a session: 1, 2, 3, … Every report from a process carries it. */
export const Generation = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** 128 random bits in hexadecimal, new for each launch, in the child's environment as `REPRISE_NONCE`. */
export const Nonce = Schema.String.check(Schema.isPattern(/^[0-9a-f]{32}$/))

/** A count of terminal bytes since the session's first launch; it goes on across generations. */
export const Offset = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
