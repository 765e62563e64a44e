/** Tickets let a page attach where it cannot send a header: unguessable, for one session and one mode, once, for half a minute. */
import { randomBytes } from "node:crypto"
import { Clock, Context, Effect, Layer } from "effect"
import { limits } from "../domain/limits.ts"
import { BootClock } from "../infra/boot-clock.ts"
import type { AttachMode } from "./contract/terminal.ts"
import { type Problem, problem } from "./problems.ts"

interface Issued {
  readonly session: string
  readonly mode: AttachMode
  /** Since boot: a step of the wall clock neither ends a ticket early nor keeps it. */
  readonly expiresAtBootMs: number
}

export class Tickets extends Context.Service<
  Tickets,
  {
    readonly issue: (session: string, mode: AttachMode) => Effect.Effect<{ readonly ticket: string; readonly expiresAt: number }, Problem>
    /** The mode it was issued for, or null; whatever the answer, the ticket is gone. */
    readonly redeem: (ticket: string, session: string) => Effect.Effect<AttachMode | null>
  }
>()("reprise/http/Tickets") {
  static readonly layer = Layer.effect(
    Tickets,
    Effect.gen(function* () {
      const { bootMs } = yield* BootClock
      const issued = new Map<string, Issued>()
      /** Insertion order is the order of expiry. */
      const forget = (now: number) => {
        for (const [ticket, { expiresAtBootMs }] of issued) {
          if (expiresAtBootMs > now) return
          issued.delete(ticket)
        }
      }
      return {
        issue: Effect.fnUntraced(function* (session, mode) {
          const now = yield* bootMs
          forget(now)
          if (issued.size >= limits.attachTickets) {
            const known = { limit: "attach_tickets", maximum: limits.attachTickets, retryAfterMs: limits.attachTicketMs }
            return yield* problem("over_capacity", "too many tickets are waiting to be used", known)
          }
          const ticket = randomBytes(32).toString("base64url")
          issued.set(ticket, { session, mode, expiresAtBootMs: now + limits.attachTicketMs })
          return { ticket, expiresAt: (yield* Clock.currentTimeMillis) + limits.attachTicketMs }
        }),
        redeem: (ticket, session) =>
          Effect.map(bootMs, (now) => {
            const known = issued.get(ticket)
            issued.delete(ticket)
            return known !== undefined && known.session === session && known.expiresAtBootMs > now ? known.mode : null
          })
      }
    })
  )
}
