/** What happened: the machine's whole alphabet. A fact is never changed; a new meaning gets a new name or a new version. */
import { Schema } from "effect"
import { Activity, EvidenceSource } from "./activity.ts"
import { Generation, Nonce, Offset, SessionId } from "./ids.ts"
import { CountedCall, Question, Usage } from "./observations.ts"
import { Provider } from "./providers/provider.ts"
import { Size, Spec, SpecChanges } from "./spec.ts"
import { Deadline } from "./time.ts"

/** Every fact says when (`at`, epoch milliseconds) and at which byte of the session's output (`offset`) it happened. */
const fact = <const T extends string, const F extends Schema.Struct.Fields>(type: T, fields: F) =>
  Schema.Struct({ type: Schema.tag(type), at: Schema.Int, offset: Offset, ...fields })

/** The client that asked: `api`, `cli`, a client's own name, or `reprise` for the daemon itself. */
const by = Schema.String
export const daemon = "reprise"
/** The place of the report in the holder's journal of this generation: a report is recorded once, however often it arrives. */
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
  /** No process saw it die; it was alive at `lastSeenAt` (epoch ms) and gone at the fact's own time. */
  Schema.Struct({ type: Schema.Literal("lost"), lastSeenAt: Schema.Int })
])
export type EndCause = typeof EndCause.Type

/** Why the holder typed nothing: a line that the kernel would cut, a terminal that hides what is typed, an agent that is stopped. */
export const WriteRefusal = Schema.Literals(["line_too_long", "echo_off", "suspended"])
export type WriteRefusal = typeof WriteRefusal.Type

export const DeadlineName = Schema.Literals([
  "launch",
  "ready",
  "reclaim",
  "healthy",
  "backoff",
  "stop",
  "idle",
  "accept",
  "expire",
  "doubt",
  "interrupt"
])
export type DeadlineName = typeof DeadlineName.Type

export const Leftover = Schema.Struct({ pid: Schema.Int, command: Schema.String })
export type Leftover = typeof Leftover.Type

/** When a queued prompt may be typed: at once (also into a turn), between turns, or when the agent has nothing to do. */
export const Delivery = Schema.Literals(["now", "turn_boundary", "idle"])
export type Delivery = typeof Delivery.Type

/** An image that goes with a prompt. `hash`: SHA-256 of its bytes, hexadecimal, when it was queued. */
export const Attachment = Schema.Struct({ path: Schema.String, mediaType: Schema.String, bytes: Schema.Int, hash: Schema.String })
export type Attachment = typeof Attachment.Type

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
  expires: Schema.NullOr(Deadline),
  /** The question that it answers: typed while that one is open, and never after. */
  answers: Schema.optionalKey(Schema.String),
  /** A line that the agent takes as a command of its own: it may do it without a turn. */
  command: Schema.optionalKey(Schema.Literal(true)),
  /** Files that go with it; their paths are typed behind the text. */
  attachments: Schema.optionalKey(Schema.Array(Attachment))
})
export type Prompt = typeof Prompt.Type

/** Where a launch begins its conversation: a new one, one that is there, or a branch of `parent`. `id`: null until the agent reports it. */
export const Beginning = Schema.Struct({
  kind: Schema.Literals(["fresh", "resume", "fork"]),
  id: Schema.NullOr(Schema.String),
  parent: Schema.NullOr(Schema.String)
})
export type Beginning = typeof Beginning.Type

/** Where a forked session comes from. `degraded`: why it begins without the parent's history; null when it has it. */
export const Lineage = Schema.Struct({
  parent: SessionId,
  seq: Schema.Int,
  conversation: Schema.NullOr(Schema.String),
  atMessage: Schema.NullOr(Schema.String),
  degraded: Schema.NullOr(Schema.Literals(["no_history", "provider_cannot_fork"]))
})
export type Lineage = typeof Lineage.Type

/** A question while it is open. Its id names this very asking: the same words asked again are another question. */
export const Asked = Schema.Struct({ id: Schema.String, kind: Question.fields.kind, choices: Question.fields.choices })
export type Asked = typeof Asked.Type

/** What an agent says of itself; a report with an older `seq` than the newest is ignored. */
export const StateReport = Schema.Struct({
  seq: Schema.Int,
  phase: Schema.NullOr(Schema.String),
  task: Schema.NullOr(Schema.String),
  blocker: Schema.NullOr(Schema.String),
  needsInput: Schema.Boolean,
  threadId: Schema.NullOr(Schema.String)
})
export type StateReport = typeof StateReport.Type

const activityFields = {
  generation: Generation,
  activity: Activity,
  source: EvidenceSource,
  question: Schema.NullOr(Schema.String),
  asked: Schema.optionalKey(Asked),
  evidenceOffset: Schema.optionalKey(Offset),
  /** The process group that said so, where the agent began it: its word ends with it. */
  speaker: Schema.optionalKey(Schema.Int),
  /** The output is read so many bytes late: what it says is not of now. */
  behindBytes: Schema.optionalKey(Schema.Int),
  /** When it was so (epoch ms), where the word came later: what was so before a prompt was typed says nothing of it. */
  observedAt: Schema.optionalKey(Schema.Int)
}
const outcome = Schema.Literals(["end", "archive", "terminate", "reload"])

/** What makes a step of a prompt's life true: the source that reported it, and its report in a few words. */
export const Evidence = Schema.Struct({ source: Schema.String, detail: Schema.String })
export type Evidence = typeof Evidence.Type

export const Fact = Schema.Union([
  fact("SessionCreated", {
    id: SessionId,
    spec: Spec,
    by,
    /** A provider of the user's own, as it was then: what decided once decides the same in every replay. */
    provider: Schema.optionalKey(Provider),
    /** What the first launch begins with, where that is not a new conversation. */
    beginning: Schema.optionalKey(Beginning),
    lineage: Schema.optionalKey(Lineage)
  }),
  fact("SessionPatched", { changes: SpecChanges, by }),

  fact("LaunchIntended", {
    generation: Generation,
    nonce: Nonce,
    reason: Schema.Literals(["create", "resume", "relaunch"]),
    /** The absolute path that argv[0] resolved to. */
    executable: Schema.String,
    bootId: Schema.String,
    deadline: Deadline,
    /** Absent where the provider knows no conversations. */
    conversation: Schema.optionalKey(Beginning)
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
  /** `acceptBy`: an idle agent has only so long to take up what was typed while it was at work. */
  fact("ActivityChanged", { ...activityFields, acceptBy: Schema.optionalKey(Deadline) }),
  /** What was said last was said again by its source, when half of the time that it stands was over. */
  fact("ActivityConfirmed", { generation: Generation, source: EvidenceSource, observedAt: activityFields.observedAt }),
  /** A weaker source says something else: it counts at the deadline, unless the stronger one speaks before. */
  fact("ActivityDoubted", { ...activityFields, deadline: Deadline }),
  fact("TurnEnded", {
    generation: Generation,
    outcome: Schema.Literals(["completed", "interrupted", "failed"]),
    detail: Schema.String,
    source: EvidenceSource,
    /** No source reported its beginning. */
    unheard: Schema.optionalKey(Schema.Literal(true))
  }),
  /** The agent ended in the middle of a turn. No later launch continues it unless a client asks for that. */
  /** `prompt`: the one that began the turn, where that is known. */
  fact("TurnAbandoned", { generation: Generation, prompt: Schema.NullOr(Schema.String) }),
  fact("ConversationKnown", {
    generation: Generation,
    id: Schema.String,
    /** The file that the agent writes it to. */
    transcript: Schema.NullOr(Schema.String),
    /** The agent named a file outside the places of its provider, which was not taken. */
    elsewhere: Schema.optionalKey(Schema.Literal(true)),
    source: EvidenceSource
  }),
  /** The agent said that it has a conversation which another live session has: the claim changes nothing. */
  fact("ConversationRefused", { generation: Generation, id: Schema.String, heldBy: Schema.String, source: EvidenceSource }),
  /** It ended the agent soon after every resume: the next launch begins a new one. */
  fact("ConversationAbandoned", { id: Schema.String, launches: Schema.Int }),
  /** `from` and `to`: bytes of the file, of whole lines. What was used is of these lines alone. */
  fact("TranscriptRead", {
    generation: Generation,
    path: Schema.String,
    from: Schema.Int,
    to: Schema.Int,
    lines: Schema.Int,
    model: Schema.NullOr(Schema.String),
    usage: Usage,
    /** The newest model call, and how much of it is counted. */
    call: Schema.optionalKey(CountedCall)
  }),
  /** The conversation's file is there and cannot be read; what the agent writes to it is not known from here on. */
  fact("TranscriptUnreadable", { generation: Generation, path: Schema.String, code: Schema.String }),
  fact("AgentBlocked", {
    generation: Generation,
    cause: Schema.Literals(["auth", "rate_limited"]),
    until: Schema.NullOr(Schema.Int),
    detail: Schema.String,
    source: EvidenceSource
  }),
  /** The first message of a kind that this version does not know, as it came; the later ones are counted only. */
  fact("MessageUnknown", { generation: Generation, source: EvidenceSource, kind: Schema.String, raw: Schema.String }),
  fact("StateReported", { report: StateReport, by }),

  /**
   * `size`: the terminal's, from now on or as before. `client`: the client that has a terminal of `clientSize` now, where it said so; the
   * session's is that of the smallest client that may type.
   */
  fact("Resized", { size: Size, client: Schema.optionalKey(Schema.String), clientSize: Schema.optionalKey(Size) }),
  fact("InputAccepted", {
    generation: Generation,
    writeId: Schema.String,
    kind: Schema.Literals(["input", "interrupt"]),
    bytes: Schema.Int,
    by,
    /** An interrupt of a turn counts until the turn ends, or until then. */
    latch: Schema.optionalKey(Deadline),
    /** It ends with Enter or ctrl-c: the composer is empty once it is written. */
    empties: Schema.optionalKey(Schema.Literal(true))
  }),
  fact("InputWritten", { generation: Generation, writeId: Schema.String }),
  /** `unconfirmed`: no source said in time that the turn has ended. */
  fact("InterruptSettled", {
    generation: Generation,
    writeId: Schema.String,
    outcome: Schema.Literals(["turn_ended", "unconfirmed", "failed"])
  }),
  /** `not_written`: proven absent. `uncertain`: not known. Neither is sent again. */
  fact("InputFailed", {
    generation: Generation,
    writeId: Schema.String,
    code: Schema.Literals(["not_written", "uncertain"]),
    why: Schema.optionalKey(WriteRefusal)
  }),
  /** The agent, or all of the group that reads its terminal, is stopped: nothing is typed before it goes on. */
  fact("AgentSuspended", { generation: Generation }),
  fact("AgentContinued", { generation: Generation }),
  /** The terminal reads lines and echoes nothing, as one that asks for a password: prompts wait. */
  fact("EchoTurnedOff", { generation: Generation }),
  fact("EchoTurnedOn", { generation: Generation }),
  fact("ContinueRequested", { generation: Generation, by }),
  /**
   * The composer may hold text that was not sent: prompts wait. `client`: the attached terminal where a person typed it. `ofPrompt`: it is
   * this prompt's, whose Enter was withheld; `client` is empty then.
   */
  fact("TypingBegan", { client: Schema.String, by, ofPrompt: Schema.optionalKey(Schema.String) }),
  fact("TypingEnded", { client: Schema.String, by }),
  /** A process group of the agent's tree is to be ended, and the agent is to live on. Not repeated after a crash: its number may be another's then. */
  fact("ToolKillRequested", { generation: Generation, pgid: Schema.Int, by }),
  /** `signal`: the last that it took, to `pids`; null when it was gone already. `left`: the pids that outlived even SIGKILL. */
  fact("ToolKilled", {
    generation: Generation,
    pgid: Schema.Int,
    pids: Schema.Array(Schema.Int),
    signal: Schema.NullOr(Schema.Literals(["SIGTERM", "SIGKILL"])),
    left: Schema.Array(Schema.Int)
  }),
  /** Processes of launches that were over: a kill or a terminate of the session at rest found them, and ended them. */
  fact("LeftoversEnded", { generation: Generation, swept: Schema.Int, by }),
  fact("ClientAttached", { client: Schema.String, mode: Schema.Literals(["control", "view"]) }),
  fact("ClientDetached", { client: Schema.String, typedBytes: Schema.Int }),
  /** No client is attached: if nothing is printed until the deadline, the agent is stopped. */
  fact("IdleStopArmed", { deadline: Deadline }),

  fact("PromptQueued", { prompt: Prompt, by }),
  fact("PromptEdited", {
    promptId: Schema.String,
    hash: Schema.String,
    bytes: Schema.Int,
    command: Schema.optionalKey(Schema.Literal(true)),
    by
  }),
  fact("PromptPromoted", { promptId: Schema.String, by }),
  fact("PromptCancelled", { promptId: Schema.String, by, reason: Schema.String }),
  fact("PromptExpired", { promptId: Schema.String }),
  /** Durable before any byte leaves: what follows is asked for, never guessed. */
  fact("PromptClaimed", { promptId: Schema.String, generation: Generation, writeId: Schema.String }),
  /** Proven not typed: it is queued again, where it stood. */
  /** `free`: it may be typed now; else it waits for the holder to be reached again, or for the next launch. */
  fact("PromptReleased", { promptId: Schema.String, evidence: Evidence, free: Schema.optionalKey(Schema.Boolean) }),
  fact("PromptWritten", { promptId: Schema.String, evidence: Evidence }),
  /** `enteredAt`: right before Enter was pressed, epoch milliseconds, by the holder; absent where it did not say. */
  fact("PromptSubmitted", {
    promptId: Schema.String,
    evidence: Evidence,
    deadline: Deadline,
    enteredAt: Schema.optionalKey(Schema.Int)
  }),
  /** The agent took up another prompt, and has until the deadline to take up this one. */
  fact("PromptPassedOver", { promptId: Schema.String, evidence: Evidence, deadline: Deadline }),
  fact("PromptAccepted", { promptId: Schema.String, evidence: Evidence }),
  fact("PromptAnswered", { promptId: Schema.String, evidence: Evidence }),
  fact("PromptRejected", { promptId: Schema.String, code: Schema.String, evidence: Evidence }),
  fact("PromptUncertain", { promptId: Schema.String, reason: Schema.String, resend: Schema.Boolean }),

  fact("StopRequested", {
    mode: Schema.Literals(["stop", "kill"]),
    outcome,
    by,
    reason: Schema.String,
    deadline: Deadline
  }),
  /** A stop under way is asked for again, more firmly. */
  fact("StopEscalated", {
    mode: Schema.Literals(["stop", "kill"]),
    by,
    reason: Schema.String,
    outcome,
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
  /** `why`: what asked for it, where it was not a resume itself. */
  fact("ResumeRequested", { by, why: Schema.optionalKey(Schema.Literals(["prompt", "reload"])) }),

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
])
export type Fact = typeof Fact.Type
export type FactType = Fact["type"]
export const factTypes: ReadonlySet<string> = new Set(Fact.members.map(({ fields }) => fields.type.schema.literal))
export type FactOf<T extends FactType> = Extract<Fact, { readonly type: T }>
