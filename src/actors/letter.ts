/** One input on its way to a session, and the answer on its way back. */
import { Deferred } from "effect"
import type { Input, Report } from "../domain/inputs.ts"
import type { Answer, Asking, SendError } from "./sessions.ts"

export interface Letter {
  readonly input: Input
  /** Null for a report: no caller waits for an answer, and it is delivered until it is in the log. */
  readonly asking: Asking | null
  readonly reply: Deferred.Deferred<Answer, SendError>
  /** What a `Write` types: it passes through memory alone, never through the log. */
  readonly bytes: Uint8Array | null
}

/** For a session's ears. The reply comes once the log has what follows from it: until then it can be lost with this daemon. */
export type Tell = (report: Report) => Deferred.Deferred<Answer, SendError>

export const report = (input: Input): Letter => ({ input, asking: null, reply: Deferred.makeUnsafe(), bytes: null })

export const request = (input: Input, asking: Asking, bytes: Uint8Array | null = null): Letter => ({
  input,
  asking,
  reply: Deferred.makeUnsafe(),
  bytes
})
