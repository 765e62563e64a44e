/** The one request that programs repeat all day, answered without the router; whatever is unusual about it goes the common way. */
import type { IncomingMessage } from "node:http"
import { Effect, Exit, Schema } from "effect"
import { Sessions } from "../actors/sessions.ts"
import { SessionId } from "../domain/ids.ts"
import { etagOf, viewJson } from "./answers.ts"
import type { RequestHandler } from "./listener.ts"

/** `GET /v1/sessions/{id}`, plainly: the same bytes as the route's, which stays the one that says what else can happen. */
export const withHotPath = Effect.fnUntraced(function* (common: RequestHandler) {
  const { get } = yield* Sessions
  const handler: RequestHandler = (admitted, request, response) => {
    const { id, route, target } = admitted
    const isHot = route?.name === "sessions.get" && request.method === "GET" && target.query === "" && isPlain(request)
    // A view in memory is there at once; the route reports what has to wait, or fails.
    const found = isHot && isSessionId(id) ? Effect.runSyncExit(get(id)) : undefined
    if (found === undefined || Exit.isFailure(found)) return common(admitted, request, response)
    const view = found.value
    const body = viewJson(view)
    const length = String(Buffer.byteLength(body))
    response.writeHead(200, { etag: etagOf(view), "content-type": "application/json", "content-length": length })
    response.end(body)
  }
  return handler
})

const isSessionId = Schema.is(SessionId)

/** Without a condition and without a body. */
const isPlain = ({ headers }: IncomingMessage) =>
  headers["if-none-match"] === undefined && headers["content-length"] === undefined && headers["transfer-encoding"] === undefined
