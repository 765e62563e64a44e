/** The inputs of a session: commands from people, reports from processes and clocks. Stored with the facts that they caused. */
import { Schema } from "effect"
import { Activity, EvidenceSource } from "./activity.ts"
import { Leftover, ProcessIdentity, Prompt, StateReport, WriteRefusal } from "./facts.ts"
import { Generation, Offset } from "./ids.ts"
import { CountedCall, Question, Usage } from "./observations.ts"
import { Size, SpecChanges } from "./spec.ts"

const input = <const T extends string, const F extends Schema.Struct.Fields>(type: T, fields: F) =>
  Schema.Struct({ type: Schema.tag(type), ...fields })
const command = <const T extends string, const F extends Schema.Struct.Fields>(type: T, fields: F) =>
  input(type, { by: Schema.String, ...fields })
/** A report of an older generation changes nothing. */
const report = <const T extends string, const F extends Schema.Struct.Fields>(type: T, fields: F) =>
  input(type, { generation: Generation, ...fields })

/** What a holder writes into its journal, and sends to the daemon from there: one line each, numbered 1, 2, 3, … */
export const HolderEvent = Schema.Union([
  Schema.Struct({ type: Schema.Literal("spawned"), process: ProcessIdentity }),
  /** No process came to be; the last entry of its journal. */
  Schema.Struct({ type: Schema.Literal("launch_failed"), code: Schema.String, message: Schema.String }),
  Schema.Struct({ type: Schema.Literal("output_began") }),
  Schema.Struct({
    type: Schema.Literal("stop_step"),
    step: Schema.Literals(["goodbye", "hangup", "kill"]),
    signals: Schema.Array(Schema.String),
    pids: Schema.Array(Schema.Int)
  }),
  /** A daemon that could not record the stop in its log ordered it: the log learns of it from here. */
  Schema.Struct({
    type: Schema.Literal("stop_ordered"),
    mode: Schema.Literals(["stop", "kill"]),
    outcome: Schema.Literals(["end", "archive", "terminate"]),
    by: Schema.String,
    reason: Schema.String
  }),
  /** The leader is gone and its output complete; its tree may still be swept. */
  Schema.Struct({ type: Schema.Literal("exited"), code: Schema.NullOr(Schema.Int), signal: Schema.NullOr(Schema.String) }),
  Schema.Struct({ type: Schema.Literal("leftovers"), leftovers: Schema.Array(Leftover) }),
  /** Nothing of the tree is left; the last entry of a journal. */
  Schema.Struct({ type: Schema.Literal("cleared"), swept: Schema.Int }),
  Schema.Struct({
    type: Schema.Literal("output_dropped"),
    from: Offset,
    to: Offset,
    reason: Schema.Literals(["retention", "disk_full"])
  })
])
export type HolderEvent = typeof HolderEvent.Type

/** `wallMs` and `offset` are those of the event itself, which may lie hours before the daemon learns of it. */
export const JournalEntry = Schema.Struct({ n: Schema.Int, wallMs: Schema.Int, offset: Offset, event: HolderEvent })
export type JournalEntry = typeof JournalEntry.Type

export const Command = Schema.Union([
  command("Patch", { changes: SpecChanges }),
  /** `empties`: the bytes leave no text in the agent's composer. */
  command("Write", { writeId: Schema.String, bytes: Schema.Int, empties: Schema.optionalKey(Schema.Literal(true)) }),
  command("Interrupt", { writeId: Schema.String }),
  command("Prompt", { prompt: Prompt }),
  command("EditPrompt", {
    promptId: Schema.String,
    hash: Schema.String,
    bytes: Schema.Int,
    command: Schema.optionalKey(Schema.Literal(true))
  }),
  command("PromotePrompt", { promptId: Schema.String }),
  command("CancelPrompt", { promptId: Schema.String, reason: Schema.String }),
  /** `client`: the attached client whose own terminal has this size. */
  command("Resize", { size: Size, client: Schema.optionalKey(Schema.String) }),
  /** Sends SIGCONT to the processes of the agent that are stopped. */
  command("Continue", {}),
  /** A person types at an attached terminal: `open` while the composer may hold text that was not sent. */
  command("Typing", { client: Schema.String, open: Schema.Boolean }),
  command("KillTool", { pgid: Schema.Int }),
  /** The daemon's own, behind its look for what an ended launch left. */
  command("EndLeftovers", { swept: Schema.Int }),
  command("Stop", { reason: Schema.String }),
  command("Kill", { reason: Schema.String }),
  command("Resume", {}),
  /** A polite stop, and a launch that resumes the conversation. */
  command("Reload", { reason: Schema.String }),
  command("ReportState", { report: StateReport }),
  command("Archive", {}),
  command("Unarchive", {}),
  command("Terminate", { reason: Schema.String }),
  command("Attach", { client: Schema.String, mode: Schema.Literals(["control", "view"]) }),
  command("Detach", { client: Schema.String, typedBytes: Schema.Int })
]).pipe(Schema.toTaggedUnion("type"))
export type Command = typeof Command.Type

export const Report = Schema.Union([
  /** `history`: whether the conversation's own file was found; absent where there is none to look for. */
  report("Prepared", { executable: Schema.String, history: Schema.optionalKey(Schema.Boolean) }),
  report("PrepareFailed", { code: Schema.String, message: Schema.String }),
  report("LaunchFailed", { code: Schema.String, message: Schema.String }),
  report("HolderReported", { entry: JournalEntry }),
  report("WriteSettled", {
    writeId: Schema.String,
    /** `withheld`: a part of a prompt's text was typed, and its Enter was not pressed. */
    outcome: Schema.Literals(["written", "not_written", "uncertain", "withheld"]),
    why: Schema.optionalKey(WriteRefusal),
    /** Right before a prompt's Enter was pressed, epoch milliseconds, by the holder. */
    enteredAt: Schema.optionalKey(Schema.Int),
    /** By its holder, which can type again. */
    asked: Schema.optionalKey(Schema.Boolean)
  }),
  report("ActivityObserved", {
    activity: Activity,
    source: EvidenceSource,
    question: Schema.NullOr(Schema.String),
    asked: Schema.optionalKey(Schema.Struct({ kind: Question.fields.kind, choices: Question.fields.choices })),
    /** The screen shows another question than it did under the one that is open. */
    redrawn: Schema.optionalKey(Schema.Literal(true)),
    /** The end of the bytes that said so, where output is the source. */
    evidenceOffset: Schema.optionalKey(Offset),
    /** The process group that said so, where the agent began it: its word ends with it. */
    speaker: Schema.optionalKey(Schema.Int),
    /** The output is read so many bytes late: what it says is not of now. */
    behindBytes: Schema.optionalKey(Schema.Int),
    /** When it was so, epoch milliseconds, where the source says. */
    observedAt: Schema.optionalKey(Schema.Int)
  }),
  /** A claimed prompt cannot be typed at all: its text is gone. */
  report("PromptUndeliverable", { promptId: Schema.String, code: Schema.String }),
  /** The agent, or something that watches it, has taken up the prompt that was submitted last. */
  report("PromptObserved", {
    source: EvidenceSource,
    detail: Schema.String,
    /** Of its text, where the agent repeats it: a text that a person typed is not taken for a prompt of the daemon. */
    hash: Schema.optionalKey(Schema.String),
    /** It is the text of a prompt, if of an earlier one. */
    ours: Schema.optionalKey(Schema.Literal(true)),
    /** When it was so, epoch milliseconds, where the source says. */
    observedAt: Schema.optionalKey(Schema.Int)
  }),
  report("TurnObserved", {
    source: EvidenceSource,
    outcome: Schema.Literals(["completed", "interrupted", "failed"]),
    detail: Schema.String,
    observedAt: Schema.optionalKey(Schema.Int)
  }),
  report("ConversationObserved", {
    source: EvidenceSource,
    id: Schema.String,
    transcript: Schema.NullOr(Schema.String),
    /** It named a transcript outside the places of its provider: that one is left out. */
    elsewhere: Schema.optionalKey(Schema.Literal(true)),
    /** The other live session that has the conversation. */
    heldBy: Schema.optionalKey(Schema.String)
  }),
  report("TranscriptAdvanced", {
    /** The agent has written the file again: it is read from the beginning. */
    restarted: Schema.optionalKey(Schema.Literal(true)),
    path: Schema.String,
    from: Schema.Int,
    to: Schema.Int,
    lines: Schema.Int,
    model: Schema.NullOr(Schema.String),
    usage: Usage,
    call: Schema.optionalKey(CountedCall)
  }),
  /** The conversation's file is there and cannot be read. `code`: an errno, or a name of the daemon's own. */
  report("TranscriptRefused", { path: Schema.String, code: Schema.String }),
  report("BlockObserved", {
    source: EvidenceSource,
    cause: Schema.Literals(["auth", "rate_limited"]),
    until: Schema.NullOr(Schema.Int),
    detail: Schema.String
  }),
  report("MessageNotKnown", { source: EvidenceSource, kind: Schema.String, raw: Schema.String }),
  /** Whether the agent, or all of the group that reads its terminal, is stopped (state T of proc(5)). */
  report("SuspensionObserved", { suspended: Schema.Boolean }),
  /** Whether the terminal echoes what is typed, or is raw: its program draws then. */
  report("EchoObserved", { echo: Schema.Boolean }),
  report("ToolEnded", {
    pgid: Schema.Int,
    pids: Schema.Array(Schema.Int),
    signal: Schema.NullOr(Schema.Literals(["SIGTERM", "SIGKILL"])),
    left: Schema.Array(Schema.Int)
  }),
  /** The daemon found the holder of an earlier daemon alive, and is attached again. */
  report("Reattached", { process: ProcessIdentity, downMs: Schema.Int }),
  /** The holder is gone and did not record how its process ended. */
  report("HolderGone", { reason: Schema.String }),
  /** After `HolderGone`: every process of the generation has been looked for, and nothing is left. */
  /** What the daemon's own sweep has not ended by SIGKILL in five seconds: the sweep goes on. */
  report("SweepDelayed", { leftovers: Schema.Array(Leftover) }),
  report("Swept", { swept: Schema.Int, lastSeenAt: Schema.Int }),
  input("HostRebooted", {}),
  /** A deadline passed; which one, the session knows. */
  /** `deaf`: the daemon did not observe the agent when it passed. */
  input("DeadlineReached", { deaf: Schema.optionalKey(Schema.Boolean) })
]).pipe(Schema.toTaggedUnion("type"))
export type Report = typeof Report.Type

export const Input = Schema.Union([Command, Report])
export type Input = Command | Report
export type InputType = Input["type"]
export type CommandType = Command["type"]
export type InputOf<T extends InputType> = Extract<Input, { readonly type: T }>
