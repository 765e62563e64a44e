/** One fact of every type and of every kind of cause, with a value in each field: what a log may hold. */
import type { EndCause, Fact } from "../../src/domain/facts.ts"
import type { Provider } from "../../src/domain/providers/provider.ts"
import { boot, id, nonce, process, spec } from "./domain.ts"

const when = { at: 1_000_500, offset: 42 }
const deadline = { bootMs: 5_000, wallMs: 1_005_000 }
const causes: ReadonlyArray<EndCause> = [
  { type: "clean" },
  { type: "stopped", by: "ada", reason: "enough" },
  { type: "crashed", code: 7, signal: null },
  { type: "crashed", code: null, signal: "SIGSEGV" },
  { type: "launch_failed", code: "ENOEXEC", message: "not a program" },
  { type: "auth" },
  { type: "rate_limited", until: 1_900_000 },
  { type: "host_rebooted" },
  { type: "lost", lastSeenAt: 1_000_400 }
]

const evidence = { source: "holder", detail: "told" }
const prompt = {
  id: "p1",
  hash: "9f",
  bytes: 4,
  deliver: "turn_boundary",
  onUncertain: "resend",
  from: "bob",
  replyTo: "p0",
  threadId: "t1",
  replyExpected: true,
  expires: deadline
} as const

const attachment = { path: "/a.png", mediaType: "image/png", bytes: 9, hash: "9f" }
const asked = { id: "1.1", kind: "permission", choices: ["yes", "no"] } as const
const usage = { inputTokens: 10, outputTokens: 20, cacheReadTokens: 30, cacheWriteTokens: 40 }
const report = { seq: 3, phase: "testing", task: "the build", blocker: "none", needsInput: true, threadId: "t1" }

/** Written out, so that no change of a built-in one changes what was written. A place that is added here has to be read without, too. */
const ofTheUser: Provider = {
  id: "own",
  title: "an agent of the user's own",
  command: ["own"],
  install: null,
  version: { args: ["--version"], confirmed: ["1.0"] },
  launch: { args: ["--hook", "{hook}"], env: { OWN_HOME: "{directory}" }, scrub: ["OWN_*"], directories: ["{directory}/own"] },
  conversation: { named: "reported", fresh: [], resume: ["--resume", "{conversation}"], fork: null },
  ready: { firstOutput: false, aliveMs: 1_000 },
  submit: { bracketed: true, enterAfterMs: 50, commands: true, backslash: false, clear: "\x15" },
  interrupt: "\x1b",
  interruptAgainMs: 500,
  answers: { allow: "y", deny: "n", choose: "{n}", settleMs: 100 },
  model: "/model {model}",
  ladder: spec().stop.ladder,
  keepalive: spec().keepalive,
  evidence: {
    hooks: null,
    transcript: null,
    status: null,
    titles: [{ pattern: "^busy", activity: "working" }],
    screen: [{ pattern: "\\?$", activity: "waiting", question: "input" }]
  }
}

export const facts = (): ReadonlyArray<Fact> => [
  {
    type: "SessionCreated",
    ...when,
    id,
    spec: spec({ name: "blue", labels: { team: "a" }, env: { names: ["PATH"], hash: "9f" }, idleStopMs: 60_000 }),
    by: "ada"
  },
  {
    type: "SessionPatched",
    ...when,
    changes: { name: null, labels: { team: "b" }, keepalive: spec().keepalive, stop: spec().stop, idleStopMs: null },
    by: "ada"
  },
  { type: "LaunchIntended", ...when, generation: 1, nonce, reason: "create", executable: "/bin/bash", bootId: boot, deadline },
  {
    type: "LaunchIntended",
    ...when,
    generation: 2,
    nonce,
    reason: "resume",
    executable: "/bin/bash",
    bootId: boot,
    deadline,
    conversation: { kind: "resume", id: "c1", parent: null }
  },
  { type: "ProcessSpawned", ...when, generation: 1, process, holderSeq: 1, deadline },
  { type: "AgentReady", ...when, generation: 1, evidence: "first_output", holderSeq: 2, healthyDeadline: deadline },
  { type: "ReadinessTimedOut", ...when, generation: 1, afterMs: 30_000, deadline },
  { type: "HealthConfirmed", ...when, generation: 1, attempts: 2 },
  ...(["unknown", "idle", "working", "compacting"] as const).map(
    (activity) => ({ type: "ActivityChanged", ...when, generation: 1, activity, source: "osc", question: null }) as const
  ),
  { type: "ActivityChanged", ...when, generation: 1, activity: "waiting", source: "hook", question: "may I?" },
  { type: "ActivityChanged", ...when, generation: 1, activity: "idle", source: "osc", question: null, evidenceOffset: 41 },
  { type: "ActivityChanged", ...when, generation: 1, activity: "waiting", source: "hook", question: "may I?", asked },
  { type: "ActivityConfirmed", ...when, generation: 1, source: "hook" },
  {
    type: "ActivityDoubted",
    ...when,
    generation: 1,
    activity: "waiting",
    source: "screen",
    question: "may I?",
    asked,
    evidenceOffset: 41,
    deadline
  },
  ...(["completed", "interrupted", "failed"] as const).map(
    (outcome) => ({ type: "TurnEnded", ...when, generation: 1, outcome, detail: "told", source: "hook" }) as const
  ),
  { type: "TurnAbandoned", ...when, generation: 1, prompt: "p1" },
  { type: "ConversationKnown", ...when, generation: 1, id: "c1", transcript: "/t.jsonl", source: "hook" },
  { type: "ConversationAbandoned", ...when, id: "c1", launches: 2 },
  { type: "TranscriptUnreadable", ...when, generation: 1, path: "/t.jsonl", code: "NOT_REGULAR" },
  { type: "ConversationRefused", ...when, generation: 1, id: "c2", heldBy: "s-other", source: "hook" },
  { type: "TranscriptRead", ...when, generation: 1, path: "/t.jsonl", from: 0, to: 90, lines: 2, model: "large", usage },
  { type: "AgentBlocked", ...when, generation: 1, cause: "rate_limited", until: 1_900_000, detail: "later", source: "hook" },
  { type: "MessageUnknown", ...when, generation: 1, source: "transcript", kind: "odd", raw: "{}" },
  { type: "StateReported", ...when, report, by: "agent" },
  { type: "Resized", ...when, size: { cols: 120, rows: 40 } },
  { type: "InputAccepted", ...when, generation: 1, writeId: "w1", kind: "input", bytes: 3, by: "ada" },
  { type: "InputAccepted", ...when, generation: 1, writeId: "i1", kind: "interrupt", bytes: 1, by: "ada", latch: deadline },
  { type: "InterruptSettled", ...when, generation: 1, writeId: "i1", outcome: "unconfirmed" },
  { type: "InputWritten", ...when, generation: 1, writeId: "w1" },
  { type: "InputFailed", ...when, generation: 1, writeId: "w1", code: "uncertain" },
  { type: "AgentSuspended", ...when, generation: 1 },
  { type: "AgentContinued", ...when, generation: 1 },
  { type: "EchoTurnedOff", ...when, generation: 1 },
  { type: "EchoTurnedOn", ...when, generation: 1 },
  { type: "ContinueRequested", ...when, generation: 1, by: "ada" },
  { type: "TypingBegan", ...when, client: "c1", by: "ada" },
  { type: "TypingEnded", ...when, client: "c1", by: "ada" },
  { type: "ToolKillRequested", ...when, generation: 1, pgid: 70, by: "ada" },
  { type: "ToolKilled", ...when, generation: 1, pgid: 70, pids: [70, 71], signal: "SIGTERM", left: [] },
  { type: "LeftoversEnded", ...when, generation: 1, swept: 2, by: "ada" },
  { type: "ClientAttached", ...when, client: "c1", mode: "control" },
  { type: "ClientDetached", ...when, client: "c1", typedBytes: 2 },
  { type: "IdleStopArmed", ...when, deadline },
  { type: "PromptQueued", ...when, prompt, by: "ada" },
  { type: "PromptQueued", ...when, prompt: { ...prompt, answers: "1.1", attachments: [attachment] }, by: "ada" },
  { type: "PromptEdited", ...when, promptId: "p1", hash: "0f", bytes: 5, by: "ada" },
  { type: "PromptPromoted", ...when, promptId: "p1", by: "ada" },
  { type: "PromptCancelled", ...when, promptId: "p1", by: "ada", reason: "enough" },
  { type: "PromptExpired", ...when, promptId: "p1" },
  { type: "PromptClaimed", ...when, promptId: "p1", generation: 1, writeId: "p1.1.9f" },
  { type: "PromptReleased", ...when, promptId: "p1", evidence },
  { type: "PromptWritten", ...when, promptId: "p1", evidence },
  { type: "PromptSubmitted", ...when, promptId: "p1", evidence, deadline },
  { type: "PromptPassedOver", ...when, promptId: "p1", evidence, deadline },
  { type: "PromptAccepted", ...when, promptId: "p1", evidence },
  { type: "PromptAnswered", ...when, promptId: "p1", evidence },
  { type: "PromptRejected", ...when, promptId: "p1", code: "not_accepted", evidence },
  { type: "PromptUncertain", ...when, promptId: "p1", reason: "nobody can say", resend: true },
  { type: "StopRequested", ...when, mode: "stop", outcome: "end", by: "ada", reason: "enough", deadline },
  { type: "StopEscalated", ...when, mode: "kill", outcome: "terminate", by: "ada", reason: "now", deadline },
  { type: "StopRequested", ...when, mode: "stop", outcome: "reload", by: "ada", reason: "new settings", deadline },
  ...(["goodbye", "hangup", "kill"] as const).map(
    (step) => ({ type: "StopStepTaken", ...when, generation: 1, step, signals: ["SIGHUP", "SIGCONT"], pids: [4242], holderSeq: 3 }) as const
  ),
  { type: "ProcessExited", ...when, generation: 1, code: 7, signal: null, holderSeq: 5 },
  { type: "LeftoversRemain", ...when, generation: 1, leftovers: [{ pid: 7, command: "stuck" }], holderSeq: 6 },
  { type: "HolderLost", ...when, generation: 1, reason: "launch_overdue" },
  ...causes.map(
    (cause) => ({ type: "GenerationEnded", ...when, generation: 1, cause, code: 7, signal: null, swept: 2, holderSeq: 9 }) as const
  ),
  { type: "Adopted", ...when, generation: 1, process, downMs: 700 },
  { type: "RelaunchScheduled", ...when, attempt: 1, delayMs: 3_150, jitterMs: 150, reason: "backoff", deadline },
  { type: "RelaunchStarted", ...when, attempt: 1, bootMs: 5_000 },
  { type: "RelaunchCancelled", ...when, by: "ada", reason: "enough" },
  { type: "GaveUp", ...when, reason: "budget_spent", attempts: 3, notice: "ended 4 times" },
  { type: "ResumeRequested", ...when, by: "ada" },
  { type: "ResumeRequested", ...when, by: "ada", why: "prompt" },
  { type: "OutputDropped", ...when, generation: 1, from: 0, to: 40, reason: "retention", holderSeq: 4 },
  { type: "SessionArchived", ...when, by: "ada" },
  { type: "SessionUnarchived", ...when, by: "ada" },
  { type: "SessionTerminated", ...when, by: "ada", reason: "over" },
  { type: "ClockRebased", ...when, bootId: "boot-2", deadlines: { backoff: deadline } },
  {
    type: "SessionCreated",
    ...when,
    id,
    spec: spec(),
    by: "ada",
    provider: ofTheUser,
    beginning: { kind: "fork", id: null, parent: "c0" },
    lineage: { parent: id, seq: 7, conversation: "c0", atMessage: "m1", degraded: "no_history" }
  }
]
