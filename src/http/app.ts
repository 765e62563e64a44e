/** All routes as one effect from request to response; whatever happens in it, the answer is a problem or what was promised. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Cause, Effect, Layer, Scope } from "effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { ClientAbort, HttpServerError } from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpApiSwagger from "effect/http-api/HttpApiSwagger"
import { problemAnswer } from "./answers.ts"
import { Api } from "./contract.ts"
import { edgeLayer } from "./edge.ts"
import { agentsLayer } from "./handlers/agents.ts"
import { eventsLayer } from "./handlers/events.ts"
import { promptsLayer } from "./handlers/prompts.ts"
import { providersLayer } from "./handlers/providers.ts"
import { serviceLayer } from "./handlers/service.ts"
import { sessionsLayer } from "./handlers/sessions.ts"
import { terminalLayer } from "./handlers/terminal.ts"
import { tracesLayer } from "./handlers/traces.ts"
import { travelLayer } from "./handlers/travel.ts"
import { problem } from "./problems.ts"

/** The pages weigh two megabytes: they are read at the first request for them. */
const docsLayer = HttpRouter.use((router) =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const pages = yield* Effect.cached(
      HttpRouter.toHttpEffect(HttpApiSwagger.layer(Api, { path: "/docs" })).pipe(Effect.provideService(Scope.Scope, scope))
    )
    yield* router.add("GET", "/docs", Effect.flatten(pages))
  })
)

const routes = Layer.mergeAll(HttpApiBuilder.layer(Api, { openapiPath: "/openapi.json" }), docsLayer).pipe(
  Layer.provide([
    sessionsLayer,
    agentsLayer,
    providersLayer,
    promptsLayer,
    eventsLayer,
    terminalLayer,
    travelLayer,
    tracesLayer,
    serviceLayer
  ]),
  Layer.provide(edgeLayer),
  Layer.provide(NodeHttpServer.layerHttpServices)
)

/** One spelling for each path, as in the table of routes. Left to itself the router takes a name of more than a hundred characters for no route. */
const strictly = { ignoreTrailingSlash: false, ignoreDuplicateSlashes: false, caseSensitive: true, maxParamLength: 16_384 }

/** Needs the services of the routes when it is built, and the request's own when it runs. */
export const app = HttpRouter.toHttpEffect(routes).pipe(
  Effect.provideService(HttpRouter.RouterConfig, strictly),
  Effect.map((routed) => Effect.catchCause(routed, answerFor))
)

const answerFor = <E>(
  cause: Cause.Cause<E>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> => {
  const failure = Cause.squash(cause)
  if (failure instanceof HttpServerError && failure.reason._tag === "RouteNotFound") {
    // The door has matched the target with the same table; a difference is ours.
    return Effect.map(HttpServerRequest.HttpServerRequest, ({ method, url }) =>
      problemAnswer(problem("not_found", `no route takes ${method} ${url.split("?", 1)[0]}`))
    )
  }
  if (Cause.hasInterruptsOnly(cause)) {
    const gone = cause.reasons.some(({ annotations }) => annotations.has(ClientAbort.key))
    return Effect.succeed(gone ? HttpServerResponse.empty({ status: 499 }) : problemAnswer(stopping))
  }
  return Effect.as(Effect.logError("a request failed", cause), problemAnswer(broken))
}

const stopping = problem("shutting_down", "the daemon is shutting down; ask again", { retryAfterMs: 1_000 })
const broken = problem("internal", "the daemon's own log says more")
