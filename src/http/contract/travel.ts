/** A session as it was at any fact or moment of its log, and why it came to that. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import { Link } from "../../domain/explain/link.ts"
import { SessionId } from "../../domain/ids.ts"
import { SessionView } from "../../domain/view.ts"
import { At, ofSession, params } from "./common.ts"
import { LoggedEvent } from "./events.ts"

const Fields = Schema.Record(Schema.String, Schema.Unknown)

/**
 * The session right after `fact`, the newest one at or before the place that was asked for. `view` is what a `GET` of the session
 * answered then; `state` is all that the log made of it, as the machine has it. `stateHash` is taken over the state as it is folded
 * now, by this version; where the log says otherwise, `recordedHash` is what it says, and `agrees` is false.
 */
export const PastState = Schema.Struct({
  session: SessionId,
  seq: Schema.Int,
  /** The newest fact there is. */
  head: Schema.Int,
  at: Schema.String,
  fact: LoggedEvent,
  view: SessionView,
  state: Schema.Struct({ value: Schema.Unknown, context: Fields }),
  /** Whose fate was open, in the order of delivery. */
  prompts: Schema.Array(Fields),
  /** What was due then, the earliest first. `inMs` counts from the fact. */
  deadlines: Schema.Array(Schema.Struct({ name: Schema.String, at: Schema.String, inMs: Schema.Int })),
  stateHash: Schema.String,
  recordedHash: Schema.String,
  agrees: Schema.Boolean
})
export type PastState = typeof PastState.Type

export const AtQuery = Schema.Struct({ at: Schema.optionalKey(At) })

/**
 * Why the fact at `seq` happened. The first link is the fact, each next one what the one before came of; the last is an `origin`
 * (`rooted` is true), or says in one sentence that the log does not hold the cause.
 */
export const Explanation = Schema.Struct({
  session: SessionId,
  seq: Schema.Int,
  head: Schema.Int,
  rooted: Schema.Boolean,
  links: Schema.Array(Link)
})
export type Explanation = typeof Explanation.Type

export const castType = "application/x-asciicast"

export class TravelApi extends HttpApiGroup.make("travel")
  .add(HttpApiEndpoint.get("state", "/:id/state", { params, query: AtQuery, success: PastState, error: ofSession }))
  .add(HttpApiEndpoint.get("explain", "/:id/explain", { params, query: AtQuery, success: Explanation, error: ofSession }))
  /** An asciicast, version 3. What is not UTF-8 in the output is replaced by U+FFFD; what is not kept any more is said by a marker. */
  .add(
    HttpApiEndpoint.get("recording", "/:id/recording.cast", {
      params,
      success: HttpApiSchema.StreamUint8Array({ contentType: castType }),
      error: ofSession
    })
  )
  .prefix("/v1/sessions") {}
