/** A session as people and programs see it: the one public shape, derived from the fold and from nothing else. */
import { Schema } from "effect"
import { Activity } from "./activity.ts"
import { type EndCause, Lineage, StateReport } from "./facts.ts"
import { SessionId } from "./ids.ts"
import { Usage } from "./observations.ts"
import { insideOf, isUp, lifeOf, mayRun, type Session, stoppingOf } from "./session.ts"
import type { SessionContext } from "./session-context.ts"
import { Keepalive, Size, Stopping } from "./spec.ts"
import { iso } from "./time.ts"
import { whyUnreadable } from "./unreadable.ts"

/** ISO 8601, UTC. */
const Time = Schema.String

export const State = Schema.Literals(["starting", "streaming", "ended", "resuming", "terminated"])
export type State = typeof State.Type

export const Phase = Schema.Literals([
  "preparing",
  "launching",
  "booting",
  "running",
  /** The agent is up and stopped (SIGSTOP, SIGTSTP): nothing is typed before it goes on. */
  "suspended",
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
  trustFolder: Schema.Boolean,
  state: State,
  phase: Phase,
  activity: Schema.NullOr(Activity),
  /** What a person must answer before the agent goes on; `id` is what a prompt that answers it names. */
  question: Schema.NullOr(
    Schema.Struct({
      id: Schema.String,
      kind: Schema.String,
      text: Schema.NullOr(Schema.String),
      choices: Schema.Array(Schema.String),
      at: Time
    })
  ),
  /** Where the activity was learnt, and the question that a person must answer. */
  evidence: Schema.NullOr(
    Schema.Struct({
      source: Schema.String,
      at: Time,
      question: Schema.NullOr(Schema.String),
      behindBytes: Schema.NullOr(Schema.Int).annotate({
        description:
          "the agent floods its terminal: so many later bytes of it were not read, or not recorded, at that time; null where none were"
      })
    })
  ),
  /** The agent is stopped, and *continue* lets it go on. */
  suspended: Schema.NullOr(Schema.Struct({ at: Time })),
  /**
   * Text was typed and not sent: prompts wait until Enter or ctrl-c is pressed. By a person at an attached terminal, or for the prompt
   * `promptId`, whose Enter was withheld.
   */
  typing: Schema.NullOr(Schema.Struct({ by: Schema.String, at: Time, promptId: Schema.NullOr(Schema.String) })),
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
  /** The provider's own name for what is talked about. `replaces`: the one that could not be resumed any more. */
  conversation: Schema.NullOr(
    Schema.Struct({
      id: Schema.NullOr(Schema.String),
      transcript: Schema.NullOr(Schema.String),
      replaces: Schema.NullOr(Schema.String),
      unreadable: Schema.NullOr(Schema.Struct({ path: Schema.String, code: Schema.String, detail: Schema.String })).annotate({
        description:
          "the conversation's file is there and cannot be read: what the agent writes to it is not known; null where there is none, and where it can be read"
      })
    })
  ),
  model: Schema.NullOr(Schema.String),
  /** Tokens, summed over what the transcript reports. */
  usage: Schema.NullOr(Usage),
  /** What keeps the agent from working: its user is not logged in, or its model is not to be had until then. */
  blocked: Schema.NullOr(Schema.Struct({ cause: Schema.String, until: Schema.NullOr(Time), detail: Schema.String })),
  /** What the agent says of itself. */
  report: Schema.NullOr(Schema.Struct({ ...StateReport.fields, at: Time })),
  /** The newest turn that its process did not live to end; `prompt` can be sent again. */
  abandoned: Schema.NullOr(Schema.Struct({ generation: Schema.Int, prompt: Schema.NullOr(Schema.String), at: Time })),
  /** Kinds of messages of the agent that this version does not know. */
  unknownMessages: Schema.Array(Schema.String),
  lineage: Schema.NullOr(Lineage),
  createdAt: Time,
  updatedAt: Time
})
export type SessionView = typeof SessionView.Type

/** The public shape of a session at `seq`. */
export const view = (session: Session, seq: number): SessionView => {
  const { context } = session
  const { spec } = context
  const life = lifeOf(session)
  const inside = insideOf(session)
  const backoff = context.deadlines.backoff
  return {
    id: SessionId.make(context.id),
    name: spec.name,
    labels: spec.labels,
    provider: spec.provider,
    command: spec.command,
    cwd: spec.cwd,
    env: spec.env.names,
    runtime: spec.runtime,
    size: spec.size,
    keepalive: spec.keepalive,
    stopping: spec.stop,
    readyTimeoutMs: spec.readyTimeoutMs,
    idleStopMs: spec.idleStopMs,
    trustFolder: spec.trustFolder ?? false,
    state: life,
    phase: phases[inside] ?? (context.suspendedAt != null ? "suspended" : "running"),
    activity: isUp(session) ? context.activity.value : null,
    question:
      isUp(session) && context.activity.value === "waiting" && context.activity.asked !== undefined
        ? { ...context.activity.asked, text: context.activity.question, at: iso(context.activity.at) }
        : null,
    evidence:
      isUp(session) && context.activity.source !== "none"
        ? {
            source: context.activity.source,
            at: iso(context.activity.at),
            question: context.activity.question,
            behindBytes: context.activity.behindBytes ?? null
          }
        : null,
    suspended: context.suspendedAt == null ? null : { at: iso(context.suspendedAt) },
    typing:
      context.typing == null ? null : { by: context.typing.by, at: iso(context.typing.at), promptId: context.typing.ofPrompt ?? null },
    generation: context.generation,
    seq,
    outputOffset: context.offset,
    process: context.process && { pid: context.process.pid, startedAt: iso(context.process.startedAt) },
    exit: context.exit && {
      cause: context.exit.cause.type,
      detail: detailOf(context.exit.cause),
      code: context.exit.code,
      signal: context.exit.signal,
      at: iso(context.exit.at)
    },
    relaunch: context.relaunch && backoff ? { attempt: context.relaunch.attempt, at: iso(backoff.wallMs) } : null,
    stop: context.stop && {
      step: stopSteps[stoppingOf(session)],
      by: context.stop.by,
      reason: context.stop.reason,
      at: iso(context.stop.at)
    },
    leftovers: context.leftovers,
    notice: context.notice,
    clients: context.clients.length,
    prompts: { queued: context.prompts.filter(({ stage }) => stage === "queued").length },
    conversation: conversationOf(context),
    model: context.model,
    usage: context.usage,
    blocked: context.blocked && { ...context.blocked, until: context.blocked.until === null ? null : iso(context.blocked.until) },
    report: context.report && { ...context.report, at: iso(context.report.at) },
    abandoned: context.abandoned && {
      generation: context.abandoned.generation,
      prompt: context.abandoned.promptId,
      at: iso(context.abandoned.at)
    },
    unknownMessages: context.unknownKinds,
    lineage: context.lineage,
    createdAt: iso(context.createdAt),
    updatedAt: iso(context.updatedAt)
  }
}

/** Before the first launch it is the one that the session was made to resume. */
const conversationOf = ({ beginning, conversation, unreadable: found }: SessionContext) => {
  const unreadable = found == null ? null : { ...found, detail: `${found.path} ${whyUnreadable(found.code)}` }
  if (conversation !== null) {
    const { id, replaces = null, transcript } = conversation
    return { id, transcript, replaces, unreadable }
  }
  return beginning?.kind === "resume" ? { id: beginning.id, transcript: null, replaces: null, unreadable } : null
}

/** Whether start-up has work with the session: a process may live, a launch is under way, a deadline is pending, or a client is attached. */
export const isLive = (session: Session): boolean =>
  mayRun(lifeOf(session)) || Object.keys(session.context.deadlines).length > 0 || session.context.clients.length > 0

const phases: Readonly<Record<string, Phase>> = {
  preparing: "preparing",
  launching: "launching",
  booting: "booting",
  reaping: "reaping",
  resting: "resting",
  backingOff: "backing_off",
  givenUp: "given_up",
  archived: "archived",
  terminated: "over"
}

const stopSteps = { none: "asked", asked: "asked", hungUp: "hung_up", killed: "killed" } as const

const detailOf = (cause: EndCause): string | null => {
  switch (cause.type) {
    case "stopped":
      return `by ${cause.by}: ${cause.reason}`
    case "launch_failed":
      return `${cause.code}: ${cause.message}`
    case "lost":
      return `last seen alive ${iso(cause.lastSeenAt)}`
    case "rate_limited":
      return `until ${iso(cause.until)}`
    default:
      return null
  }
}
