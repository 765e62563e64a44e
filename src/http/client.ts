/** A typed client of the contract, over TCP or the unix socket, for a holder of the token. Imports nothing of the server. */
import { Agent, type AgentOptions } from "node:http"
import { Agent as SecureAgent } from "node:https"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect, Layer, Option, Schema, Stream } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as UrlParams from "effect/http/UrlParams"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import { limits } from "../domain/limits.ts"
import { assertOwnSocket } from "../infra/trusted-place.ts"
import { Heartbeat, LoggedEvent, Reset } from "./contract/events.ts"
import { Api } from "./contract.ts"
import { Problem } from "./problems.ts"

/** How a daemon is reached. With `socket`, the unix socket is used and `url` is only a name. */
export interface Connection {
  readonly url: string
  readonly socket?: string
  readonly token: string
}

/** One method for each route, by group: `client.sessions.stop({ params, headers, payload })`. Errors are `Problem`s. Connections close with the scope. */
export const makeClient = Effect.fnUntraced(function* (connection: Connection) {
  const http = yield* Layer.build(transport(connection))
  return yield* HttpApiClient.make(Api, {
    transformClient: (client) =>
      client.pipe(
        HttpClient.mapRequest((request) =>
          request.pipe(HttpClientRequest.prependUrl(connection.url), HttpClientRequest.bearerToken(connection.token))
        ),
        HttpClient.transform(askedAgain),
        HttpClient.transform(answeredInTime)
      )
  }).pipe(Effect.provideContext(http))
})

/** A daemon that is stopped or hangs still accepts connections: it does not answer them. */
export class NotAnswered extends Schema.TaggedError<NotAnswered>()("NotAnswered", { withinMs: Schema.Int }) {}

/** Until the head of the answer; a body that streams may take any time. */
const answeredInTime = <A, R>(
  answer: Effect.Effect<A, HttpClientError.HttpClientError, R>,
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<A, HttpClientError.HttpClientError, R> => {
  const withinMs = patienceMs(request)
  const late = () =>
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({ request, cause: new NotAnswered({ withinMs }) })
    })
  return Effect.timeoutOrElse(answer, { duration: withinMs, orElse: () => Effect.fail(late()) })
}

/** Once, where the connection broke before the head of an answer, and only what may be sent twice. */
const askedAgain = <A, R>(
  answer: Effect.Effect<A, HttpClientError.HttpClientError, R>,
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<A, HttpClientError.HttpClientError, R> =>
  mayBeRepeated(request) ? Effect.retry(answer, { times: 1, while: ({ reason }) => isClosed(codeOf(reason.cause)) }) : answer

const mayBeRepeated = ({ headers, method }: HttpClientRequest.HttpClientRequest) =>
  method === "GET" || method === "HEAD" || method === "OPTIONS" || headers["idempotency-key"] !== undefined

/** The daemon has taken the connection and closed it. */
export const isClosed = (code: string | undefined): boolean => code === "EPIPE" || code === "ECONNRESET"

/** The system's own word for it, such as ECONNREFUSED, at any depth of the chain of causes. */
export const codeOf = (cause: unknown): string | undefined => {
  let at: unknown = cause
  for (let depth = 0; depth < 8 && typeof at === "object" && at !== null; depth++) {
    if ("code" in at && typeof at.code === "string") return at.code
    at = "cause" in at ? at.cause : undefined
  }
  return undefined
}

/** A `timeout` in the query is the time that the daemon was asked to wait itself. */
const patienceMs = ({ url, urlParams }: HttpClientRequest.HttpClientRequest): number => {
  if (/\/(?:healthz|readyz)$/.test(url)) return limits.healthMs
  const [, figure, unit = "s"] = /^(\d+)(ms|s|m)?$/.exec(Option.getOrElse(UrlParams.getFirst(urlParams, "timeout"), () => "")) ?? []
  const asked = figure === undefined ? 0 : Number(figure) * { ms: 1, s: 1_000, m: 60_000 }[unit as "ms" | "s" | "m"]
  return limits.answerMs + asked
}

export type Client = Effect.Success<ReturnType<typeof makeClient>>

/** The HTTP client underneath, for what the typed client does not say: ranges, raw streams. Closes its connections with the layer. */
export const transport = (connection: Connection): Layer.Layer<HttpClient.HttpClient> =>
  Layer.fresh(
    connection.socket === undefined
      ? NodeHttpClient.layerNodeHttpOptions({ keepAlive: true })
      : Layer.provide(NodeHttpClient.layerNodeHttpNoAgent, agentsOf(connection.socket))
  )

const agentsOf = (socketPath: string): Layer.Layer<NodeHttpClient.HttpAgent> =>
  Layer.effect(
    NodeHttpClient.HttpAgent,
    Effect.acquireRelease(
      Effect.sync(() => ({ http: new SocketAgent(socketPath), https: new SecureAgent() })),
      ({ http, https }) =>
        Effect.sync(() => {
          http.destroy()
          https.destroy()
        })
    )
  )

/** Looks at the socket before each connection: between two of them another user may have put one in its place. */
class SocketAgent extends Agent {
  readonly #path: string

  constructor(socketPath: string) {
    super({ keepAlive: true, socketPath } as AgentOptions)
    this.#path = socketPath
  }

  override createConnection(...[options, callback]: Parameters<Agent["createConnection"]>): ReturnType<Agent["createConnection"]> {
    try {
      assertOwnSocket(this.#path)
    } catch (error) {
      process.nextTick(() => callback?.(error as Error, undefined as never))
      return undefined
    }
    return super.createConnection(options, callback)
  }
}

/** What a followed log says: facts, signs of life with the newest cursor delivered, or that the cursor cannot be followed. */
export type Followed =
  | { readonly _tag: "Event"; readonly event: LoggedEvent }
  | { readonly _tag: "Heartbeat"; readonly head: number }
  | { readonly _tag: "Reset"; readonly reason: "cursor_ahead" | "cursor_too_old"; readonly head: number }

const decodeEvent = Schema.decodeUnknownEffect(Schema.fromJsonString(LoggedEvent))
const decodeHeartbeat = Schema.decodeUnknownEffect(Schema.fromJsonString(Heartbeat))
const decodeReset = Schema.decodeUnknownEffect(Schema.fromJsonString(Reset))

const decodeProblem = Schema.decodeUnknownEffect(Schema.fromJsonString(Problem))

const followed = (frame: { readonly event: string; readonly data: string }): Effect.Effect<Followed, Schema.SchemaError | Problem> => {
  if (frame.event === "problem") return Effect.flatMap(decodeProblem(frame.data), Effect.fail)
  if (frame.event === "heartbeat") return Effect.map(decodeHeartbeat(frame.data), ({ head }) => ({ _tag: "Heartbeat", head }))
  if (frame.event === "reset") return Effect.map(decodeReset(frame.data), ({ head, reason }) => ({ _tag: "Reset", head, reason }))
  return Effect.map(decodeEvent(frame.data), (event) => ({ _tag: "Event", event }))
}

/**
 * Everything after the cursor, then everything as it happens, over one connection; ends or fails with it. The cursor to go on
 * from is the last event's `seq` for one session, its `position` for all (`session: null`).
 */
export const followEvents = (client: Client, from: { readonly session: string | null; readonly after: number }) => {
  const headers = { accept: "text/event-stream" }
  const query = { after: from.after }
  const answer =
    from.session === null
      ? client.events.all({ query, headers })
      : client.events.ofSession({ params: { id: from.session as LoggedEvent["session"] }, query, headers })
  return Stream.unwrap(Effect.map(answer, (body) => (Stream.isStream(body) ? body : Stream.empty))).pipe(Stream.mapEffect(followed))
}
