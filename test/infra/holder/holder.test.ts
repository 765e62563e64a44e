/** A holder, started by the runtime, with real terminals and real processes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Output } from "../../../src/infra/output/output.ts"
import { type connected, journalUntil, launched, outputUntil, runtimeOf, temporaryHome, typesOf } from "../../support/holder.ts"

const inHome = <A, E>(test: Effect.Effect<A, E, Effect.Services<ReturnType<typeof connected>> | Output>) =>
  Effect.gen(function* () {
    const home = yield* temporaryHome()
    return yield* Effect.provide(test, runtimeOf(home))
  }).pipe(Effect.scoped)

describe("a holder", () => {
  it.live("types what it is given, keeps what comes back and knows the exit code", () =>
    inHome(
      Effect.gen(function* () {
        const { link, order } = yield* launched("read line; echo got $line; exit 7")
        assert.strictEqual(yield* link.write("w1", Buffer.from("hello\r")), "written")
        const entries = yield* journalUntil(link, "cleared")
        assert.deepStrictEqual(typesOf(entries), ["spawned", "output_began", "exited", "cleared"])
        assert.deepStrictEqual(
          entries.map(({ n }) => n),
          [1, 2, 3, 4]
        )
        const exited = entries[2]!
        assert.deepStrictEqual(exited.event, { type: "exited", code: 7, signal: null })
        const text = yield* outputUntil(order.session, "got hello")
        assert.strictEqual(text, "hello\r\ngot hello\r\n")
        assert.strictEqual(exited.offset, text.length)
        assert.strictEqual(yield* (yield* Output).end(order.session), text.length)
      })
    )
  )
})
