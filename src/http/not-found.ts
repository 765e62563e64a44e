/** A request that no route takes is told which of the two it is: no such place, or no such method there. */

import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApi from "effect/http-api/HttpApi"
import { problemAnswer } from "./answers.ts"
import { Api } from "./contract.ts"
import { problem } from "./problems.ts"

const places: ReadonlyArray<{ readonly pattern: RegExp; readonly methods: ReadonlySet<string> }> = (() => {
  const methods = new Map<string, Set<string>>()
  const add = (path: string, method: string) => methods.set(path, (methods.get(path) ?? new Set()).add(method))
  HttpApi.reflect(Api, { onGroup: () => {}, onEndpoint: ({ endpoint }) => add(endpoint.path, endpoint.method) })
  for (const path of ["/openapi.json", "/docs"]) add(path, "GET")
  return [...methods].map(([path, methods]) => ({
    pattern: new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+").replaceAll(".", "\\.")}/?$`),
    methods
  }))
})()

export const notFound = (request: HttpServerRequest): HttpServerResponse.HttpServerResponse => {
  const path = request.url.split("?", 1)[0]!
  const allowed = places.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => [...methods])
  if (allowed.length === 0) return problemAnswer(problem("not_found", `nothing is served at ${path}`))
  return problemAnswer(problem("method_not_allowed", `${path} takes ${allowed.join(", ")}`), { allow: allowed.join(", ") })
}
