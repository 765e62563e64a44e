import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HookTokens } from "../../../src/infra/hook/tokens.ts"
import { Secrets } from "../../../src/infra/secrets.ts"

const inHome = <A, E>(test: (home: string) => Effect.Effect<A, E>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "tokens-"))),
    test,
    (home) => Effect.sync(() => rmSync(home, { recursive: true, force: true }))
  )

const tokens = (home: string) => Effect.provide(HookTokens, Layer.fresh(HookTokens.layer(home)))

describe("a hook's token", () => {
  it.effect("is the same after a restart, in this home alone", () =>
    inHome((home) =>
      inHome((other) =>
        Effect.gen(function* () {
          const token = (yield* tokens(home)).tokenOf("s-1", 2)
          const again = yield* tokens(home)
          assert.match(token, /^[0-9a-f]{64}$/)
          assert.isTrue(again.isTokenOf("s-1", 2, token))
          assert.isFalse((yield* tokens(other)).isTokenOf("s-1", 2, token))
          assert.strictEqual(statSync(join(home, "hook.key")).mode & 0o777, 0o600)
        })
      )
    )
  )

  it.effect("is for one launch of one session, and for nothing that only looks like it", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const { isTokenOf, tokenOf } = yield* tokens(home)
        const token = tokenOf("s-1", 12)
        for (const [session, generation] of [
          ["s-1", 1],
          ["s-1", 2],
          ["s-2", 12],
          ["2 s-1", 1]
        ] as const)
          assert.isFalse(isTokenOf(session, generation, token))
        for (const wrong of ["", token.slice(1), `${token}0`, `${token}zz`, token.replace(/.$/, "z"), `${token.slice(0, -2)}zz`])
          assert.isFalse(isTokenOf("s-1", 12, wrong))
      })
    )
  )

  it.effect("is no hash that stands in the log for a text that a client chose", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const { tokenOf } = yield* tokens(home)
        const { hash } = yield* Effect.provide(Secrets, Layer.fresh(Secrets.layer(home)))
        assert.notStrictEqual(tokenOf("s-1", 1), hash("1 s-1"))
      })
    )
  )
})
