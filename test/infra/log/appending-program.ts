/** A process of its own that appends and says so, or only holds the log: what the tests kill. */

import { writeSync } from "node:fs"
import { Effect } from "effect"
import * as EventLog from "../../../src/infra/log/event-log.ts"
import { EventStore } from "../../../src/infra/log/event-store.ts"
import { decision } from "./decisions.ts"

const [path = "", task = "append"] = process.argv.slice(2)
/** Synchronous: a line that is out was acknowledged, whatever happens next. */
const say = (line: unknown) => writeSync(1, `${JSON.stringify(line)}\n`)

const appendAll = Effect.gen(function* () {
  const store = yield* EventStore
  yield* Effect.forEach(
    ["a", "b", "c", "d", "e"],
    Effect.fnUntraced(function* (name: string) {
      const stream = `${name}-${store.epoch}`
      for (let seq = 0; seq < 60; seq += 3) {
        const inputId = `${stream}/${seq}`
        const appended = yield* store.append(
          decision(stream, seq, 3, {
            inputId,
            idempotency: { scope: "test", key: inputId, requestHash: "h", response: stream },
            checkpoint: { seq: seq + 3, format: 1, state: stream }
          })
        )
        say({ stream, inputId, ...appended })
      }
    }),
    { concurrency: "unbounded" }
  )
})

const hold = Effect.flatMap(EventStore, (store) =>
  Effect.callback<never>(() => {
    say({ epoch: store.epoch })
    // Something for the event loop to wait for: a fiber that waits for nothing does not keep a process.
    setInterval(() => {}, 60_000)
  })
)

const told = Effect.catch((error: { readonly _tag: string }) => Effect.sync(() => say({ error: error._tag })))
await Effect.runPromise((task === "hold" ? hold : appendAll).pipe(Effect.provide(EventLog.layer(path)), told))
