/** What a request says, checked whole: every wrong field is named at once, and nothing unknown is passed over. */
import { Effect, Schema, SchemaIssue } from "effect"
import * as ByteSize from "effect/ByteSize"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { Asking } from "../actors/sessions.ts"
import { limits } from "../domain/limits.ts"
import { jsonShape } from "./json-shape.ts"
import { cut, type FieldError, type Problem, problem } from "./problems.ts"
import { RequestHasher } from "./request-hasher.ts"

const whole = { onExcessProperty: "error", errors: "all" } as const
const brief = { onExcessProperty: "error", errors: "first" } as const
const standardIssues = SchemaIssue.makeFormatterStandardSchemaV1()

const segment = (part: PropertyKey | { readonly key: PropertyKey }) => String(typeof part === "object" ? part.key : part)

/** `whole` names what was decoded when no field of it is to blame. */
export const fieldErrors = (issue: SchemaIssue.Issue, whole: string): ReadonlyArray<FieldError> =>
  standardIssues(issue).issues.map(({ message, path = [] }) => ({
    field: path.length === 0 ? whole : path.map(segment).join("."),
    message
  }))

/** The first errors; a body can have as many as it has values. */
export const invalid = (errors: ReadonlyArray<FieldError>): Problem => {
  const shown = errors.slice(0, limits.problemErrors).map(({ field, message, ...more }) => ({
    ...more,
    field: cut(field, limits.problemErrorChars),
    message: cut(message, limits.problemErrorChars)
  }))
  const left = errors.length - shown.length
  const words = [...shown.map(({ field, message }) => `${field}: ${message}`), ...(left > 0 ? [`and ${left} more`] : [])]
  return problem("invalid_request", words.join("; "), { errors: shown })
}

export const invalidField = (field: string, message: string): Problem => invalid([{ field, message }])

export interface Body<A> {
  readonly value: A
  /** As it was sent, for the idempotency hash: defaults may change, what a client sent does not. */
  readonly raw: unknown
}

/** A JSON body of this shape; an empty body stands for `{}`. */
export const bodyOf = <S extends Schema.Constraint & { readonly DecodingServices: never }>(schema: S) => {
  const decodeWhole = Schema.decodeUnknownEffect(schema as S & Schema.Decoder<S["Type"]>, whole)
  const decodeBrief = Schema.decodeUnknownEffect(schema as S & Schema.Decoder<S["Type"]>, brief)
  return (request: HttpServerRequest): Effect.Effect<Body<S["Type"]>, Problem> =>
    Effect.flatMap(json(request), ({ raw, values }) =>
      (values > limits.jsonValuesCheckedWhole ? decodeBrief : decodeWhole)(raw).pipe(
        Effect.map((value) => ({ value: value as S["Type"], raw })),
        Effect.mapError((error) => invalid(fieldErrors(error.issue, "body")))
      )
    )
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** RFC 9110, section 8.4: the daemon decodes no body, and says so before it reads one. */
export const refuseEncoded = (request: HttpServerRequest): Effect.Effect<void, Problem> => {
  const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase()
  return encoding === "identity" || encoding === ""
    ? Effect.void
    : Effect.fail(problem("unsupported_media_type", "send the body without a Content-Encoding"))
}

/** The whole body, as long as it keeps to the limit of this name. */
export const bytesOf = Effect.fnUntraced(function* (request: HttpServerRequest, limit: "bodyBytes" | "attachmentBytes") {
  yield* refuseEncoded(request)
  const maximum = limits[limit]
  const tooLarge = () => problem("body_too_large", `a body is limited to ${maximum} bytes`, { limit, maximum })
  if (Number(request.headers["content-length"] ?? 0) > maximum) return yield* tooLarge()
  const bytes = yield* request.arrayBuffer.pipe(
    Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(maximum)),
    Effect.mapError((error) =>
      error.reason._tag === "RequestParseError" && error.reason.reason === "BodyTooLarge"
        ? tooLarge()
        : problem("invalid_request", "the body ended before it was complete")
    )
  )
  return new Uint8Array(bytes)
})

const json = Effect.fnUntraced(function* (request: HttpServerRequest) {
  const bytes = yield* bytesOf(request, "bodyBytes")
  if (bytes.byteLength === 0) return { raw: {} as unknown, values: 0 }
  const mediaType = (request.headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase()
  if (mediaType !== "application/json") return yield* problem("unsupported_media_type", "send application/json")
  const { levels, values } = jsonShape(bytes, limits.jsonLevels)
  if (levels > limits.jsonLevels) return yield* invalidField("body", `nested deeper than ${limits.jsonLevels} levels`)
  if (values > limits.jsonValues) return yield* invalidField("body", `more than ${limits.jsonValues} values and keys`)
  const raw = yield* Effect.try({
    try: () => JSON.parse(utf8.decode(bytes)) as unknown,
    catch: (cause) => problem("malformed_json", cause instanceof SyntaxError ? "the body is not valid JSON" : "the body is not valid UTF-8")
  })
  return { raw, values }
})

interface AskingHeaders {
  readonly "x-reprise-client"?: string
  readonly "idempotency-key"?: string
  readonly "if-match"?: string
}

/** The client that asks, and under which conditions, from the headers that the contract has checked. */
export const askingOf = (request: HttpServerRequest, headers: AskingHeaders, raw: unknown): Effect.Effect<Asking, never, RequestHasher> =>
  Effect.map(RequestHasher, (hasher) => {
    const { "idempotency-key": key, "if-match": tag, "x-reprise-client": by = "api" } = headers
    const scope = `${request.method} ${request.url.split("?", 1)[0]}`
    return {
      by,
      ...(tag === undefined || tag === "*" ? {} : { ifMatch: Number(tag.slice(1, -1)) }),
      ...(key === undefined ? {} : { idempotency: { scope, key, requestHash: hasher.hash(scope, raw) } })
    }
  })
