/** Nothing of a request is looked at before its target, its host, its origin and its token are: in this order, on every route. */
import { hash, timingSafeEqual } from "node:crypto"
import type { IncomingHttpHeaders } from "node:http"
import { Problem, problem } from "./problems.ts"
import { type Match, matchRoute } from "./routes.ts"
import { parseTarget, type Target } from "./target.ts"

/** The clients that may talk to one listener. `hosts: null` on a unix socket, whose clients name any host they like. */
export interface Admission {
  readonly hosts: ReadonlySet<string> | null
  readonly origins: ReadonlySet<string>
  readonly tokenDigest: Buffer
}

const digest = (text: string) => hash("sha256", text, "buffer")

/** `hosts`: names by which the listener may be addressed; a page of another name (DNS rebinding) is turned away. */
export const admission = (token: string, hosts: ReadonlyArray<string> | null, port: number): Admission => {
  const authorities = (hosts ?? []).flatMap((host) => (port === 80 ? [host, `${host}:80`] : [`${host}:${port}`]))
  return {
    hosts: hosts === null ? null : new Set(authorities),
    origins: new Set(authorities.map((authority) => `http://${authority}`)),
    tokenDigest: digest(token)
  }
}

export interface Head {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly httpVersion: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: ReadonlyArray<string>
}

/** A request that the guard let in. What comes after it reads the target and the route here, and parses nothing again. */
export interface Admitted extends Match {
  readonly target: Target
  /** False on the routes that are open, or that look at another token themselves. */
  readonly hasToken: boolean
}

/** What the client asks for: an answer, or a WebSocket, for which a ticket may stand in for the token. */
export type Wish = "answer" | "WebSocket"

/** The admitted request, or the problem with which it is refused. */
export const judge = (admission: Admission, head: Head, wish: Wish): Admitted | Problem => {
  const target = parseTarget(head.url)
  if (typeof target === "string") return problem("invalid_request", target)
  const odd = oddFraming(head)
  if (odd !== null) return problem("invalid_request", odd)
  const { headers } = head
  if (admission.hosts !== null && !admission.hosts.has((headers.host ?? "").toLowerCase())) {
    return problem("host_not_allowed", "the Host header names another place than this listener")
  }
  if (headers.origin !== undefined && !admission.origins.has(headers.origin)) {
    return problem("origin_not_allowed", "web pages of other origins are not served")
  }
  const match = matchRoute(head.method ?? "", target)
  const hasToken = isAuthorized(admission.tokenDigest, headers.authorization)
  if (hasToken || needsNoToken(match, target, wish)) return { ...match, target, hasToken }
  return problem("unauthorized", "send the daemon's token: Authorization: Bearer …")
}

export const isRefused = (judged: Admitted | Problem): judged is Problem => judged instanceof Problem

/** An upgrade is never open, and no hook: only the ticket of an attach opens one, and its handler looks at the ticket. */
const needsNoToken = ({ route }: Match, { query }: Target, wish: Wish): boolean => {
  if (route === null) return false
  if (wish === "answer") return route.access !== "token"
  return route.name === "terminal.attach" && new URLSearchParams(query).has("ticket")
}

/** Two of them have two readings; Node keeps the first of some and joins others. */
const single: ReadonlySet<string> = new Set(["host", "origin", "authorization", "content-length", "content-type", "transfer-encoding"])

/** What makes the end of this request, or the meaning of its headers, a matter of the reader. */
const oddFraming = ({ headers, httpVersion, rawHeaders }: Head): string | null => {
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return "speak HTTP/1.1"
  const repeated = repeatedHeader(rawHeaders)
  if (repeated !== null) return `the header ${repeated} may be sent once`
  // Node reads another coding until the connection ends.
  const coding = headers["transfer-encoding"]
  return coding === undefined || coding.toLowerCase() === "chunked" ? null : "the only transfer coding is chunked"
}

const repeatedHeader = (rawHeaders: ReadonlyArray<string>): string | null => {
  const seen = new Set<string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase()
    if (!single.has(name)) continue
    if (seen.has(name)) return name
    seen.add(name)
  }
  return null
}

/** For routes that take another token as well. */
export const trusting = (token: string): ((authorization: string | undefined) => boolean) => {
  const tokenDigest = digest(token)
  return (authorization) => isAuthorized(tokenDigest, authorization)
}

/** Digests are of equal length and compared in constant time, so that a wrong token teaches nothing. */
const isAuthorized = (tokenDigest: Buffer, authorization: string | undefined): boolean => {
  const credential = /^bearer +([\x21-\x7e]+)$/i.exec(authorization ?? "")?.[1]
  return credential !== undefined && timingSafeEqual(digest(credential), tokenDigest)
}
