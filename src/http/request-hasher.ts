/** What an idempotent request was, as a keyed hash: the log can distinguish two requests and give neither away. */
import { Context, Effect, Layer } from "effect"
import { canonicalJson } from "../domain/canonical.ts"
import { Secrets } from "../infra/secrets.ts"

export class RequestHasher extends Context.Service<RequestHasher, { readonly hash: (route: string, body: unknown) => string }>()(
  "reprise/http/RequestHasher"
) {
  static readonly layer: Layer.Layer<RequestHasher, never, Secrets> = Layer.effect(
    RequestHasher,
    Effect.map(Secrets, ({ hash }) => ({ hash: (route, body) => hash(`${route}\0${canonicalJson(body)}`) }))
  )
}
