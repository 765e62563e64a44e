/** The routes by which the daemon itself is watched. */
import { monitorEventLoopDelay } from "node:perf_hooks"
import { Effect, Metric } from "effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import { Sessions } from "../../actors/sessions.ts"
import { Shadow } from "../../actors/shadow.ts"
import { State } from "../../domain/view.ts"
import { EventReader } from "../../infra/log/event-store.ts"
import { Api } from "../contract.ts"
import { Daemon } from "../daemon.ts"
import { problem } from "../problems.ts"
import { toProblem } from "../refusals.ts"

export const serviceLayer = HttpApiBuilder.group(Api, "service", (handlers) =>
  Effect.gen(function* () {
    const delay = yield* Effect.acquireRelease(Effect.sync(watchedDelay), ({ stop }) => Effect.sync(stop))
    return handlers
      .handle("healthz", () => Effect.map(Daemon, ({ epoch, version }) => ({ status: "ok" as const, version, epoch, pid: process.pid })))
      .handle("readyz", () => readiness)
      .handle("metrics", () =>
        Effect.gen(function* () {
          yield* gauges
          yield* Metric.update(loopDelay, delay.p99Seconds())
          return HttpServerResponse.text(yield* PrometheusMetrics.format(), { contentType: "text/plain; version=0.0.4; charset=utf-8" })
        })
      )
  })
)

const readiness = Effect.gen(function* () {
  const recovery = yield* (yield* Sessions).recovery
  if (recovery === null)
    return yield* problem("starting_up", "sessions of an earlier daemon are still being found", { retryAfterMs: 1_000 })
  const quarantined = yield* Effect.mapError((yield* EventReader).quarantined, toProblem)
  return {
    status: "ready" as const,
    recovery,
    quarantined: quarantined.map(({ at, reason, stream }) => ({ session: stream, reason, at: new Date(at).toISOString() })),
    diverged: (yield* (yield* Shadow).alarms).map(({ at, ...alarm }) => ({ ...alarm, at: new Date(at).toISOString() }))
  }
})

/** The histogram samples by a timer, a hundred wake-ups a second: it runs only while somebody scrapes, and a first scrape says 0. */
const watchedDelay = () => {
  const histogram = monitorEventLoopDelay({ resolution: 10 })
  let unwatched: NodeJS.Timeout | undefined
  const stop = () => {
    clearTimeout(unwatched)
    histogram.disable()
  }
  const p99Seconds = () => {
    clearTimeout(unwatched)
    unwatched = setTimeout(stop, unwatchedMs).unref()
    const seconds = histogram.count === 0 ? 0 : histogram.percentile(99) / 1e9
    histogram.reset()
    histogram.enable()
    return seconds
  }
  return { p99Seconds, stop }
}

/** Scrapers come every 15 to 60 seconds as a rule. */
const unwatchedMs = 180_000

const sessions = Metric.gauge("reprise_sessions", { description: "Sessions, by state" })
const resident = Metric.gauge("reprise_resident_actors", { description: "Session actors in memory" })
const loopDelay = Metric.gauge("reprise_event_loop_delay_p99_seconds", { description: "Event-loop delay since the last scrape" })

/** Read when they are asked for: a gauge nobody looks at costs nothing. */
const gauges = Effect.gen(function* () {
  const counts = yield* Effect.mapError((yield* EventReader).counts, toProblem)
  for (const state of State.literals) yield* Metric.update(Metric.withAttributes(sessions, { state }), counts[state] ?? 0)
  yield* Metric.update(resident, yield* (yield* Sessions).resident)
})
