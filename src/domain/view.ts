/** A session as people and programs see it: the one public shape, derived from the fold and from nothing else. */
import { Schema } from "effect"
import { Activity } from "./facts.ts"
import { SessionId } from "./ids.ts"
import { Keepalive, Size, Stopping } from "./spec.ts"

/** ISO 8601, UTC. */
const Time = Schema.String

export const State = Schema.Literals(["starting", "streaming", "ended", "resuming", "terminated"])
export type State = typeof State.Type

export const Phase = Schema.Literals([
  "preparing",
  "launching",
  "booting",
  "running",
  /** The agent itself is gone; what is left of its process tree is being ended. */
  "reaping",
  "resting",
  "backing_off",
  "given_up",
  "archived",
  "over"
])
export type Phase = typeof Phase.Type

export const StopStep = Schema.Literals(["asked", "hung_up", "killed"])

export const SessionView = Schema.Struct({
  id: SessionId,
  name: Schema.NullOr(Schema.String),
  labels: Schema.Record(Schema.String, Schema.String),
  provider: Schema.String,
  command: Schema.Array(Schema.String),
  cwd: Schema.String,
  env: Schema.Array(Schema.String).annotate({ description: "the names in the child's environment; values are never shown" }),
  runtime: Schema.String,
  size: Size,
  keepalive: Keepalive,
  stopping: Stopping.annotate({ description: "the stop ladder" }),
  readyTimeoutMs: Schema.Int,
  idleStopMs: Schema.NullOr(Schema.Int),
  state: State,
  phase: Phase,
  activity: Schema.NullOr(Activity),
  /** Where the activity was learnt, and the question somebody must answer. */
  evidence: Schema.NullOr(Schema.Struct({ source: Schema.String, at: Time, question: Schema.NullOr(Schema.String) })),
  generation: Schema.Int,
  seq: Schema.Int,
  outputOffset: Schema.Int,
  process: Schema.NullOr(Schema.Struct({ pid: Schema.Int, startedAt: Time })),
  exit: Schema.NullOr(
    Schema.Struct({
      cause: Schema.String,
      detail: Schema.NullOr(Schema.String),
      code: Schema.NullOr(Schema.Int),
      signal: Schema.NullOr(Schema.String),
      at: Time
    })
  ),
  relaunch: Schema.NullOr(Schema.Struct({ attempt: Schema.Int, at: Time })),
  stop: Schema.NullOr(Schema.Struct({ step: StopStep, by: Schema.String, reason: Schema.String, at: Time })),
  /** Processes that would not die, while they are being waited for. */
  leftovers: Schema.Array(Schema.Struct({ pid: Schema.Int, command: Schema.String })),
  /** What a person should know: a readiness time-out, a spent relaunch budget. */
  notice: Schema.NullOr(Schema.String),
  clients: Schema.Int,
  prompts: Schema.Struct({ queued: Schema.Int }),
  lineage: Schema.NullOr(Schema.Struct({ parent: SessionId, seq: Schema.Int })),
  createdAt: Time,
  updatedAt: Time
})
export type SessionView = typeof SessionView.Type
