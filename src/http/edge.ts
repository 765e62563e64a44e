/** Whatever fails in a route leaves it as a problem; nothing a request says is ignored. */
import { Effect, Layer } from "effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpApiError from "effect/http-api/HttpApiError"
import { problemAnswer } from "./answers.ts"
import { Edge } from "./contract/common.ts"
import { Problem, problem } from "./problems.ts"
import { fieldErrors, invalid } from "./request.ts"

const named = { Params: "id", Query: "query", Headers: "headers", Payload: "body" } as const

const schemaProblem = (error: HttpApiError.HttpApiSchemaError): Problem =>
  error.kind in named
    ? invalid(fieldErrors(error.cause.issue, named[error.kind as keyof typeof named]))
    : problem("internal", "the answer does not have the shape it promises")

export const edgeLayer = Layer.succeed(Edge, (route, { endpoint }) =>
  Effect.gen(function* () {
    if (endpoint.query === undefined) {
      const unknown = Object.keys(yield* HttpServerRequest.ParsedSearchParams)
      if (unknown.length > 0) return problemAnswer(invalid(unknown.map((field) => ({ field, message: "no such query field" }))))
    }
    return yield* route
  }).pipe(
    Effect.catch((error: unknown) => {
      if (error instanceof Problem) return Effect.succeed(problemAnswer(error))
      if (HttpApiError.HttpApiSchemaError.is(error)) return Effect.succeed(problemAnswer(schemaProblem(error)))
      return Effect.die(error)
    })
  )
)
