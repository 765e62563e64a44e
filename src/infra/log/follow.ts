/** Everything after a cursor, then everything as it happens: in order, none missing, none twice, a decision's facts in one chunk. */

import { Effect, Stream } from "effect"
import type * as Arr from "effect/Array"
import type { Bell } from "./bell.ts"
import type { Entries } from "./entries.ts"
import type { Entry, StoreFailure } from "./event-store.ts"

/** Rows of one read: it holds the event loop for about 2 ms, so that a reader of a long past delays no other. */
const pageRows = 500

/**
 * `bell` is a doorbell and not a delivery: what happened is read from the log, so that a slow follower misses rings, never rows.
 * A follower of one stream counts in its `seq`, one of the whole log in positions.
 */
export const follow = (
  entries: Entries,
  attempt: <A>(operation: string, read: () => A) => Effect.Effect<A, StoreFailure>,
  bell: Bell,
  from: { readonly stream: string | null; readonly after: number }
): Stream.Stream<Entry, StoreFailure> => {
  const { stream } = from
  const read = stream === null ? entries.all : (page: Parameters<Entries["all"]>[0]) => entries.stream(stream, page)
  const placeOf = (entry: Entry) => (stream === null ? entry.position : entry.seq)

  /** A page, and beyond it what is left of its last decision. */
  const chunk = (after: number): Array<Entry> => {
    const page = read({ after, limit: pageRows })
    // No decision has as many facts as a page, so one more of them ends the loop; the bound holds if one ever does.
    for (let more = page.length === pageRows, pages = 0; more && pages < 16; pages++) {
      const last = page.at(-1)!
      const next = read({ after: placeOf(last), limit: pageRows })
      const ends = next.findIndex((entry) => entry.inputId !== last.inputId)
      page.push(...(ends === -1 ? next : next.slice(0, ends)))
      more = ends === -1 && next.length === pageRows
    }
    return page
  }

  // Listening before the first read: a ring between the two is kept, so no row falls in between.
  return Stream.unwrap(
    Effect.map(bell.listen, (rung) => {
      let seen = from.after
      const pull: Effect.Effect<Arr.NonEmptyReadonlyArray<Entry>, StoreFailure> = Effect.suspend(() =>
        Effect.flatMap(
          attempt("follow", () => chunk(seen)),
          (fresh) => {
            if (fresh.length === 0) return Effect.andThen(rung, pull)
            seen = placeOf(fresh.at(-1)!)
            return Effect.succeed(fresh as unknown as Arr.NonEmptyReadonlyArray<Entry>)
          }
        )
      )
      return Stream.fromPull(Effect.succeed(pull))
    })
  )
}
