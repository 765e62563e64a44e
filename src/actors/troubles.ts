/** Live sessions whose launch lost what its control needs: a frozen holder, a removed directory or socket. Found by a look, and logged once. */
import { Effect } from "effect"
import { limits } from "../domain/limits.ts"
import { Runtime } from "../infra/runtimes/runtime.ts"
import type { Residents } from "./residents.ts"
import type { Trouble } from "./sessions.ts"

/** As it is now. */
export const troublesOf = Effect.fnUntraced(function* (residents: Residents) {
  const runtime = yield* Runtime
  const troubles: Array<Trouble> = []
  for (const actor of residents.all()) {
    const { generation, id, nonce, process } = actor.session().context
    if (process === null) continue
    const says = yield* runtime.trouble({ session: id, generation, nonce })
    if (says !== null) troubles.push({ session: id, says })
  }
  return troubles
})

/** Says each trouble when it begins, and again where it comes back. */
export const keepLooking = Effect.fnUntraced(function* (residents: Residents) {
  let known: ReadonlySet<string> = new Set()
  for (;;) {
    const found = yield* troublesOf(residents)
    for (const { says, session } of found)
      if (!known.has(`${session} ${says}`)) yield* Effect.logWarning(says).pipe(Effect.annotateLogs({ session }))
    known = new Set(found.map(({ says, session }) => `${session} ${says}`))
    yield* Effect.sleep(limits.troubleLookMs)
  }
})
