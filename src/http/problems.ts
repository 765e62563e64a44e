/** Every error the interface answers is one shape, with a code that never changes its meaning (RFC 9457). */
import { Schema } from "effect"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import { limits } from "../domain/limits.ts"

export const problemType = "application/problem+json"

/** One field of a request that is wrong. `field` is a path such as `keepalive.mode`, or the name of a header or a query field. */
export const FieldError = Schema.Struct({ field: Schema.String, message: Schema.String, code: Schema.optionalKey(Schema.String) })
export type FieldError = typeof FieldError.Type

/** What is known beyond the code; each is absent where it says nothing. */
const circumstances = {
  errors: Schema.optionalKey(Schema.Array(FieldError)),
  session: Schema.optionalKey(Schema.String),
  seq: Schema.optionalKey(Schema.Int),
  state: Schema.optionalKey(Schema.String),
  /** What would be accepted instead: commands, or methods. */
  allowed: Schema.optionalKey(Schema.Array(Schema.String)),
  /** The name of the limit that was reached, and its figure. */
  limit: Schema.optionalKey(Schema.String),
  maximum: Schema.optionalKey(Schema.Int),
  /** The first output offset that is still there. */
  availableFrom: Schema.optionalKey(Schema.Int),
  /** The newest cursor there is. */
  head: Schema.optionalKey(Schema.Int),
  retryAfterMs: Schema.optionalKey(Schema.Int),
  /** Why, as one word: an errno, or a name of the daemon's own. */
  reason: Schema.optionalKey(Schema.String)
}
const Circumstances = Schema.Struct(circumstances)
export type Circumstances = typeof Circumstances.Type

/** An answer that says no. `code` is for programs, `detail` for people; `type` is the code as a URN. */
export class Problem extends Schema.Error<Problem>("Problem")({
  type: Schema.String,
  title: Schema.String,
  status: Schema.Int,
  detail: Schema.String,
  code: Schema.String,
  ...circumstances
}) {
  readonly _tag = "Problem"
  override get message() {
    return `${this.code}: ${this.detail}`
  }
}

/** Codes of the edge itself. A refusal brings its own code, with status 409. */
export const codes = {
  invalid_request: { status: 400, title: "The request is not valid" },
  malformed_json: { status: 400, title: "The body is not JSON" },
  cursor_ahead: { status: 400, title: "The cursor is ahead of the log" },
  at_ahead: { status: 400, title: "The log does not reach that far" },
  at_before_first: { status: 400, title: "The log begins after that" },
  unauthorized: { status: 401, title: "A valid token is needed" },
  origin_not_allowed: { status: 403, title: "The origin is not allowed" },
  session_not_found: { status: 404, title: "There is no such session" },
  message_not_found: { status: 404, title: "There is no such message" },
  prompt_not_found: { status: 404, title: "There is no such prompt" },
  tool_not_found: { status: 404, title: "There is no such tool" },
  not_found: { status: 404, title: "There is nothing here" },
  method_not_allowed: { status: 405, title: "The method is not allowed here" },
  refused: { status: 409, title: "The session's state does not allow this" },
  request_timeout: { status: 408, title: "The request came too slowly" },
  expectation_failed: { status: 417, title: "The expectation cannot be met" },
  output_dropped: { status: 410, title: "That output is gone" },
  precondition_failed: { status: 412, title: "The session has changed" },
  body_too_large: { status: 413, title: "The body is too large" },
  attachment_too_large: { status: 413, title: "The attachment is too large" },
  prompt_too_large: { status: 413, title: "The prompt's text is too large" },
  unsupported_media_type: { status: 415, title: "The body's media type is not understood" },
  conversation_unreadable: { status: 409, title: "The conversation's file cannot be read" },
  range_not_satisfiable: { status: 416, title: "The range cannot be satisfied" },
  host_not_allowed: { status: 421, title: "The host is not served here" },
  idempotency_mismatch: { status: 422, title: "The idempotency key belongs to another request" },
  attachment_missing: { status: 422, title: "The attachment is not there" },
  attachment_silent: { status: 422, title: "The attachment's path does not answer" },
  attachment_outside_roots: { status: 422, title: "The attachment lies where the session may not read" },
  attachment_not_image: { status: 422, title: "The attachment is not an image" },
  attachment_not_typable: { status: 422, title: "The attachment's path cannot be typed" },
  trace_unreadable: { status: 422, title: "The trace cannot be read" },
  preflight_failed: { status: 422, title: "The session could not start" },
  upgrade_required: { status: 426, title: "This is a WebSocket" },
  over_capacity: { status: 429, title: "A limit is reached" },
  attachments_full: { status: 429, title: "The session keeps too many attachments" },
  headers_too_large: { status: 431, title: "The request's headers are too large" },
  internal: { status: 500, title: "The daemon is at fault" },
  line_too_long: { status: 409, title: "The terminal would cut the line" },
  echo_off: { status: 409, title: "The terminal hides what is typed" },
  suspended: { status: 409, title: "The session's process is stopped" },
  uncertain: { status: 502, title: "Nobody can say whether the input was written" },
  not_written: { status: 503, title: "The input was not written" },
  holder_unavailable: { status: 503, title: "The session's process cannot be reached" },
  quarantined: { status: 503, title: "The session's log cannot be read" },
  log_unavailable: { status: 503, title: "The log cannot be written or read" },
  outcome_unknown: { status: 503, title: "Nobody can say whether the request was recorded" },
  starting_up: { status: 503, title: "The daemon is still starting" },
  screen_unavailable: { status: 503, title: "The session has no screen now" },
  shutting_down: { status: 503, title: "The daemon is shutting down" },
  storage_full: { status: 507, title: "The disk is full" }
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>
export type Code = keyof typeof codes

/** `as` replaces the code with a finer one of the same kind, such as a refusal's own. */
export const problem = (code: Code, detail: string, known: Circumstances & { readonly as?: string } = {}): Problem => {
  const { as, ...circumstances } = known
  const name = as ?? code
  const short = cut(detail, limits.problemDetailChars)
  return new Problem({ type: `urn:reprise:problem:${name}`, ...codes[code], detail: short, code: name, ...circumstances })
}

/** What a request says comes back in parts only: an answer is never in proportion to it. */
export const cut = (text: string, chars: number): string => (text.length > chars ? `${text.slice(0, chars - 1)}…` : text)

/** The contract's error schemas, one for each status. */
export const problems = (...statuses: ReadonlyArray<number>) =>
  statuses.map((status) => Problem.pipe(HttpApiSchema.status(status), HttpApiSchema.asJson({ contentType: problemType })))
