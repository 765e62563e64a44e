/** `at` of a request: the seq of a fact, or a time with its zone; anything else is refused by name. */
import { Effect } from "effect"
import type { Place } from "../actors/past.ts"
import type { Problem } from "./problems.ts"
import { invalidField } from "./request.ts"

/** Absent means now: `seq` is then the newest. */
export const placeOf = (at: string | undefined, seq: number): Effect.Effect<Place, Problem> => {
  if (at === undefined) return Effect.succeed({ _tag: "Seq", seq })
  if (seqText.test(at)) return Effect.succeed({ _tag: "Seq", seq: Number(at) })
  const wallMs = timeText.test(at) ? Date.parse(at) : Number.NaN
  return Number.isNaN(wallMs) ? Effect.fail(invalidField("at", expected)) : Effect.succeed({ _tag: "Time", wallMs })
}

const expected = "expected the seq of a fact, such as 12, or a time with its zone, such as 2026-11-21T09:30:00Z"
const seqText = /^[0-9]{1,15}$/
/** A local time means another moment to a person that reads it elsewhere. */
const timeText = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/
