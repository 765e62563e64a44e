/** Announces to every open stream, once, that the daemon is shutting down. */
import { Context, Deferred, type Effect, Layer } from "effect"

export class Draining extends Context.Service<Draining, { readonly begin: Effect.Effect<boolean>; readonly begun: Effect.Effect<void> }>()(
  "reprise/http/Draining"
) {
  static readonly layer = Layer.sync(Draining, () => {
    const begun = Deferred.makeUnsafe<void>()
    return { begin: Deferred.succeed(begun, undefined), begun: Deferred.await(begun) }
  })
}
