/** What the agent is doing, by the best evidence there is: a weaker source never overrides a stronger one that is still fresh. */
import type { EvidenceSource } from "../facts.ts"
import type { Report } from "../inputs.ts"
import { insideOf, lifeOf } from "../session.ts"
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
  ActivityObserved: ({ context, now, session, ...rest }, { activity: value, generation, question, source }) => {
    if (generation !== context.generation || lifeOf(session) !== "streaming" || insideOf(session) === "reaping")
      return nothing("stale_generation")
    const known = context.activity
    const stands = now.wallMs - known.at < freshMs[known.source]
    if (stands && strength.indexOf(source) < strength.indexOf(known.source)) return nothing("weaker_evidence")
    if (known.value === value && known.source === source && known.question === question) return nothing("unchanged")
    return [fact("ActivityChanged", { context, now, session, ...rest }, { generation, activity: value, source, question })]
  }
}
