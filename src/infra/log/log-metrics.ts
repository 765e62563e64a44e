/** The log's metrics: how much is appended, how well appends share a flush, how long a commit takes. */
import { type Context, Metric } from "effect"

export const factsAppended = Metric.counter("reprise_log_facts_appended_total", {
  description: "Facts durable in the log",
  incremental: true
})
export const commits = Metric.counter("reprise_log_commits_total", { description: "Transactions that wrote facts", incremental: true })
export const groupDecisions = Metric.histogram("reprise_log_group_decisions", {
  description: "Decisions that shared one transaction",
  boundaries: Metric.exponentialBoundaries({ start: 1, factor: 2, count: 11 })
})
/** A commit holds the event loop: its tail is the daemon's own latency. */
export const commitMs = Metric.histogram("reprise_log_commit_ms", {
  description: "From BEGIN to durable, in milliseconds",
  boundaries: Metric.exponentialBoundaries({ start: 0.125, factor: 2, count: 16 })
})

export const measureCommit =
  (context: Context.Context<never>) =>
  ({ decisions, facts, tookMs }: { readonly decisions: number; readonly facts: number; readonly tookMs: number }) => {
    factsAppended.updateUnsafe(facts, context)
    commits.updateUnsafe(1, context)
    groupDecisions.updateUnsafe(decisions, context)
    commitMs.updateUnsafe(tookMs, context)
  }
