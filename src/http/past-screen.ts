/** The screen of a session at a fact or a time of its log; what is not kept any more is said to be gone, with what is left. */
import { Effect } from "effect"
import { foldTo, seqOf } from "../actors/past.ts"
import { EventReader } from "../infra/log/event-store.ts"
import { PastScreens } from "../infra/screens/past-screens.ts"
import { placeOf } from "./place.ts"
import { problem } from "./problems.ts"
import { toProblem } from "./refusals.ts"

/** A fact says at which byte it happened; a time is looked up among those of the output. */
export const pastScreen = Effect.fnUntraced(function* (id: string, at: string) {
  const screens = yield* PastScreens
  const row = yield* Effect.mapError((yield* EventReader).row(id), toProblem)
  if (row === null) return yield* problem("session_not_found", `no session ${id}`, { session: id })
  const place = yield* placeOf(at, row.seq)
  const { seq } = yield* Effect.mapError(seqOf(id, place), toProblem)
  const { entry, session } = yield* Effect.mapError(foldTo(id, seq), toProblem)
  const offset = place._tag === "Time" ? yield* screens.offsetAt(id, place.wallMs) : Number(entry.data.offset)
  const screen = yield* screens.at(id, offset, session.context.spec.size, place._tag === "Time" ? place.wallMs : entry.wallMs).pipe(
    Effect.mapError((failure) => {
      if (failure._tag === "ScreenUnavailable") return toProblem(failure)
      const { from, offset, to } = failure
      return problem("output_dropped", `the output of then (byte ${offset}) is gone; what is left begins at ${from}`, {
        session: id,
        availableFrom: from,
        head: to
      })
    })
  )
  return { ...screen, seq }
})
