/** The routes of the contract as a table: a target matches one of them exactly or none, and the route says what opens it. */

import { Schema } from "effect"
import * as HttpApi from "effect/http-api/HttpApi"
import { SessionId } from "../domain/ids.ts"
import { launchPaths } from "./contract/agents.ts"
import { Api, openPaths } from "./contract.ts"
import type { Target } from "./target.ts"

/** `open`: to all. `token`: to the daemon's token. `launch`: its handler looks at the token of a launch itself. */
export type Access = "open" | "token" | "launch"

export interface Route {
  /** `agents.hook`: group and endpoint of the contract. */
  readonly name: string
  readonly method: string
  readonly access: Access
}

export interface Match {
  /** Null where the path has no such method, or is none of ours. */
  readonly route: Route | null
  /** The methods that the path has; none where it is no path of the contract. */
  readonly allowed: ReadonlyArray<string>
  /** What stands in the path's place of `:id`. */
  readonly id: string | null
}

interface Node {
  readonly children: Map<string, Node>
  parameter: { readonly name: string; readonly node: Node } | null
  readonly routes: Map<string, Route>
}

const isSessionId = Schema.is(SessionId)
const none: Match = { route: null, allowed: [], id: null }

export const matchRoute = (method: string, { segments }: Target): Match => {
  let node: Node | undefined = table
  let id: string | null = null
  for (const segment of segments) {
    const exact: Node | undefined = node.children.get(segment)
    if (exact === undefined && node.parameter?.name === "id") id = segment
    node = exact ?? (segment === "" ? undefined : node.parameter?.node)
    if (node === undefined) return none
  }
  if (node.routes.size === 0) return none
  const found = node.routes.get(method) ?? (method === "HEAD" ? node.routes.get("GET") : undefined)
  const allowed = [...node.routes.keys()]
  if (found === undefined) return { route: null, allowed, id }
  // A launch is that of a session: what has no session's id asks for the daemon's token.
  const route = found.access === "launch" && !isSessionId(id) ? { ...found, access: "token" as const } : found
  return { route, allowed, id }
}

const accessOf = (method: string, path: string): Access => {
  if (openPaths.has(path)) return "open"
  return method === "POST" && launchPaths.has(path) ? "launch" : "token"
}

const table: Node = (() => {
  const empty = (): Node => ({ children: new Map(), parameter: null, routes: new Map() })
  const root = empty()
  const add = (name: string, method: string, path: string) => {
    let node = root
    for (const segment of path.slice(1).split("/")) {
      if (segment.startsWith(":")) {
        node.parameter ??= { name: segment.slice(1), node: empty() }
        node = node.parameter.node
      } else {
        const next = node.children.get(segment) ?? empty()
        node.children.set(segment, next)
        node = next
      }
    }
    node.routes.set(method, { name, method, access: accessOf(method, path) })
  }
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group }) => add(`${group.identifier}.${endpoint.identifier}`, endpoint.method, endpoint.path)
  })
  add("openapi", "GET", "/openapi.json")
  add("docs", "GET", "/docs")
  return root
})()
