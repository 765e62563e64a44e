/** A terminal of another size than the session's gets the part of the screen that it has room for, and then what changes of it. */
import { Effect } from "effect"
import { limits } from "../../domain/limits.ts"
import type { Size } from "../../domain/spec.ts"
import { makeShownOutput } from "../../domain/terminal/shown-output.ts"
import { Output } from "../../infra/output/output.ts"
import { type Cropped, Screens } from "../../infra/screens/screens.ts"
import type { Delivery } from "./delivery.ts"

/** Until it is interrupted. `reached` is called with the offset of the screen that the client has. */
export const crops = (delivery: Delivery, { id, size }: { readonly id: string; readonly size: Size }, reached: (offset: number) => void) =>
  Effect.gen(function* () {
    const [output, screens] = [yield* Output, yield* Screens]
    let before: Cropped | null = null
    let renewals = delivery.renewals
    for (;;) {
      const crop: Cropped = yield* screens.cropped(id, size, delivery.own ?? size)
      if (renewals !== delivery.renewals) before = null
      renewals = delivery.renewals
      const bytes = bytesOf(crop, before)
      before = crop
      yield* Effect.uninterruptible(
        Effect.gen(function* () {
          if (bytes !== "") yield* delivery.bytes(shownBytes(bytes, delivery))
          reached(crop.offset)
          delivery.reached(crop.offset)
        })
      )
      yield* output.beyond(id, crop.offset)
      // What is drawn in many pieces is shown in few.
      yield* Effect.sleep(limits.attachDrawnMs)
    }
  }).pipe(
    Effect.catchTag("ScreenUnavailable", ({ retryAfterMs }) => Effect.sleep(retryAfterMs)),
    Effect.forever
  )

/** All of it on another ground, else the rows that differ; the cursor comes last. Empty: nothing differs. */
const bytesOf = (crop: Cropped, before: Cropped | null): string => {
  const kept = before?.ground === crop.ground ? before : null
  const rows = crop.rows.filter((row, place) => row !== kept?.rows[place])
  if (kept !== null && rows.length === 0 && kept.cursor === crop.cursor) return ""
  return `${kept === null ? crop.ground : ""}${rows.join("")}${crop.cursor}`
}

/** By the rules of what else may reach a person's terminal. */
const shownBytes = (bytes: string, { passed }: Delivery) => makeShownOutput({ clipboard: false }, { passed }).push(Buffer.from(bytes))
