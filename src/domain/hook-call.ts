/** What an agent's hook says to the daemon: sent to its socket, or left in the session's spool when no daemon answers. */
import { Schema } from "effect"
import { limits } from "./limits.ts"

export const HookCall = Schema.Struct({
  /** Made by the caller: a call that was both sent and spooled has happened once. */
  id: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(limits.hookIdChars)),
  /** The launch that the agent belongs to. */
  generation: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  /** The provider's own name of what happened. */
  event: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(limits.hookEventChars)),
  /** JSON as the agent gave it, with long strings cut where it was too large; its text where it was none; null where there was nothing. */
  payload: Schema.Unknown,
  /** Epoch milliseconds at which the hook was called. */
  at: Schema.Int
})
export type HookCall = typeof HookCall.Type
