/** What a launch's hooks show to be believed: made from a key of this home, so that it is stored nowhere and outlives every restart. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto"
import { join } from "node:path"
import { Context, Layer } from "effect"
import { madeOnce } from "../durable-file.ts"

export class HookTokens extends Context.Service<
  HookTokens,
  {
    /** 256 bits in hexadecimal. Another session's, or another generation's, reveals nothing of it. */
    readonly tokenOf: (session: string, generation: number) => string
    /** In the same time whatever is wrong. */
    readonly isTokenOf: (session: string, generation: number, token: string) => boolean
  }
>()("reprise/infra/HookTokens") {
  /**
   * A key of its own, in a file of mode 0600: hashes under the key of `Secrets` stand in the log, of texts that callers choose, and one
   * of them could be made to be a token.
   */
  static readonly layer = (home: string): Layer.Layer<HookTokens> =>
    Layer.sync(HookTokens, () => {
      const key = madeOnce(join(home, "hook.key"), randomBytes(32))
      const digest = (session: string, generation: number) => createHmac("sha256", key).update(`${generation} ${session}`).digest()
      return HookTokens.of({
        tokenOf: (session, generation) => digest(session, generation).toString("hex"),
        isTokenOf: (session, generation, token) => {
          const given = Buffer.from(token, "hex")
          const expected = digest(session, generation)
          return given.length === expected.length && token.length === 2 * expected.length && timingSafeEqual(given, expected)
        }
      })
    })
}
