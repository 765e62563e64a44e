/** A session's log as a file, and a file decided again. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import { SessionId } from "../../domain/ids.ts"
import { Name } from "../../domain/spec.ts"
import { problems } from "../problems.ts"
import { Flag, ofSession, params } from "./common.ts"

export const traceMediaType = "application/x-ndjson"

/** `output`, `texts`: with what the terminal printed, and with the texts of prompts. `title`: what the trace says of itself. */
export const TraceQuery = Schema.Struct({
  output: Schema.optionalKey(Flag),
  texts: Schema.optionalKey(Flag),
  title: Schema.optionalKey(Name)
})

const Outcome = Schema.Struct({
  facts: Schema.Array(Schema.Record(Schema.String, Schema.Unknown)),
  effects: Schema.NullOr(Schema.Array(Schema.Unknown))
})

/** A place where the states differ; null: there is nothing at that place. The values are JSON. */
export const Difference = Schema.Struct({
  path: Schema.String,
  recorded: Schema.NullOr(Schema.String),
  present: Schema.NullOr(Schema.String)
})

/**
 * `same`: this version decides every input as it was decided then. `diverged`: the first one that it does not; `line` counts the
 * lines of the trace, `seq` the facts. `present` says in a sentence why nothing comes of the input now, where that is so.
 */
export const ReplayAnswer = Schema.Union([
  Schema.Struct({
    verdict: Schema.Literal("same"),
    title: Schema.NullOr(Schema.String),
    session: SessionId,
    steps: Schema.Int,
    facts: Schema.Int
  }),
  Schema.Struct({
    verdict: Schema.Literal("diverged"),
    title: Schema.NullOr(Schema.String),
    line: Schema.Int,
    seq: Schema.Int,
    what: Schema.Literals(["facts", "effects", "state"]),
    at: Schema.String,
    input: Schema.Record(Schema.String, Schema.Unknown),
    recorded: Outcome,
    present: Schema.Union([Outcome, Schema.String]),
    state: Schema.Array(Difference),
    /** False where the trace holds fingerprints of the states and not the states themselves. */
    stateKnown: Schema.Boolean
  })
])
export type ReplayAnswer = typeof ReplayAnswer.Type

export class TracesApi extends HttpApiGroup.make("traces").add(
  HttpApiEndpoint.get("trace", "/v1/sessions/:id/trace", {
    params,
    query: TraceQuery,
    success: [HttpApiSchema.StreamUint8Array({ contentType: traceMediaType })],
    error: ofSession
  }),
  /** Nothing is written. */
  HttpApiEndpoint.post("replay", "/v1/replays", {
    payload: HttpApiSchema.StreamUint8Array({ contentType: traceMediaType }),
    success: ReplayAnswer,
    error: problems(413, 415, 422)
  })
) {}
