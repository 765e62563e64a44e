/** Nothing of a request is looked at before its host, its origin and its token are: in this order, on every route. */
import { hash, timingSafeEqual } from "node:crypto"
import type { IncomingHttpHeaders } from "node:http"
import { hookPath } from "./contract/agents.ts"
import { openPaths } from "./contract.ts"
import { type Problem, problem } from "./problems.ts"

/** Who may talk to one listener. `hosts: null` on a unix socket, whose clients name any host they like. */
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

interface Head {
  readonly url?: string | undefined
  readonly headers: IncomingHttpHeaders
}

/** The problem a request is turned away with, or null. `ticket`: whether something else stands in for the token. */
export const judge = (admitted: Admission, { headers, url = "" }: Head, ticket = false): Problem | null => {
  if (!url.startsWith("/")) return problem("invalid_request", "the request target must be a path")
  if (admitted.hosts !== null && !admitted.hosts.has((headers.host ?? "").toLowerCase())) {
    return problem("host_not_allowed", "the Host header names another place than this listener")
  }
  if (headers.origin !== undefined && !admitted.origins.has(headers.origin)) {
    return problem("origin_not_allowed", "web pages of other origins are not served")
  }
  // A hook shows a token of its own, which its route looks at.
  if (ticket || openPaths.has(url.split("?", 1)[0]!) || hookPath.test(url)) return null
  return authorized(admitted.tokenDigest, headers.authorization)
    ? null
    : problem("unauthorized", "send the daemon's token: Authorization: Bearer …")
}

/** For routes that take another token as well. */
export const trusting = (token: string): ((authorization: string | undefined) => boolean) => {
  const tokenDigest = digest(token)
  return (authorization) => authorized(tokenDigest, authorization)
}

/** Digests are of equal length and compared in constant time, so that a wrong token teaches nothing. */
const authorized = (tokenDigest: Buffer, authorization: string | undefined): boolean => {
  const credential = /^bearer +([\x21-\x7e]+)$/i.exec(authorization ?? "")?.[1]
  return credential !== undefined && timingSafeEqual(digest(credential), tokenDigest)
}
