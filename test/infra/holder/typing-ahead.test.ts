/** Keys are sent as they come: nothing waits for an answer per key, and nothing is lost, mixed up or piled up for it. */
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { launchDirectory, readOwner } from "../../../src/infra/holder/launch-directory.ts"
import { signalExactly } from "../../../src/infra/holder/process-table.ts"
import { eventually, inHome, launched, outputUntil } from "../../support/holder.ts"

/** Takes so many bytes as they are, and then says so. */
const taking = (bytes: number, home: string) => `stty raw -echo; printf ready.; head -c ${bytes} > ${home}/taken; printf done.; exec cat`
const piece = (bytes: number, mark: number) => Buffer.alloc(bytes, 97 + (mark % 26))

describe("what is typed ahead", () => {
  it.live("reaches the agent whole and in order, keys and pastes alike", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const pieces = Array.from({ length: 240 }, (_, n) => piece(n % 8 === 0 ? 8_000 : 1 + (n % 3), n))
        const whole = Buffer.concat(pieces)
        const { link, order } = yield* launched(taking(whole.length, home))
        yield* outputUntil(order.session, "ready.")
        for (const bytes of pieces) yield* link.type(bytes)
        yield* outputUntil(order.session, "done.")
        assert.isTrue(readFileSync(join(home, "taken")).equals(whole))
      })
    )
  )

  it.live("is bounded for a holder that does not answer, and still there when it does", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const frame = 16_384
        const { link, order } = yield* launched(taking(4 * frame, home))
        yield* outputUntil(order.session, "ready.")
        const owner = readOwner(launchDirectory(home, order.session, 1))!
        assert.isTrue(signalExactly(owner.process, "SIGSTOP"))
        for (let n = 0; n < 4; n++) yield* link.type(piece(frame, n))
        assert.deepInclude(yield* Effect.flip(link.type(piece(frame, 25))), { _tag: "HolderUnavailable", reason: "silent" })
        assert.isTrue(signalExactly(owner.process, "SIGCONT"))
        yield* eventually("everything that was sent is typed", () => statSync(join(home, "taken")).size === 4 * frame)
        assert.isFalse(readFileSync(join(home, "taken")).includes("z"), "what was refused was typed")
        yield* link.type(Buffer.from("again"))
        yield* outputUntil(order.session, "again")
      })
    )
  )
})
