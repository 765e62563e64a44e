/** Reports when the session's agent is stopped, and when it goes on. */
import { Effect, Stream } from "effect"
import { Evidence } from "../infra/evidence/evidence.ts"
import type { Witnessing } from "./witnesses.ts"

export const witnessSuspension = Effect.fnUntraced(function* ({ context, generation, news, tell }: Witnessing) {
  const { suspension } = yield* Evidence
  while (context().process === null) yield* news.next
  const { process } = context()
  if (process === null) return
  yield* Stream.runForEach(suspension(process), (suspended) =>
    Effect.sync(() => {
      if (suspended !== (context().suspendedAt != null)) tell({ type: "SuspensionObserved", generation, suspended })
    })
  )
})
