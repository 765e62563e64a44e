/** Sessions without a process that wait for a deadline and for nothing else: a start leaves them in the log until it is due. */
import { Effect, Fiber } from "effect"
import type { SessionView } from "../domain/view.ts"
import { BootClock } from "../infra/boot-clock.ts"
import type { SessionRow } from "../infra/log/event-store.ts"
import type { Residents } from "./residents.ts"

interface Sleeper {
  readonly id: string
  readonly dueMs: number
}

/** How many are taken up at a time. */
const concurrency = 32
/** The longest wait: after a suspend the boot clock has moved on and no timer has. */
const longestWaitMs = 60_000
/** The shortest: /proc/uptime moves in steps of 10 ms. */
const shortestWaitMs = 5

/** After a reboot no session sleeps: its deadline has to be moved to the new boot's clock. The same holds while a client is attached. */
export const sleepersAmong = Effect.fnUntraced(function* (rows: ReadonlyArray<SessionRow>) {
  const { bootId, bootMs } = yield* BootClock
  const nowMs = yield* bootMs
  return rows.flatMap(({ due, id, state, view }): ReadonlyArray<Sleeper> => {
    const rests = state === "ended" && (view as SessionView).clients === 0
    return rests && due?.bootId === bootId && due.bootMs > nowMs ? [{ id, dueMs: due.bootMs }] : []
  })
})

/** Takes each session up when its deadline is due. One that another request took up before is left as it is. */
export const wakeWhenDue = Effect.fnUntraced(function* (sleepers: ReadonlyArray<Sleeper>, residents: Pick<Residents, "takeUp">) {
  const { bootMs } = yield* BootClock
  const waiting = sleepers.toSorted((a, b) => b.dueMs - a.dueMs)
  for (let next = waiting.at(-1); next !== undefined; next = waiting.at(-1)) {
    const nowMs = yield* bootMs
    if (next.dueMs > nowMs) {
      yield* Effect.sleep(Math.min(longestWaitMs, Math.max(shortestWaitMs, next.dueMs - nowMs)))
      continue
    }
    const due = waiting.splice(waiting.findIndex(({ dueMs }) => dueMs <= nowMs))
    yield* Effect.forEach(due.toReversed(), ({ id }) => Effect.flatMap(residents.takeUp(id), Fiber.join), { concurrency, discard: true })
  }
})
