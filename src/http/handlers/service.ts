/** The routes by which the daemon itself is watched. */
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
import { watchEventLoop } from "../event-loop.ts"
import { problem } from "../problems.ts"
import { toProblem } from "../refusals.ts"

export const serviceLayer = HttpApiBuilder.group(Api, "service", (handlers) =>
  Effect.gen(function* () {
    const loop = yield* Effect.acquireRelease(Effect.sync(watchEventLoop), ({ stop }) => Effect.sync(stop))
    return handlers
      .handle("healthz", () => Effect.map(Daemon, ({ epoch, version }) => ({ status: "ok" as const, version, epoch, pid: process.pid })))
      .handle("readyz", () => readiness)
      .handle("metrics", () =>
        Effect.gen(function* () {
          yield* gauges
          const { delaySeconds, longestTurnSeconds } = loop.figures()
          yield* Metric.update(loopDelay, delaySeconds)
          yield* Metric.update(longestTurn, longestTurnSeconds)
          return HttpServerResponse.text(yield* PrometheusMetrics.format(), { contentType: "text/plain; version=0.0.4; charset=utf-8" })
        })
      )
  })
)

const readiness = Effect.gen(function* () {
  const recovery = yield* (yield* Sessions).recovery
  if (recovery === null)
    return yield* problem("starting_up", "sessions of an earlier daemon are still being found", { retryAfterMs: 1_000 })
  const reader = yield* EventReader
  yield* Effect.mapError(reader.sound, toProblem)
  const quarantined = yield* Effect.mapError(reader.quarantined, toProblem)
  return {
    status: "ready" as const,
    recovery,
    quarantined: quarantined.map(({ at, reason, stream }) => ({ session: stream, reason, at: new Date(at).toISOString() })),
    troubled: yield* (yield* Sessions).troubles,
    diverged: (yield* (yield* Shadow).alarms).map(({ at, ...alarm }) => ({ ...alarm, at: new Date(at).toISOString() }))
  }
})

const sessions = Metric.gauge("reprise_sessions", { description: "Sessions, by state" })
const resident = Metric.gauge("reprise_resident_actors", { description: "Session actors in memory" })
const loopDelay = Metric.gauge("reprise_event_loop_delay_p99_seconds", { description: "Event-loop delay since the last scrape" })
const longestTurn = Metric.gauge("reprise_event_loop_longest_turn_seconds", {
  description: "Processor time of the longest turn of the event loop since the last scrape"
})

/** Read when they are asked for: a gauge that is not read costs nothing. */
const gauges = Effect.gen(function* () {
  const counts = yield* Effect.mapError((yield* EventReader).counts, toProblem)
  for (const state of State.literals) yield* Metric.update(Metric.withAttributes(sessions, { state }), counts[state] ?? 0)
  yield* Metric.update(resident, yield* (yield* Sessions).resident)
})
