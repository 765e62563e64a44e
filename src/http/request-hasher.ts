/** What an idempotent request was, as a keyed hash: the log can tell two requests apart and give neither away. */
import { Context, Effect, Layer } from "effect"
import { Secrets } from "../infra/secrets.ts"

export class RequestHasher extends Context.Service<RequestHasher, { readonly hash: (route: string, body: unknown) => string }>()(
  "reprise/http/RequestHasher"
) {
  static readonly layer: Layer.Layer<RequestHasher, never, Secrets> = Layer.effect(
    RequestHasher,
    Effect.map(Secrets, ({ hash }) => ({ hash: (route, body) => hash(`${route}\0${canonical(body)}`) }))
  )
}

/** JSON with its keys in order: two spellings of one body are one request. */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null"
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(",")}}`
}
