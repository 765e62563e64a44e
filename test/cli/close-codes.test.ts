import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { until } from "../support/daemon.ts"
import { Relay } from "../support/relay.ts"
import { Daemon, reprise, terminal } from "./support.ts"

/** Asked again, the daemon would answer the same: rules broken (1002 to 1010), its own fault (1011), codes of other programs. */
const final = [1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 4000]
/** The daemon goes, restarts, is busy, is out of reach behind another program, or just gone. */
const passing = [1001, 1012, 1013, 1014, "cut"] as const

const begun = Effect.fnUntraced(function* (name: string) {
  const daemon = yield* Daemon
  const relay = yield* Effect.acquireRelease(
    Effect.promise(() => Relay.to(daemon)),
    (relay) => Effect.promise(() => relay[Symbol.asyncDispose]())
  )
  const { id } = yield* Effect.promise(() => daemon.create(["sh", "-c", "stty -echo; echo ready; exec cat"], { name }))
  const shown = yield* terminal(relay.home, `$REPRISE attach ${name}`)
  yield* shown.shows("ready")
  const isAttached = (count: number) =>
    Effect.promise(() =>
      until(`connection ${count} is there`, async () => relay.attachments === count && (await daemon.session(id)).clients === 1)
    )
  yield* isAttached(1)
  return { relay, shown, isAttached }
})

describe("the end of an attach connection", () => {
  layer(Daemon.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.effect.each(final)("is final with code %s: the client says so, and connects no second time", (code) =>
      Effect.gen(function* () {
        const { relay, shown } = yield* begun(`final-${code}`)
        relay.end(code)
        // The client has ended before the shell prints its exit code: no connection can follow.
        const text = yield* shown.shows("settled")
        assert.match(text, /the daemon closed the connection: by the test[\s\S]*code=1\n/)
        assert.strictEqual(relay.attachments, 1)
      }).pipe(Effect.scoped)
    )

    it.effect.each(passing)("is not final with %s: the client connects again, and types on", (code) =>
      Effect.gen(function* () {
        const { isAttached, relay, shown } = yield* begun(`passing-${code}`)
        relay.end(code)
        yield* isAttached(2)
        shown.type("typed afterwards\r")
        yield* shown.shows("typed afterwards")
        shown.type("\x1cd")
        assert.match(yield* shown.shows("settled"), /code=0\n/)
        assert.strictEqual(relay.attachments, 2)
      }).pipe(Effect.scoped)
    )

    it.effect("is final where the session is over: the client ends as the agent has", () =>
      Effect.gen(function* () {
        const { relay, shown } = yield* begun("killed")
        yield* reprise((yield* Daemon).home, "kill", "killed")
        assert.match(yield* shown.shows("settled"), /is over: [\s\S]*code=1\d\d\n/)
        assert.strictEqual(relay.attachments, 1)
      }).pipe(Effect.scoped)
    )
  })
})
