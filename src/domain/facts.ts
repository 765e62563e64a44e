/** What happened: the machine's whole alphabet. A fact is never changed; a new meaning gets a new name or a new version. */
import { Schema } from "effect"
import { Generation, Nonce, Offset, SessionId } from "./ids.ts"
import { PatchRequest, Size, Spec } from "./spec.ts"
import { Deadline } from "./time.ts"

/** Every fact says when (`at`, epoch milliseconds) and at which byte of the session's output (`offset`) it happened. */
const fact = <const T extends string, const F extends Schema.Struct.Fields>(type: T, fields: F) =>
  Schema.Struct({ type: Schema.tag(type), at: Schema.Int, offset: Offset, ...fields })

/** Who asked: `api`, `cli`, a client's own name, or `reprise` for the daemon itself. */
const by = Schema.String
export const daemon = "reprise"
/** The place of the report in the holder's journal of this generation: a report is recorded once, however often it is told. */
const holderSeq = Schema.Int

/** A process, beyond doubt: a pid alone is reused, and a start time too within ten milliseconds. */
export const ProcessIdentity = Schema.Struct({ bootId: Schema.String, pid: Schema.Int, startTime: Schema.Int })
export type ProcessIdentity = typeof ProcessIdentity.Type

/** What ended a generation. `code` of `launch_failed` is machine-readable: `executable_missing`, `cwd_missing`, `ready_timeout`, … */
export const EndCause = Schema.Union([
  Schema.Struct({ type: Schema.Literal("clean") }),
  Schema.Struct({ type: Schema.Literal("stopped"), by, reason: Schema.String }),
  Schema.Struct({ type: Schema.Literal("crashed"), code: Schema.NullOr(Schema.Int), signal: Schema.NullOr(Schema.String) }),
  Schema.Struct({ type: Schema.Literal("launch_failed"), code: Schema.String, message: Schema.String }),
  Schema.Struct({ type: Schema.Literal("auth") }),
  Schema.Struct({ type: Schema.Literal("rate_limited"), until: Schema.Int }),
  Schema.Struct({ type: Schema.Literal("host_rebooted") }),
  /** Nobody saw it die; it was alive at `lastSeenAt` (epoch ms) and gone at the fact's own time. */
  Schema.Struct({ type: Schema.Literal("lost"), lastSeenAt: Schema.Int })
])
export type EndCause = typeof EndCause.Type

export const Activity = Schema.Literals(["idle", "working", "waiting", "compacting", "unknown"])
export type Activity = typeof Activity.Type
/** Best first: a weaker source never overrides a stronger one that is fresher than its limit. */
export const EvidenceSource = Schema.Literals(["protocol", "hook", "transcript", "osc", "screen", "silence", "none"])
export type EvidenceSource = typeof EvidenceSource.Type

export const DeadlineName = Schema.Literals(["launch", "ready", "reclaim", "healthy", "backoff", "stop", "idle", "accept", "expire"])
export type DeadlineName = typeof DeadlineName.Type

export const Leftover = Schema.Struct({ pid: Schema.Int, command: Schema.String })
export type Leftover = typeof Leftover.Type

/** When a queued prompt may be typed: at once (also into a turn), between turns, or when the agent has nothing to do. */
export const Delivery = Schema.Literals(["now", "turn_boundary", "idle"])
export type Delivery = typeof Delivery.Type

/** A prompt as the log holds it. Its text lies beside the log under `hash`, so that it can be erased without changing any state. */
export const Prompt = Schema.Struct({
  id: Schema.String,
  /** SHA-256 of the text, hexadecimal. */
  hash: Schema.String,
  bytes: Schema.Int,
  deliver: Delivery,
  /** `resend`: what may not have arrived is queued again, at the risk of arriving twice. */
  onUncertain: Schema.Literals(["report", "resend"]),
  from: Schema.NullOr(Schema.String),
  replyTo: Schema.NullOr(Schema.String),
  threadId: Schema.NullOr(Schema.String),
  replyExpected: Schema.Boolean,
  expires: Schema.NullOr(Deadline)
})
export type Prompt = typeof Prompt.Type

/** What makes a step of a prompt's life true: who or what told of it, and in a few words what was told. */
export const Evidence = Schema.Struct({ source: Schema.String, detail: Schema.String })
export type Evidence = typeof Evidence.Type

export const Fact = Schema.Union([
  fact("SessionCreated", { id: SessionId, spec: Spec, by }),
  fact("SessionPatched", { changes: PatchRequest, by }),

  fact("LaunchIntended", {
    generation: Generation,
    nonce: Nonce,
    reason: Schema.Literals(["create", "resume", "relaunch"]),
    /** The absolute path that argv[0] resolved to. */
    executable: Schema.String,
    bootId: Schema.String,
    deadline: Deadline
  }),
  fact("ProcessSpawned", { generation: Generation, process: ProcessIdentity, holderSeq, deadline: Deadline }),
  /** `healthyDeadline`: when the relaunch budget is full again; null while nothing of it is spent. */
  fact("AgentReady", {
    generation: Generation,
    evidence: Schema.String,
    holderSeq: Schema.NullOr(Schema.Int),
    healthyDeadline: Schema.NullOr(Deadline)
  }),
  fact("ReadinessTimedOut", { generation: Generation, afterMs: Schema.Int, deadline: Deadline }),
  fact("HealthConfirmed", { generation: Generation, attempts: Schema.Int }),
  fact("ActivityChanged", {
    generation: Generation,
    activity: Activity,
    source: EvidenceSource,
    question: Schema.NullOr(Schema.String),
    evidenceOffset: Schema.optionalKey(Offset)
  }),

  fact("Resized", { size: Size }),
  fact("InputAccepted", {
    generation: Generation,
    writeId: Schema.String,
    kind: Schema.Literals(["input", "interrupt"]),
    bytes: Schema.Int,
    by
  }),
  fact("InputWritten", { generation: Generation, writeId: Schema.String }),
  /** `not_written`: proven absent. `uncertain`: nobody can say. Neither is sent again. */
  fact("InputFailed", { generation: Generation, writeId: Schema.String, code: Schema.Literals(["not_written", "uncertain"]) }),
  fact("ClientAttached", { client: Schema.String, mode: Schema.Literals(["control", "view"]) }),
  fact("ClientDetached", { client: Schema.String, typedBytes: Schema.Int }),
  /** Nobody is attached: if nothing is printed until the deadline, the agent is stopped. */
  fact("IdleStopArmed", { deadline: Deadline }),

  fact("PromptQueued", { prompt: Prompt, by }),
  fact("PromptEdited", { promptId: Schema.String, hash: Schema.String, bytes: Schema.Int, by }),
  fact("PromptPromoted", { promptId: Schema.String, by }),
  fact("PromptCancelled", { promptId: Schema.String, by, reason: Schema.String }),
  fact("PromptExpired", { promptId: Schema.String }),
  /** Durable before any byte leaves: what follows is asked for, never guessed. */
  fact("PromptClaimed", { promptId: Schema.String, generation: Generation, writeId: Schema.String }),
  /** Proven not typed: it is queued again, where it stood. */
  fact("PromptReleased", { promptId: Schema.String, evidence: Evidence }),
  fact("PromptWritten", { promptId: Schema.String, evidence: Evidence }),
  fact("PromptSubmitted", { promptId: Schema.String, evidence: Evidence, deadline: Deadline }),
  fact("PromptAccepted", { promptId: Schema.String, evidence: Evidence }),
  fact("PromptAnswered", { promptId: Schema.String, evidence: Evidence }),
  fact("PromptRejected", { promptId: Schema.String, code: Schema.String, evidence: Evidence }),
  fact("PromptUncertain", { promptId: Schema.String, reason: Schema.String, resend: Schema.Boolean }),

  fact("StopRequested", {
    mode: Schema.Literals(["stop", "kill"]),
    outcome: Schema.Literals(["end", "archive", "terminate"]),
    by,
    reason: Schema.String,
    deadline: Deadline
  }),
  /** A stop under way is asked for again, more firmly. */
  fact("StopEscalated", {
    mode: Schema.Literals(["stop", "kill"]),
    by,
    reason: Schema.String,
    outcome: Schema.Literals(["end", "archive", "terminate"]),
    deadline: Deadline
  }),
  fact("StopStepTaken", {
    generation: Generation,
    step: Schema.Literals(["goodbye", "hangup", "kill"]),
    signals: Schema.Array(Schema.String),
    pids: Schema.Array(Schema.Int),
    holderSeq
  }),

  fact("ProcessExited", {
    generation: Generation,
    code: Schema.NullOr(Schema.Int),
    signal: Schema.NullOr(Schema.String),
    holderSeq
  }),
  fact("LeftoversRemain", { generation: Generation, leftovers: Schema.Array(Leftover), holderSeq }),
  fact("HolderLost", { generation: Generation, reason: Schema.String }),
  fact("GenerationEnded", {
    generation: Generation,
    cause: EndCause,
    code: Schema.NullOr(Schema.Int),
    signal: Schema.NullOr(Schema.String),
    /** Processes of the tree that outlived the leader and were ended. */
    swept: Schema.Int,
    holderSeq: Schema.NullOr(Schema.Int)
  }),
  fact("Adopted", { generation: Generation, process: ProcessIdentity, downMs: Schema.Int }),

  fact("RelaunchScheduled", {
    attempt: Schema.Int,
    delayMs: Schema.Int,
    jitterMs: Schema.Int,
    /** `window`: held back because too many relaunches happened in ten minutes. */
    reason: Schema.Literals(["backoff", "window"]),
    deadline: Deadline
  }),
  fact("RelaunchStarted", { attempt: Schema.Int, bootMs: Schema.Int }),
  fact("RelaunchCancelled", { by, reason: Schema.String }),
  fact("GaveUp", { reason: Schema.Literals(["budget_spent", "auth", "configuration"]), attempts: Schema.Int, notice: Schema.String }),
  fact("ResumeRequested", { by }),

  fact("OutputDropped", {
    generation: Generation,
    from: Offset,
    to: Offset,
    reason: Schema.Literals(["retention", "disk_full"]),
    holderSeq
  }),
  fact("SessionArchived", { by }),
  fact("SessionUnarchived", { by }),
  fact("SessionTerminated", { by, reason: Schema.String }),
  /** The machine was rebooted: every pending deadline, moved to the new boot's clock. */
  fact("ClockRebased", { bootId: Schema.String, deadlines: Schema.Record(DeadlineName, Schema.optionalKey(Deadline)) })
]).pipe(Schema.toTaggedUnion("type"))
export type Fact = typeof Fact.Type
export type FactType = Fact["type"]
export type FactOf<T extends FactType> = Extract<Fact, { readonly type: T }>
