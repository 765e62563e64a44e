/** What a command says that runs inside a session: its terminal is that session's, and two programs read the detach keys. */
import { Effect } from "effect"
import type { SessionView } from "../domain/view.ts"
import { NotNow } from "./failures.ts"
import { say } from "./stdio.ts"

/** Refused for the session that this terminal belongs to: it would print its own output without end. */
export const mayAttach = Effect.fnUntraced(function* (id: SessionView["id"], keysText: string) {
  const own = process.env.REPRISE_SESSION
  if (own === undefined) return
  if (own === id)
    return yield* new NotNow({ message: `this terminal is ${id} already: attached to itself, a session prints its own output without end` })
  yield* say(`this terminal is a session itself (${own}): ${keysText} leaves the outer session first; --detach-keys gives this one others`)
})
