/** The log as clients read it: pages, or Server-Sent Events by `Accept: text/event-stream`, from any cursor, without gap or repeat. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import { SessionId } from "../../domain/ids.ts"
import { Cursor, Limit, ofSession, pageOf, params } from "./common.ts"

/** One fact. `data` is its own fields; `at` is ISO 8601, UTC. */
export const LoggedEvent = Schema.Struct({
  position: Schema.Int,
  seq: Schema.Int,
  session: SessionId,
  generation: Schema.Int,
  type: Schema.String,
  at: Schema.String,
  inputId: Schema.String,
  data: Schema.Record(Schema.String, Schema.Unknown),
  stateHash: Schema.String
})
export type LoggedEvent = typeof LoggedEvent.Type

export const EventPage = pageOf(LoggedEvent, Schema.Int)
export type EventPage = typeof EventPage.Type

export const EventQuery = Schema.Struct({ after: Schema.optionalKey(Cursor), limit: Schema.optionalKey(Limit) })

/** A heartbeat: everything up to `head` has been sent. */
export const Heartbeat = Schema.Struct({ head: Schema.Int })
/** The cursor cannot be followed: read the present state, and follow again after `head`. */
export const Reset = Schema.Struct({ reason: Schema.Literals(["cursor_ahead", "cursor_too_old"]), head: Schema.Int })

const query = EventQuery
const headers = { "last-event-id": Schema.optionalKey(Cursor), accept: Schema.optionalKey(Schema.String) }

/**
 * What Server-Sent Events look like: `id` is the cursor, `event` the fact's type, `heartbeat`, `reset` or `problem` (the
 * stream ends with it); `data` is the JSON of the schema named. A heartbeat has no id, so it moves no cursor.
 */
export const EventFrame = Schema.Struct({
  id: Schema.UndefinedOr(Schema.String),
  event: Schema.String,
  data: Schema.String
})

const success = [EventPage, HttpApiSchema.StreamSse({ events: EventFrame })] as const

export class EventsApi extends HttpApiGroup.make("events").add(
  HttpApiEndpoint.get("all", "/v1/events", { query, headers, success }),
  HttpApiEndpoint.get("ofSession", "/v1/sessions/:id/events", { params, query, headers, success, error: ofSession })
) {}
