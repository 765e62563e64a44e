/** Every state that inputs can bring a session to, found breadth first: each with the shortest script that leads there. */
import { type Decided, decide, decideCreate, earliest } from "../../src/domain/decide/index.ts"
import { daemon, type Fact, type Prompt } from "../../src/domain/facts.ts"
import type { HolderEvent, Input } from "../../src/domain/inputs.ts"
import { agentOf } from "../../src/domain/providers/index.ts"
import { type Session, stateName } from "../../src/domain/session.ts"
import { without } from "../../src/domain/session-context.ts"
import type { Spec } from "../../src/domain/spec.ts"
import type { Moment } from "../../src/domain/time.ts"
import {
  archive,
  at,
  attach,
  blocked,
  detach,
  due,
  id,
  interrupt,
  kill,
  notKnown,
  patch,
  process,
  prompt,
  reload,
  reports,
  resize,
  resume,
  spec,
  stop,
  talksIn,
  terminate,
  transcribed,
  turnOver,
  unarchive,
  write
} from "./domain.ts"

/** A session on its way: what it is, when it is, and which inputs led there. */
export interface Visit {
  readonly session: Session
  readonly now: Moment
  readonly facts: ReadonlyArray<Fact>
  readonly script: ReadonlyArray<string>
}
export interface Trial {
  readonly label: string
  readonly input: Input
  readonly now: Moment
}
export interface Attempt extends Trial {
  readonly from: Visit
  readonly decided: Decided
}

const keepalive = { ...spec().keepalive, maxAttempts: 1 }
/** Between them they know every path: one gives up after one relaunch, one may never come back, one has a conversation to come back to. */
export const roots: ReadonlyArray<Spec> = [
  spec({ keepalive, idleStopMs: 60_000 }),
  spec({ keepalive: { ...keepalive, mode: "never" }, provider: "talkative" }),
  spec({ keepalive: { ...keepalive, mode: "never" }, provider: "chosen" })
]

/** Every input that a session may get, in the words of its own generation. */
export const trials = (session: Session, now: Moment): ReadonlyArray<Trial> => {
  const { activity, deadlines, generation, holderSeq, pendingWrites, prompts, report, transcript } = session.context
  const [open] = prompts
  const writeId = pendingWrites[0]?.writeId ?? prompts.find(({ stage }) => stage === "claimed")?.writeId ?? "w1"
  const ask = (more: Partial<Prompt>) => prompt(`p${prompts.length === 0 || open?.id === "p2" ? 1 : 2}`, more)
  const deadline = earliest(deadlines)?.deadline
  const tell = (label: string, input: Input, moment = now): Trial => ({ label, input, now: moment })
  const told = (event: HolderEvent, n = holderSeq + 1) =>
    tell(`${event.type}${event.type === "stop_step" ? `:${event.step}` : ""}`, {
      type: "HolderReported",
      generation,
      entry: { n, wallMs: now.wallMs, offset: now.offset, event }
    })
  const step = (name: "goodbye" | "hangup" | "kill") => told({ type: "stop_step", step: name, signals: [], pids: [] })
  return [
    ...[stop, kill, terminate, archive, unarchive, resume, reload, write(), interrupt, resize(81), attach(), detach()].map((command) =>
      tell(command.type, command)
    ),
    tell("Patch", patch({ name: "blue" })),
    tell("Patch", patch({ idleStopMs: 1_000 })),
    tell("Patch", patch({ keepalive: { ...keepalive, mode: "never" } })),
    tell("SuspensionObserved", { type: "SuspensionObserved", generation, suspended: true }),
    tell("SuspensionObserved (runs)", { type: "SuspensionObserved", generation, suspended: false }),
    tell("EchoObserved", { type: "EchoObserved", generation, echo: false }),
    tell("EchoObserved (on)", { type: "EchoObserved", generation, echo: true }),
    tell("EndLeftovers", { type: "EndLeftovers", by: "ada", swept: 1 }),
    tell("Continue", { type: "Continue", by: "ada" }),
    tell("Typing", { type: "Typing", by: "ada", client: "c1", open: true }),
    tell("Typing (over)", { type: "Typing", by: "ada", client: "c1", open: false }),
    tell("KillTool", { type: "KillTool", by: "ada", pgid: 70 }),
    tell("ToolEnded", { type: "ToolEnded", generation, pgid: 70, pids: [70], signal: "SIGTERM", left: [] }),
    tell("Prompt", ask({ deliver: "now" })),
    tell("Prompt", ask({ deliver: "idle", onUncertain: "resend", expires: { bootMs: now.bootMs + 5_000, wallMs: now.wallMs + 5_000 } })),
    tell("EditPrompt", { type: "EditPrompt", by: "ada", promptId: open?.id ?? "p1", hash: "other", bytes: 5 }),
    tell("PromotePrompt", { type: "PromotePrompt", by: "ada", promptId: prompts.at(-1)?.id ?? "p1" }),
    tell("CancelPrompt", { type: "CancelPrompt", by: "ada", promptId: open?.id ?? "p1", reason: "enough" }),
    tell("PromptObserved", { type: "PromptObserved", generation, source: "hook", detail: "taken" }),
    tell("PromptObserved (another)", {
      ...{ type: "PromptObserved", generation, source: "hook", detail: "taken" },
      ...{ hash: "another", ours: true, observedAt: now.wallMs }
    }),
    tell("PromptUndeliverable", { type: "PromptUndeliverable", generation, promptId: open?.id ?? "p1", code: "text_missing" }),
    tell("Prompt (answer)", ask({ answers: activity.asked?.id ?? "1.0" })),
    tell("Prepared", { type: "Prepared", generation, executable: "/bin/bash", history: true }),
    tell("Prepared", { type: "Prepared", generation, executable: "/bin/bash" }),
    tell("PrepareFailed", { type: "PrepareFailed", generation, code: "cwd_missing", message: "no such directory" }),
    tell("PrepareFailed", { type: "PrepareFailed", generation, code: "EMFILE", message: "too many files" }),
    tell("LaunchFailed", { type: "LaunchFailed", generation, code: "EAGAIN", message: "no processes" }),
    told({ type: "spawned", process }),
    told({ type: "launch_failed", code: "ENOEXEC", message: "not a program" }),
    told({ type: "output_began" }),
    ...(["goodbye", "hangup", "kill"] as const).map(step),
    told({ type: "exited", code: 0, signal: null }),
    told({ type: "exited", code: 1, signal: null }),
    told({ type: "leftovers", leftovers: [{ pid: 7, command: "stuck" }] }),
    told({ type: "cleared", swept: 0 }),
    told({ type: "output_dropped", from: 0, to: 1, reason: "retention" }),
    ...(["written", "not_written", "uncertain"] as const).map((outcome) =>
      tell("WriteSettled", { type: "WriteSettled", generation, writeId, outcome })
    ),
    ...(["idle", "working", "waiting", "compacting", "unknown"] as const).map((activity) =>
      tell("ActivityObserved", { type: "ActivityObserved", generation, activity, source: "hook", question: null })
    ),
    ...(["idle", "working", "waiting"] as const).map((value) =>
      tell("ActivityObserved (weaker)", {
        type: "ActivityObserved",
        generation,
        activity: value,
        source: "screen",
        question: value === "waiting" ? "may I?" : null
      })
    ),
    ...(["completed", "interrupted", "failed"] as const).map((outcome) => tell("TurnObserved", { ...turnOver(outcome), generation })),
    tell("TurnObserved (weaker)", { ...turnOver("completed", "transcript"), generation }),
    tell("ConversationObserved (held)", { ...talksIn("c9", null), generation, heldBy: "s-other" }),
    tell("ConversationObserved", { ...talksIn("c1", "/t.jsonl"), generation }),
    tell("TranscriptAdvanced", { ...transcribed(transcript?.offset ?? 0, (transcript?.offset ?? 0) + 10), generation }),
    tell("TranscriptRefused", { type: "TranscriptRefused", generation, path: "/t.jsonl", code: "NOT_REGULAR" }),
    tell("BlockObserved", { ...blocked("auth"), generation }),
    tell("BlockObserved", { ...blocked("rate_limited", 10_000_000), generation }),
    tell("MessageNotKnown", { ...notKnown("odd"), generation }),
    tell("ReportState", reports((report?.seq ?? 0) + 1)),
    tell("Reattached", { type: "Reattached", generation, process, downMs: 10 }),
    tell("HolderGone", { type: "HolderGone", generation, reason: "gone" }),
    tell("SweepDelayed", { type: "SweepDelayed", generation, leftovers: [{ pid: 77, command: "stuck" }] }),
    tell("Swept", { type: "Swept", generation, swept: 0, lastSeenAt: now.wallMs }),
    tell("HostRebooted", { type: "HostRebooted" }, { ...now, bootMs: 0, bootId: `${now.bootId}'` }),
    tell(
      "DeadlineReached",
      due,
      deadline === undefined ? now : { ...now, bootMs: deadline.bootMs, wallMs: now.wallMs + Math.max(0, deadline.bootMs - now.bootMs) }
    )
  ]
}

/** What a decision may turn on, beside the state: two sessions alike in this are taken for one. */
const alike = (session: Session): string => {
  const { attempts, bootId, clients, deadlines, leaderExit, leftovers, pendingWrites, prompts, spec, stop } = session.context
  const waits = Object.keys(without(deadlines, "doubt", "interrupt")).sort()
  const turns = [stateName(session), spec.keepalive.mode, attempts, waits, bootId === ""]
  if (stop !== null) return JSON.stringify([turns, stop.mode, stop.outcome, stop.by === daemon, leftovers.length > 0])
  if (agentOf(session.context).conversation !== null) return JSON.stringify([stateName(session), spec.keepalive.mode, talk(session)])
  // Clients and writes turn on so little that they are followed only where nothing else is going on.
  const company = attempts === 0 && leftovers.length === 0 ? [clients.length > 0, pendingWrites.length > 0] : []
  // So do prompts; and two of them turn on no more than one does, but for their order.
  const alone = company.every((one) => !one) && attempts === 0 && spec.idleStopMs === null
  const queue = alone ? prompts.slice(0, 2).map(({ deliver, held, stage }) => [deliver, held, stage]) : []
  return JSON.stringify([turns, spec.provider, leaderExit?.code, leftovers.length > 0, company, queue])
}

/** What is learnt of an agent is followed where there is a conversation to learn of, and one oddity at a time. */
const talk = ({ context }: Session): ReadonlyArray<unknown> => {
  const { blocked, conversation, doubt, echoOffAt, heard, interrupt, poisoned, prompts, suspendedAt, typing } = context
  const [prompt] = prompts
  const said = [conversation?.kind, conversation?.begun, poisoned]
  if (suspendedAt != null) return ["suspended"]
  if (echoOffAt != null) return ["echo off"]
  if (typing != null) return ["typing"]
  if (interrupt !== null) return [said, "interrupted", prompt?.stage]
  if (doubt !== null) return [said, "doubted", doubt.value]
  if (blocked !== null) return [said, blocked.cause]
  if (prompt !== undefined) return [said, prompt.stage, prompt.answers !== undefined]
  return [said, (heard?.ended ?? 0) === (heard?.turns ?? 0)]
}

const bound = 20_000

/** Every attempt made on the way: each trial of each state that was found. */
export const explore = (): { readonly visits: ReadonlyArray<Visit>; readonly attempts: ReadonlyArray<Attempt> } => {
  const seen = new Set<string>()
  const visits: Array<Visit> = []
  const attempts: Array<Attempt> = []
  const arrive = (visit: Visit) => {
    const key = alike(visit.session)
    if (seen.has(key)) return
    seen.add(key)
    visits.push(visit)
  }
  for (const root of roots) {
    const { session, steps } = decideCreate(id, root, "ada", at(0))
    arrive({ session, now: at(0), facts: steps.map(({ fact }) => fact), script: [] })
  }
  for (let index = 0; index < visits.length; index++) {
    if (index > bound) throw new Error(`more than ${bound} states: the exploration no longer ends`)
    const from = visits[index]!
    for (const trial of trials(from.session, from.now)) {
      const decided = decide(from.session, trial.input, trial.now)
      attempts.push({ ...trial, from, decided })
      if (decided._tag !== "Accepted") continue
      arrive({
        session: decided.session,
        now: trial.now,
        facts: [...from.facts, ...decided.steps.map(({ fact }) => fact)],
        script: [...from.script, trial.label]
      })
    }
  }
  return { visits, attempts }
}
