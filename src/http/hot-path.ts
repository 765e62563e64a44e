/** The one request that programs repeat all day, answered without the router; whatever is unusual about it goes the common way. */
import type { IncomingMessage } from "node:http"
import { Effect, Exit } from "effect"
import { Sessions } from "../actors/sessions.ts"
import { etagOf, viewJson } from "./answers.ts"
import type { RequestHandler } from "./listener.ts"

/** `GET /v1/sessions/{id}`, plainly: the same bytes as the route's, which stays the one that says what else can happen. */
export const withHotPath = Effect.fnUntraced(function* (common: RequestHandler) {
  const { get } = yield* Sessions
  const handler: RequestHandler = (request, response) => {
    const id = request.method === "GET" && isPlain(request) ? plainly.exec(request.url ?? "")?.[1] : undefined
    // A view in memory is there at once; what has to wait, or fails, is the route's to tell.
    const found = id === undefined ? undefined : Effect.runSyncExit(get(id))
    if (found === undefined || Exit.isFailure(found)) return common(request, response)
    const view = found.value
    const body = viewJson(view)
    const length = String(Buffer.byteLength(body))
    response.writeHead(200, { etag: etagOf(view), "content-type": "application/json", "content-length": length })
    response.end(body)
  }
  return handler
})

const plainly = /^\/v1\/sessions\/(s-[0-9a-hjkmnp-tv-z]{12})$/

/** Without a condition and without a body. */
const isPlain = ({ headers }: IncomingMessage) =>
  headers["if-none-match"] === undefined && headers["content-length"] === undefined && headers["transfer-encoding"] === undefined
