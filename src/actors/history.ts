/** The log of one session as an explanation reads it, from the real log: nothing of it is held in memory but what is asked for. */
import { Effect, Result } from "effect"
import type { History, Told } from "../domain/explain/history.ts"
import { decodeFact } from "../domain/upcast.ts"
import { type Entry, EventReader } from "../infra/log/event-store.ts"
import { InputReader } from "../infra/log/inputs.ts"
import type { Milestones } from "../infra/log/milestones.ts"
import { foldTo, type PastError } from "./past.ts"

/** A page holds the event loop for some milliseconds. */
const pageSize = 250

export const historyOf = Effect.fnUntraced(function* (id: string) {
  const reader = yield* EventReader
  const inputs = yield* InputReader
  const services = yield* Effect.context<EventReader | Milestones>()

  const told = Effect.fnUntraced(function* (seq: number) {
    const entry = (yield* reader.stream(id, { after: seq - 1, limit: 1 }))[0]
    if (entry?.seq !== seq) return null
    const fact = decodeFact(entry)
    if (Result.isFailure(fact)) return null
    const first = seq - placeOf(entry) + 1
    const recorded = (yield* inputs.stream(id, { after: first - 1, limit: 1 }))[0]
    const cause = recorded?.inputId === entry.inputId ? { input: recorded.input, moment: recorded.moment } : null
    return { seq, fact: fact.success, inputId: entry.inputId, actor: entry.actor, first, cause } satisfies Told
  })

  const newest: History<PastError>["newest"] = Effect.fnUntraced(function* (below, matches) {
    for (let to = below; to > 1; to = Math.max(1, to - pageSize)) {
      const from = Math.max(0, to - 1 - pageSize)
      const page: ReadonlyArray<Entry> = yield* reader.stream(id, { after: from, limit: to - 1 - from })
      const found = page.findLast(matches)
      if (found !== undefined) return found.seq
      yield* Effect.yieldNow
    }
    return null
  })

  return {
    told,
    before: (seq) =>
      seq <= 1 ? Effect.succeed(null) : Effect.map(Effect.provideContext(foldTo(id, seq - 1), services), ({ session }) => session),
    newest
  } satisfies History<PastError>
})

/** Facts are named after their input, and numbered: `i-….3` is the third of its decision. */
const placeOf = ({ eventId }: Entry) => Number(eventId.slice(eventId.lastIndexOf(".") + 1))
