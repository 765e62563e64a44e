/** What each fact leaves in a session's memory and obliges us to do, for the facts that are legal in several states. */
import { daemon } from "./facts.ts"
import { limits } from "./limits.ts"
import { promptSteps, unheld } from "./prompt-transitions.ts"
import { lasting, type Owed, perform, remember, without } from "./remember.ts"
import type { SessionContext, StopOrder } from "./session-context.ts"

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
  [a, b].includes("terminate") ? "terminate" : [a, b].includes("archive") ? "archive" : "end"

const settled = remember<"InputWritten" | "InputFailed">((context, { writeId }) => ({
  pendingWrites: context.pendingWrites.filter((write) => write.writeId !== writeId)
}))

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
      remember<"Resized">((context, { size }) => ({ spec: { ...context.spec, size } })),
      // From the intent on: the launch may have taken the old size already.
      perform(({ generation, nonce, spec }) => (nonce === "" ? [] : [{ type: "ResizeTerminal", generation, size: spec.size }]))
    ]
  },
  ClientAttached: {
    guard: ({ context }: At) => context.clients.length < limits.clientsPerSession,
    actions: remember<"ClientAttached">((context, { client }) => ({
      clients: [...context.clients, client],
      deadlines: without(context.deadlines, "idle")
    }))
  },
  ClientDetached: {
    actions: remember<"ClientDetached">((context, { client }) => ({ clients: context.clients.filter((other) => other !== client) }))
  },
  InputWritten: { actions: settled },
  InputFailed: { actions: settled },
  OutputDropped: { actions: remember<"OutputDropped">((_, { holderSeq }) => ({ holderSeq })) },
  ClockRebased: { actions: remember<"ClockRebased">((_, { bootId, deadlines }) => ({ bootId, deadlines, relaunchedAt: [] })) }
}

/** Legal in `starting`, `streaming` and `resuming`, whether or not a process is up yet. */
export const whileLive = {
  ...anytime,
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
          ...(context.stop.by === daemon && by !== daemon ? { by, reason } : {}),
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
        activity: { value: "unknown" as const, source: "none" as const, at, question: null },
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
      remember<"InputAccepted">((context, { kind, writeId }) => ({ pendingWrites: [...context.pendingWrites, { writeId, kind }] })),
      perform(({ generation, pendingWrites }) => pendingWrites.slice(-1).map((write) => ({ type: "Write", generation, ...write })))
    ]
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
  deadlines: without(context.deadlines, "ready", "reclaim", "healthy", "idle")
}))

/** Legal while what is left of the tree is being ended. */
export const whileReaping = {
  Adopted: { actions: [remember<"Adopted">(), perform(runLadder)] },
  LeftoversRemain: { actions: remember<"LeftoversRemain">((_, { holderSeq, leftovers }) => ({ holderSeq, leftovers })) }
}
