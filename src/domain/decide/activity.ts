/** What the agent is doing, by the best evidence there is: a weaker source never overrides a stronger one that is still fresh. */
import type { EvidenceSource } from "../facts.ts"
import type { Report } from "../inputs.ts"
import { insideOf, lifeOf } from "../session.ts"
import { ready } from "./deadlines.ts"
import { fact, nothing, type Policies } from "./verdict.ts"

/** How long a source's word stands against a weaker one, best source first. */
const freshMs: { readonly [source in EvidenceSource]: number } = {
  protocol: 600_000,
  hook: 600_000,
  transcript: 60_000,
  osc: 60_000,
  screen: 5_000,
  silence: 0,
  none: 0
}
const strength = Object.keys(freshMs).toReversed()

export const activity: Policies<Extract<Report, { readonly type: "ActivityObserved" }>> = {
  ActivityObserved: (situation, { type: _, ...observed }) => {
    const { context, now, session } = situation
    if (observed.generation !== context.generation) return nothing("stale_generation")
    const changed = fact("ActivityChanged", situation, observed)
    // Who can say what it is doing is up: the word may be faster than the holder's.
    if (insideOf(session) === "booting" && observed.activity !== "unknown") return [...ready(situation, observed.source), changed]
    if (lifeOf(session) !== "streaming" || insideOf(session) === "reaping") return nothing("not_now")
    const known = context.activity
    if (observed.evidenceOffset !== undefined && observed.evidenceOffset <= (known.evidenceOffset ?? -1)) return nothing("repeated")
    const stands = now.wallMs - known.at < freshMs[known.source]
    if (stands && strength.indexOf(observed.source) < strength.indexOf(known.source)) return nothing("weaker_evidence")
    if (known.value === observed.activity && known.source === observed.source && known.question === observed.question)
      return nothing("unchanged")
    return [changed]
  }
}
