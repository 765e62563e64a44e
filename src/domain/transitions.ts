/** What each fact leaves in a session's memory and obliges us to do, for the facts that are legal in several states. */
import { daemon, type FactOf } from "./facts.ts"
import { limits } from "./limits.ts"
import { promptSteps, unheld } from "./prompt-transitions.ts"
import { saturated } from "./providers/bounded.ts"
import { begun, lasting, type Owed, perform, remember, without } from "./remember.ts"
import { type SessionContext, type StopOrder, sizesWithout } from "./session-context.ts"

interface At {
  readonly context: SessionContext
}

export const runLadder: Owed = ({ generation, process, stop }) =>
  stop === null || process === null ? [] : [{ type: "RunLadder", generation, mode: stop.mode }]

const sweep: Owed = ({ generation, nonce, process }) => [
  { type: "Sweep", generation, nonce, process: process && { bootId: process.bootId, pid: process.pid, startTime: process.startTime } }
]

/** What is asked for while a stop is under way can only make it firmer. */
export const firmest = (a: StopOrder["outcome"], b: StopOrder["outcome"]): StopOrder["outcome"] =>
  (["terminate", "archive", "end"] as const).find((outcome) => a === outcome || b === outcome) ?? "reload"

const settled = remember<"InputWritten" | "InputFailed">((context, { writeId }) => ({
  pendingWrites: context.pendingWrites.filter((write) => write.writeId !== writeId)
}))

/** Whether a launch that resumed a conversation ended too soon to have done so. */
const poisonedAfter = ({ conversation, poisoned, process, stop }: SessionContext, at: number): number | null => {
  if (process === null || conversation?.kind !== "resume" || stop !== null) return poisoned
  return at - process.startedAt < limits.poisonedResumeMs ? (poisoned ?? 0) + 1 : null
}

/** A next launch runs, and its composer is empty. */
const undisturbed = ({ claimed, echoOffAt, suspendedAt, typing }: SessionContext) => ({
  ...(claimed == null ? {} : { claimed: null }),
  ...(echoOffAt == null ? {} : { echoOffAt: null }),
  ...(suspendedAt == null ? {} : { suspendedAt: null }),
  ...(typing == null ? {} : { typing: null })
})

const readable = ({ unreadable }: SessionContext): { readonly unreadable?: null } => (unreadable === undefined ? {} : { unreadable: null })

const sum = (before: SessionContext["usage"], more: FactOf<"TranscriptRead">["usage"]): SessionContext["usage"] =>
  saturated({
    inputTokens: (before?.inputTokens ?? 0) + more.inputTokens,
    outputTokens: (before?.outputTokens ?? 0) + more.outputTokens,
    cacheReadTokens: (before?.cacheReadTokens ?? 0) + more.cacheReadTokens,
    cacheWriteTokens: (before?.cacheWriteTokens ?? 0) + more.cacheWriteTokens
  })

/** Legal in every state but `terminated`. */
export const anytime = {
  ...promptSteps,
  SessionPatched: {
    actions: remember<"SessionPatched">((context, { changes }) => ({
      spec: { ...context.spec, ...changes },
      deadlines: changes.idleStopMs === undefined ? context.deadlines : without(context.deadlines, "idle")
    }))
  },
  Resized: {
    actions: [
      remember<"Resized">((context, { client, clientSize, size }) => ({
        spec: { ...context.spec, size },
        ...(client === undefined || clientSize === undefined ? {} : { clientSizes: { ...context.clientSizes, [client]: clientSize } })
      })),
      // From the intent on: the launch may have taken the old size already.
      perform(({ generation, nonce, spec }) => (nonce === "" ? [] : [{ type: "ResizeTerminal", generation, size: spec.size }]))
    ]
  },
  ToolKillRequested: {
    guard: ({ context }: At) => context.process !== null,
    actions: [
      remember<"ToolKillRequested">((_, { pgid }) => ({ tool: pgid })),
      perform(({ generation, nonce, process, tool }) =>
        process === null || tool === undefined
          ? []
          : [
              {
                ...{ type: "KillTool", generation, nonce, pgid: tool },
                process: { bootId: process.bootId, pid: process.pid, startTime: process.startTime }
              }
            ]
      )
    ]
  },
  LeftoversEnded: { actions: remember<"LeftoversEnded">() },
  ToolKilled: { actions: remember<"ToolKilled">() },
  ClientAttached: {
    guard: ({ context }: At) => context.clients.length < limits.clientsPerSession,
    actions: remember<"ClientAttached">((context, { client }) => ({
      clients: [...context.clients, client],
      deadlines: without(context.deadlines, "idle")
    }))
  },
  ClientDetached: {
    actions: remember<"ClientDetached">((context, { client }) => ({
      clients: context.clients.filter((other) => other !== client),
      ...(context.clientSizes?.[client] === undefined ? {} : { clientSizes: sizesWithout(context.clientSizes, client) })
    }))
  },
  InterruptSettled: {
    guard: ({ context, event }: { readonly context: SessionContext; readonly event: FactOf<"InterruptSettled"> }) =>
      context.interrupt?.writeId === event.writeId,
    actions: remember<"InterruptSettled">(({ deadlines }) => ({ interrupt: null, deadlines: without(deadlines, "interrupt") }))
  },
  StateReported: {
    guard: ({ context, event }: { readonly context: SessionContext; readonly event: FactOf<"StateReported"> }) =>
      event.report.seq > (context.report?.seq ?? -1),
    actions: remember<"StateReported">((_, { at, report }) => ({ report: { ...report, at } }))
  },
  InputWritten: { actions: settled },
  InputFailed: { actions: settled },
  OutputDropped: { actions: remember<"OutputDropped">((_, { holderSeq }) => ({ holderSeq })) },
  ClockRebased: {
    actions: remember<"ClockRebased">(({ doubt, interrupt }, { bootId, deadlines }) => ({
      bootId,
      deadlines,
      relaunchedAt: [],
      // What waited for a moment of the boot before waits no more.
      doubt: deadlines.doubt === undefined ? null : doubt,
      interrupt: deadlines.interrupt === undefined ? null : interrupt
    }))
  }
}

/** Legal in `starting`, `streaming` and `resuming`, whether or not a process is up yet. */
export const whileLive = {
  ...anytime,
  ConversationRefused: {
    actions: remember<"ConversationRefused">((_, { heldBy, id }) => ({
      claimed: { id, heldBy },
      notice: `the agent claims the conversation ${id}, which session ${heldBy} has: the claim was refused`
    }))
  },
  ConversationKnown: {
    actions: remember<"ConversationKnown">(({ claimed, conversation }, { id, transcript }) => ({
      ...(claimed == null ? {} : { claimed: null }),
      conversation: {
        kind: "fresh",
        ...conversation,
        // Another one than was known has nothing in it yet.
        begun: (conversation?.id ?? id) === id && (conversation?.begun ?? false),
        id,
        transcript: transcript ?? (conversation?.id === id ? conversation.transcript : null)
      }
    }))
  },
  ConversationAbandoned: {
    actions: remember<"ConversationAbandoned">(({ conversation }) => ({
      conversation: conversation && { ...conversation, abandoned: true },
      beginning: null,
      poisoned: null
    }))
  },
  TranscriptRead: {
    actions: remember<"TranscriptRead">((context, { call, from, lines, model, path, to, usage }) => ({
      transcript: { path, offset: to, lines: lines + (from > 0 ? (context.transcript?.lines ?? 0) : 0), call: call ?? null },
      ...readable(context),
      model: model ?? context.model,
      usage: sum(context.usage, usage),
      ...(lines > 0 ? begun(context) : {})
    }))
  },
  TranscriptUnreadable: { actions: remember<"TranscriptUnreadable">((_, { code, path }) => ({ unreadable: { path, code } })) },
  AgentBlocked: { actions: remember<"AgentBlocked">((_, { cause, detail, until }) => ({ blocked: { cause, until, detail } })) },
  TurnAbandoned: {
    actions: remember<"TurnAbandoned">((_, { at, generation, prompt }) => ({ abandoned: { generation, promptId: prompt, at } }))
  },
  MessageUnknown: {
    guard: ({ context }: At) => context.unknownKinds.length < limits.unknownKinds,
    actions: remember<"MessageUnknown">(({ unknownKinds }, { kind }) => ({ unknownKinds: [...unknownKinds, kind] }))
  },
  StopRequested: {
    guard: ({ context }: At) => context.stop === null,
    actions: [
      remember<"StopRequested">((context, { at, by, deadline, mode, outcome, reason }) => ({
        stop: { mode, outcome, by, reason, at },
        deadlines: { ...without(context.deadlines, "ready", "reclaim", "healthy", "idle"), stop: deadline }
      })),
      perform(runLadder)
    ]
  },
  StopEscalated: {
    guard: ({ context }: At) => context.stop !== null,
    actions: [
      // A person who asks for what the daemon already does makes it theirs: what somebody stopped never comes back by itself.
      remember<"StopEscalated">((context, { by, deadline, mode, outcome, reason }) => ({
        stop: context.stop && {
          ...context.stop,
          ...((context.stop.by === daemon && by !== daemon) || (context.stop.outcome === "reload" && outcome !== "reload")
            ? { by, reason }
            : {}),
          mode: context.stop.mode === "kill" ? "kill" : mode,
          outcome: firmest(context.stop.outcome, outcome)
        },
        deadlines: { ...context.deadlines, stop: deadline }
      })),
      perform(runLadder)
    ]
  },
  StopStepTaken: { actions: remember<"StopStepTaken">((_, { holderSeq }) => ({ holderSeq })) },
  HolderLost: {
    target: ".reaping",
    actions: [
      // The stop's deadline too: it measured the holder's promise, and would be due again at once, for ever.
      remember<"HolderLost">(({ deadlines }) => ({ deadlines: lasting(deadlines) })),
      perform(sweep)
    ]
  },
  GenerationEnded: {
    target: "#ended",
    actions: [
      perform(({ generation, nonce }) => (nonce === "" ? [] : [{ type: "AcknowledgeExit", generation, nonce }])),
      remember<"GenerationEnded">((context, { at, cause, code, signal }) => ({
        exit: { cause, code, signal, at },
        process: null,
        nonce: "",
        holderSeq: 0,
        leaderExit: null,
        leftovers: [],
        stop: null,
        deadlines: lasting(context.deadlines),
        pendingWrites: [],
        interrupt: null,
        activity: { value: "unknown" as const, source: "none" as const, at, question: null },
        doubt: null,
        ...undisturbed(context),
        poisoned: poisonedAfter(context, at),
        notice: cause.type === "launch_failed" ? cause.message : context.notice
      }))
    ]
  }
}

/** Legal while the agent itself is up: ready or not. */
export const whileUp = {
  Adopted: {
    actions: [
      remember<"Adopted">(unheld),
      perform((context) => [
        ...runLadder(context),
        ...[...context.pendingWrites, ...context.prompts.filter(({ stage }) => stage === "claimed")].map(
          ({ writeId }) => ({ type: "SettleWrite", generation: context.generation, writeId: writeId ?? "" }) as const
        ),
        { type: "ResizeTerminal", generation: context.generation, size: context.spec.size }
      ])
    ]
  },
  InputAccepted: {
    guard: ({ context }: At) => context.stop === null && context.pendingWrites.length < limits.pendingWrites,
    actions: [
      remember<"InputAccepted">((context, { by, kind, latch, writeId }) => ({
        pendingWrites: [...context.pendingWrites, { writeId, kind }],
        ...(latch === undefined ? {} : { interrupt: { writeId, by }, deadlines: { ...context.deadlines, interrupt: latch } })
      })),
      perform(({ generation, pendingWrites }) => pendingWrites.slice(-1).map((write) => ({ type: "Write", generation, ...write })))
    ]
  },
  AgentSuspended: {
    guard: ({ context }: At) => context.suspendedAt == null,
    actions: remember<"AgentSuspended">((_, { at }) => ({ suspendedAt: at }))
  },
  AgentContinued: {
    guard: ({ context }: At) => context.suspendedAt != null,
    actions: remember<"AgentContinued">(() => ({ suspendedAt: null }))
  },
  EchoTurnedOff: {
    guard: ({ context }: At) => context.echoOffAt == null,
    actions: remember<"EchoTurnedOff">((_, { at }) => ({ echoOffAt: at }))
  },
  EchoTurnedOn: {
    guard: ({ context }: At) => context.echoOffAt != null,
    actions: remember<"EchoTurnedOn">(() => ({ echoOffAt: null }))
  },
  ContinueRequested: {
    guard: ({ context }: At) => context.suspendedAt != null && context.process !== null,
    actions: [
      remember<"ContinueRequested">(),
      perform(({ generation, nonce, process }) =>
        process === null
          ? []
          : [
              {
                ...{ type: "Continue", generation, nonce },
                process: { bootId: process.bootId, pid: process.pid, startTime: process.startTime }
              }
            ]
      )
    ]
  },
  TypingBegan: {
    guard: ({ context }: At) => context.typing == null,
    actions: remember<"TypingBegan">((_, { at, by, client }) => ({ typing: { client, by, at } }))
  },
  TypingEnded: {
    guard: ({ context }: At) => context.typing != null,
    actions: remember<"TypingEnded">(() => ({ typing: null }))
  },
  IdleStopArmed: {
    guard: ({ context }: At) => context.clients.length === 0 && context.stop === null,
    actions: remember<"IdleStopArmed">((context, { deadline, offset }) => ({
      idleOffset: offset,
      deadlines: { ...context.deadlines, idle: deadline }
    }))
  }
}

/** The leader is gone; its tree may not be. */
export const exited = remember<"ProcessExited">((context, { code, holderSeq, signal }) => ({
  holderSeq,
  leaderExit: { code, signal },
  ...undisturbed(context),
  deadlines: without(context.deadlines, "ready", "reclaim", "healthy", "idle", "doubt", "interrupt")
}))

/** Legal while what is left of the tree is being ended. */
export const whileReaping = {
  // Given up, and there after all: what was begun then is still owed.
  Adopted: { actions: [remember<"Adopted">(), perform((context) => (context.leaderExit === null ? sweep(context) : runLadder(context)))] },
  LeftoversRemain: { actions: remember<"LeftoversRemain">((_, { holderSeq, leftovers }) => ({ holderSeq, leftovers })) }
}
