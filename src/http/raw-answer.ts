/** Problems for requests that never reach a route: turned away by the guard, refused an upgrade, or not HTTP at all. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import { problemHeaders, problemJson } from "./answers.ts"
import { type Problem, problem, problemType } from "./problems.ts"

const headersOf = (told: Problem, body: string) => ({
  ...problemHeaders(told),
  "content-type": problemType,
  "content-length": String(Buffer.byteLength(body)),
  /** What else the sender has under way is not read. */
  connection: "close"
})

export const turnAway = (response: ServerResponse, told: Problem): void => {
  const body = problemJson(told)
  response.writeHead(told.status, headersOf(told, body))
  response.end(body)
}

/** For a client that the guard let in: the connection goes on, unless a body is on its way that nothing reads. */
export const refuse = (request: IncomingMessage, response: ServerResponse, told: Problem): void => {
  const { "content-length": length, "transfer-encoding": coding, expect } = request.headers
  if (length !== undefined || coding !== undefined || expect !== undefined) return void turnAway(response, told)
  const body = problemJson(told)
  const { connection: _, ...headers } = headersOf(told, body)
  response.writeHead(told.status, headers)
  response.end(body)
}

/** Answers on a bare connection, and closes it. */
export const turnAwaySocket = (socket: Duplex, told: Problem): void => {
  if (!socket.writable) return void socket.destroy()
  const body = problemJson(told)
  const head = Object.entries(headersOf(told, body)).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${told.status} ${STATUS_CODES[told.status] ?? ""}\r\n${head.join("")}\r\n${body}`, () => socket.destroy())
}

/** What Node's parser could not take. */
export const parserProblem = (error: NodeJS.ErrnoException): Problem => {
  if (error.code === "HPE_HEADER_OVERFLOW") return problem("headers_too_large", "the request's headers are too large")
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return problem("request_timeout", "the request did not arrive in time")
  return problem("invalid_request", "this is not HTTP")
}
