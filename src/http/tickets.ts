/** Tickets let a page attach where it cannot send a header: unguessable, for one session and one mode, once, for half a minute. */
import { randomBytes } from "node:crypto"
import { Clock, Context, Effect, Layer } from "effect"
import { limits } from "../domain/limits.ts"
import type { AttachMode } from "./contract/terminal.ts"
import { type Problem, problem } from "./problems.ts"

interface Issued {
  readonly session: string
  readonly mode: AttachMode
  readonly expiresAt: number
}

export class Tickets extends Context.Service<
  Tickets,
  {
    readonly issue: (session: string, mode: AttachMode) => Effect.Effect<{ readonly ticket: string; readonly expiresAt: number }, Problem>
    /** The mode it was issued for, or null; whatever the answer, the ticket is gone. */
    readonly redeem: (ticket: string, session: string) => Effect.Effect<AttachMode | null>
  }
>()("reprise/http/Tickets") {
  static readonly layer = Layer.sync(Tickets, () => {
    const issued = new Map<string, Issued>()
    /** Insertion order is the order of expiry. */
    const forget = (now: number) => {
      for (const [ticket, { expiresAt }] of issued) {
        if (expiresAt > now) return
        issued.delete(ticket)
      }
    }
    return {
      issue: Effect.fnUntraced(function* (session, mode) {
        const now = yield* Clock.currentTimeMillis
        forget(now)
        if (issued.size >= limits.attachTickets) {
          const known = { limit: "attach_tickets", maximum: limits.attachTickets, retryAfterMs: limits.attachTicketMs }
          return yield* problem("over_capacity", "too many tickets are waiting to be used", known)
        }
        const ticket = randomBytes(32).toString("base64url")
        const expiresAt = now + limits.attachTicketMs
        issued.set(ticket, { session, mode, expiresAt })
        return { ticket, expiresAt }
      }),
      redeem: (ticket, session) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const known = issued.get(ticket)
          issued.delete(ticket)
          return known !== undefined && known.session === session && known.expiresAt > now ? known.mode : null
        })
    }
  })
}
