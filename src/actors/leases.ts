/** At most one live session holds a conversation: two agents on one would write into each other's history. */

import { Context } from "effect"
import { mayRun } from "../domain/session.ts"
import type { SessionView } from "../domain/view.ts"

export interface Leases {
  /** To be called with every session as it is after each decision. */
  readonly observe: (view: SessionView) => void
  /** The other session that holds it; null when none does. */
  readonly heldByAnother: (session: string, provider: string, conversation: string | null) => string | null
  /** The same where that session's agent is in it, or is about to be launched into it again; not one that only means to begin there. */
  readonly livedInByAnother: (session: string, provider: string, conversation: string) => string | null
  /** Takes it for a launch where no other session has it, and from then on no agent can claim it; else the other that has. */
  readonly claim: (session: string, provider: string, conversation: string | null) => string | null
  /** Gives it to the session whose agent is in it: from now on, before the log has the fact, other agents' claims are refused. */
  readonly moveIn: (session: string, provider: string, conversation: string) => void
}

/** How a registry keeps its leases: always so, but where a test plants a defect. */
export const Leasing = Context.Reference<() => Leases>("reprise/actors/Leasing", { defaultValue: () => makeLeases })

/** Leases follow from the log: a session that is live and knows its conversation holds it. */
export const makeLeases = (): Leases => {
  const holders = new Map<string, string>()
  const held = new Map<string, string>()
  /** Sessions with a process, with a launch that is prepared, or with a relaunch that is due: others only mean to be in the conversation. */
  const living = new Set<string>()
  const keyOf = (provider: string, conversation: string) => `${provider}\0${conversation}`
  const release = (session: string) => {
    const key = held.get(session)
    held.delete(session)
    living.delete(session)
    if (key !== undefined && holders.get(key) === session) holders.delete(key)
  }
  /** The incumbent keeps it: a later session is refused before its launch. A living one comes before one that is not. */
  const take = (session: string, key: string, lives: boolean) => {
    if (held.get(session) !== key) release(session)
    held.set(session, key)
    if (lives) living.add(session)
    const incumbent = holders.get(key)
    if (incumbent === undefined || (lives && !living.has(incumbent))) holders.set(key, session)
  }
  const heldByAnother: Leases["heldByAnother"] = (session, provider, conversation) => {
    const holder = conversation === null ? undefined : holders.get(keyOf(provider, conversation))
    return holder === undefined || holder === session ? null : holder
  }
  return {
    observe: ({ conversation, id, process, provider, relaunch, state }) => {
      const isDue = relaunch != null && state !== "terminated"
      if ((mayRun(state) || isDue) && conversation?.id != null) take(id, keyOf(provider, conversation.id), process !== null || isDue)
      else release(id)
    },
    heldByAnother,
    livedInByAnother: (session, provider, conversation) => {
      const holder = heldByAnother(session, provider, conversation)
      return holder !== null && living.has(holder) ? holder : null
    },
    claim: (session, provider, conversation) => {
      const other = heldByAnother(session, provider, conversation)
      if (other === null && conversation !== null) take(session, keyOf(provider, conversation), true)
      return other
    },
    moveIn: (session, provider, conversation) => take(session, keyOf(provider, conversation), true)
  }
}
