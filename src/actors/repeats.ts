/** The answer to an earlier request with the same idempotency key: given again to the same request, refused to another. */
import { Effect, Option, Result, Stream } from "effect"
import type { SessionView } from "../domain/view.ts"
import type { Entry, EventReader, StoreFailure } from "../infra/log/event-store.ts"
import type { WriteOutcome } from "./pending-writes.ts"
import { type Answer, type Asking, IdempotencyMismatch } from "./sessions.ts"

/** `before`: what the log holds under the key of `asking`. */
export const answeredBefore = (
  before: { readonly requestHash: string; readonly response: string },
  { idempotency }: Pick<Asking, "idempotency">
): Effect.Effect<Answer, IdempotencyMismatch> =>
  before.requestHash === idempotency?.requestHash
    ? Effect.succeed({ view: JSON.parse(before.response) as SessionView, repeated: true })
    : Effect.fail(new IdempotencyMismatch({ key: idempotency?.key ?? "" }))

/**
 * What became of an input that was accepted before, by the log: the answer was made when the input was accepted, and the daemon may have
 * died before it was typed. `accepted`: the session right after it. Waits until it is known.
 */
export const outcomeOfInput = Effect.fnUntraced(function* (
  reader: EventReader["Service"],
  accepted: Pick<SessionView, "id" | "seq">
): Effect.fn.Return<WriteOutcome, StoreFailure> {
  // Rarely does something follow from an input in its own decision.
  const before = yield* reader.ofType(accepted.id, "InputAccepted", {
    after: Math.max(0, accepted.seq - mostFollowing),
    limit: mostFollowing
  })
  const input = before.findLast(({ seq }) => seq <= accepted.seq)
  const outcome = yield* reader.follow({ stream: accepted.id, after: accepted.seq }).pipe(
    Stream.filterMap((entry) => outcomeIn(entry, input?.data.writeId)),
    Stream.runHead
  )
  return Option.getOrElse(outcome, () => "uncertain" as const)
})

const mostFollowing = 20

const outcomeIn = ({ data, type }: Entry, writeId: unknown): Result.Result<WriteOutcome, void> => {
  if (type === "GenerationEnded") return Result.succeed("uncertain")
  if (data.writeId !== writeId) return Result.fail(undefined)
  if (type === "InputWritten") return Result.succeed("written")
  return type === "InputFailed" ? Result.succeed((data.why ?? data.code) as WriteOutcome) : Result.fail(undefined)
}
