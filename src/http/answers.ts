/** How answers are written: a view with its entity tag, a page, a problem; views are turned into JSON once. */
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { limits } from "../domain/limits.ts"
import type { SessionView } from "../domain/view.ts"
import { cut, type Problem, problemType } from "./problems.ts"

const json = "application/json"

/** Views are immutable, so an unchanged session costs no second encoding. */
const encoded = new WeakMap<SessionView, string>()

export const viewJson = (view: SessionView): string => {
  const known = encoded.get(view)
  if (known !== undefined) return known
  const text = JSON.stringify(view)
  encoded.set(view, text)
  return text
}

export const etagOf = (view: SessionView) => `"${view.seq}"`

export const viewAnswer = (view: SessionView, status: number, headers: Readonly<Record<string, string>> = {}) =>
  HttpServerResponse.text(viewJson(view), { status, contentType: json, headers: { etag: etagOf(view), ...headers } })

/** `If-None-Match` compares weakly (RFC 9110 §13.1.2). */
export const notModified = (view: SessionView, ifNoneMatch: string | undefined): boolean =>
  ifNoneMatch !== undefined &&
  (ifNoneMatch.trim() === "*" || ifNoneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etagOf(view)))

export const unchanged = (view: SessionView) => HttpServerResponse.empty({ status: 304, headers: { etag: etagOf(view) } })

export const jsonAnswer = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}) =>
  HttpServerResponse.text(JSON.stringify(body), { status, contentType: json, headers })

/** The headers that belong to a problem beside its body. */
export const problemHeaders = (problem: Problem): Record<string, string> => ({
  ...(problem.status === 401 ? { "www-authenticate": 'Bearer realm="reprise"' } : {}),
  ...(problem.status === 405 && problem.allowed !== undefined ? { allow: problem.allowed.join(", ") } : {}),
  ...(problem.status === 413 ? { connection: "close" } : {}),
  ...(problem.retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(problem.retryAfterMs / 1000)) })
})

/** Of at most `problemBytes`, whatever the request said. `_tag` is the class's own and no part of the answer. */
export const problemJson = ({ _tag, ...problem }: Problem): string => {
  const text = JSON.stringify(problem)
  if (Buffer.byteLength(text) <= limits.problemBytes) return text
  const { errors, ...short } = problem
  const detail = cut(problem.detail, limits.problemErrorChars)
  return JSON.stringify({ ...short, detail, ...(errors === undefined ? {} : { errors: errors.slice(0, 1) }) })
}

export const problemAnswer = (problem: Problem, headers: Readonly<Record<string, string>> = {}) =>
  HttpServerResponse.text(problemJson(problem), {
    status: problem.status,
    contentType: problemType,
    headers: { ...problemHeaders(problem), ...headers }
  })
