/** The rows of the list view follow from the facts: one that is damaged is written again, and one without facts is removed. */
import { Effect } from "effect"
import { view } from "../domain/view.ts"
import { EventReader, EventStore } from "../infra/log/event-store.ts"
import { fold } from "./fold.ts"
import { toRow } from "./recording.ts"

/** Before anything reads the list: no session's row may keep another session from being found. */
export const mendRows = Effect.gen(function* () {
  const reader = yield* EventReader
  const store = yield* EventStore
  for (const id of yield* reader.damagedRows) {
    const mended = yield* fold(id).pipe(
      Effect.map(({ seq, session }) => toRow(session, view(session, seq))),
      Effect.catchTags({
        SessionNotFound: () => Effect.succeed(null),
        Unfoldable: ({ reason }) =>
          Effect.as(store.quarantine(id, `its row in the list is damaged, and its facts cannot be read: ${reason}`), null)
      })
    )
    yield* store.mendRow(id, mended)
    const done = mended === null ? "removed" : "written again from the facts"
    yield* Effect.logWarning(`a damaged row of the list is ${done}`).pipe(Effect.annotateLogs({ session: id }))
  }
})
