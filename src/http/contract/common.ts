/** What every route of the contract shares: its parameters, its conditional headers, its cursors, its errors. */
import { Schema } from "effect"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import { SessionId } from "../../domain/ids.ts"
import { limits } from "../../domain/limits.ts"
import { problems } from "../problems.ts"

export const params = { id: SessionId }

/** Decimal digits and nothing else: JavaScript also reads `0x10`, `1e3` and spaces as numbers. */
export const Digits = Schema.String.check(Schema.isPattern(/^[0-9]{1,16}$/, { message: "a whole number in decimal digits" })).pipe(
  Schema.decodeTo(Schema.FiniteFromString)
)
const whole = Digits.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))

/** A place in an order: everything after it is asked for; 0 is the beginning. */
export const Cursor = whole.annotate({ description: "everything after this; 0 is the beginning" })
export const ByteOffset = whole.annotate({ description: "an absolute offset into the session's output" })
export const Limit = Digits.check(Schema.isBetween({ minimum: 1, maximum: limits.pageSize.maximum })).annotate({
  description: `rows of a page, ${limits.pageSize.default} by default`
})
/** Its shape is checked where it is read, so that what is wrong with it is said in words. */
export const At = Schema.String.annotate({
  description: "the seq of a fact, or an ISO 8601 time with its zone; absent: now"
})
export const Flag = Schema.Literals(["true", "false"])

/** `30s`, `1500ms`, `5m`, or a number of seconds. */
export const Duration = Schema.String.check(Schema.isPattern(/^\d{1,9}(ms|s|m)?$/, { message: "a duration such as 30s, 1500ms or 5m" }))

/** `reprise` is the daemon's own name in the log: no client can take it. */
export const clientName = /^(?!reprise$)[\x20-\x7e]{1,64}$/
const ClientName = Schema.String.check(
  Schema.isPattern(clientName, { message: "1 to 64 printable ASCII characters, and not `reprise`" })
).annotate({ description: "who asks; recorded with what is done" })
const IdempotencyKey = Schema.String.check(
  Schema.isPattern(/^[\x21-\x7e]+$/, { message: "visible ASCII characters" }),
  Schema.isMaxLength(limits.idempotencyKeyChars)
).annotate({ description: "the same key with the same request is done once and answered the same" })
const IfMatch = Schema.String.check(Schema.isPattern(/^(\*|"\d{1,15}")$/, { message: 'an entity tag such as "12"' })).annotate({
  description: "done only while the session's newest seq is this one"
})

export const readHeaders = { "if-none-match": Schema.optionalKey(Schema.String) }
export const creationHeaders = {
  "idempotency-key": Schema.optionalKey(IdempotencyKey),
  "x-reprise-client": Schema.optionalKey(ClientName)
}
export const patchHeaders = { "if-match": Schema.optionalKey(IfMatch), "x-reprise-client": Schema.optionalKey(ClientName) }
export const reportHeaders = { "x-reprise-client": Schema.optionalKey(ClientName) }
export const commandHeaders = { ...creationHeaders, "if-match": Schema.optionalKey(IfMatch) }

export const pageOf = <S extends Schema.Top, C extends Schema.Top & { readonly Type: string | number }>(row: S, cursor: C) =>
  Schema.Struct({ data: Schema.Array(row), nextCursor: Schema.NullOr(cursor), hasMore: Schema.Boolean })

/** Answers that any route may give; the server's layer turns every failure to decode a request into one. */
export class Edge extends HttpApiMiddleware.Service<Edge>()("reprise/http/Edge", {
  error: problems(400, 401, 403, 405, 421, 429, 500, 503)
}) {}
export const ofSession = problems(404)
export const ofCommand = problems(404, 409, 412, 413, 415, 422, 507)
