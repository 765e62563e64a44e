/** The one way this daemon learns that it must not write any more: a newer one has taken the home over. */
import { Context, Deferred, type Effect, Exit, Layer } from "effect"
import type { EpochFenced } from "../infra/log/event-store.ts"

export class Fencing extends Context.Service<
  Fencing,
  {
    /** Waits for as long as this daemon is the writer. */
    readonly fenced: Effect.Effect<EpochFenced>
    readonly declare: (fence: EpochFenced) => void
  }
>()("reprise/actors/Fencing") {
  static readonly layer = Layer.sync(Fencing, () => {
    const fence = Deferred.makeUnsafe<EpochFenced>()
    return { fenced: Deferred.await(fence), declare: (fenced) => void Deferred.doneUnsafe(fence, Exit.succeed(fenced)) }
  })
}
