/** The interface, once: the server, the typed client, the command line and the OpenAPI document are all derived from this. */
import * as HttpApi from "effect/http-api/HttpApi"
import * as OpenApi from "effect/http-api/OpenApi"
import { AgentsApi } from "./contract/agents.ts"
import { Edge } from "./contract/common.ts"
import { EventsApi } from "./contract/events.ts"
import { PromptsApi } from "./contract/prompts.ts"
import { ProvidersApi } from "./contract/providers.ts"
import { ServiceApi } from "./contract/service.ts"
import { SessionsApi } from "./contract/sessions.ts"
import { TerminalApi } from "./contract/terminal.ts"
import { TracesApi } from "./contract/traces.ts"
import { TravelApi } from "./contract/travel.ts"

/** Answered without a token. */
export const openPaths: ReadonlySet<string> = new Set(["/healthz"])

const strict = { onExcessProperty: "error", errors: "all" } as const

type Paths = Readonly<Record<string, Readonly<Record<string, object>>>>

/** Every operation needs the token but the one that says whether a daemon is there. */
const secured = (path: string, item: Paths[string]) =>
  Object.fromEntries(
    Object.entries(item).map(([method, operation]) => [method, { ...operation, security: openPaths.has(path) ? [] : [{ token: [] }] }])
  )

export class Api extends HttpApi.make("reprise")
  .add(SessionsApi, AgentsApi, ProvidersApi, PromptsApi, EventsApi, TerminalApi, TravelApi, TracesApi, ServiceApi)
  .middleware(Edge)
  .annotate(HttpApi.ParamsParseOptions, strict)
  .annotate(HttpApi.QueryParseOptions, strict)
  .annotate(HttpApi.PayloadParseOptions, strict)
  .annotateMerge(
    OpenApi.annotations({
      title: "Reprise",
      version: "1",
      description: "Keeps terminal AI agents alive, controllable and explainable.",
      transform: (document) => ({
        ...document,
        security: [{ token: [] }],
        paths: Object.fromEntries(Object.entries(document.paths as Paths).map(([path, item]) => [path, secured(path, item)])),
        components: { ...document.components, securitySchemes: { token: { type: "http", scheme: "bearer" } } }
      })
    })
  ) {}
