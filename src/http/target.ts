/** What a request is for, parsed once: a target that two parsers could read differently is none. */
import { limits } from "../domain/limits.ts"

export interface Target {
  /** As it was sent, without the query. */
  readonly path: string
  readonly segments: ReadonlyArray<string>
  /** Behind the `?`; empty where there is none. */
  readonly query: string
}

/** RFC 3986 without `;`, which begins the query for some routers. Brackets and braces are no part of a target either. */
const pathText = /^(?:\/(?:[A-Za-z0-9\-._~!$&'()*+,=:@]|%[0-9A-Fa-f]{2})*)+$/
const queryText = /^(?:[A-Za-z0-9\-._~!$&'()*+,=:@/?]|%[0-9A-Fa-f]{2})*$/

/** Encoded, they would be a separator, a control character or another encoding to the next reader. */
const hidden = /%(?:2f|5c|25|3b|3f|23|[01][0-9a-f]|7f)/i
/** Segments that a reader may resolve away, encoded or not. */
const dots = /^(?:\.|%2e){1,2}$/i

/** The target, or what is wrong with it. */
export const parseTarget = (text: string | undefined): Target | string => {
  if (text === undefined || !text.startsWith("/")) return "the request target must be a path"
  const at = text.indexOf("?")
  const path = at < 0 ? text : text.slice(0, at)
  const query = at < 0 ? "" : text.slice(at + 1)
  if (path.startsWith("//")) return "the request target must not begin with two slashes"
  if (!pathText.test(path)) return "the path of the request target holds a character that must be percent-encoded"
  if (!queryText.test(query)) return "the query of the request target holds a character that must be percent-encoded"
  if (hidden.test(path) || !isDecodable(path) || !isDecodable(query))
    return "the request target is not encoded in a way that has one reading"
  const segments = path.slice(1).split("/")
  if (segments.some((segment) => dots.test(segment))) return "the request target must not hold the segments . and .."
  if (countOf(query, "&") >= limits.queryFields) return `the query of the request target has more than ${limits.queryFields} fields`
  return { path, segments, query }
}

/** Percent-encoded bytes that are not UTF-8 have no reading. */
const isDecodable = (text: string): boolean => {
  if (!text.includes("%")) return true
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

const countOf = (text: string, character: string): number => {
  let count = 0
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count += 1
  return count
}
