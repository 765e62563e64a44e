/** The answer to an earlier request with the same idempotency key: given again to the same request, refused to another. */
import { Effect } from "effect"
import type { SessionView } from "../domain/view.ts"
import { type Answer, type Asking, IdempotencyMismatch } from "./sessions.ts"

/** `before`: what the log holds under the key of `asking`. */
export const answeredBefore = (
  before: { readonly requestHash: string; readonly response: string },
  { idempotency }: Pick<Asking, "idempotency">
): Effect.Effect<Answer, IdempotencyMismatch> =>
  before.requestHash === idempotency?.requestHash
    ? Effect.succeed({ view: JSON.parse(before.response) as SessionView, repeated: true })
    : Effect.fail(new IdempotencyMismatch({ key: idempotency?.key ?? "" }))
