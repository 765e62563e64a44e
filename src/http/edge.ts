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
  Effect.catch(
    endpoint.query === undefined ? Effect.flatMap(HttpServerRequest.ParsedSearchParams, (query) => askingNothing(query, route)) : route,
    answerTo
  )
)

/** The contract checks the query of the routes that have one. */
const askingNothing = <A, E, R>(
  query: Readonly<Record<string, unknown>>,
  route: Effect.Effect<A, E, R>
): Effect.Effect<A, E | Problem, R> => {
  const unknown = Object.keys(query)
  if (unknown.length === 0) return route
  return Effect.fail(invalid(unknown.map((field) => ({ field, message: "no such query field" }))))
}

const answerTo = (error: unknown) => {
  if (error instanceof Problem) return Effect.succeed(problemAnswer(error))
  if (HttpApiError.HttpApiSchemaError.is(error)) return Effect.succeed(problemAnswer(schemaProblem(error)))
  return Effect.die(error)
}
