/** What each fact leaves in a session's memory and obliges us to do, for the facts that are legal in several states. */
import { daemon, type FactOf } from "./facts.ts"
import { limits } from "./limits.ts"
import { assignFact, session } from "./machine-setup.ts"
import { promptSteps, unheld } from "./prompt-transitions.ts"
import { saturated } from "./providers/bounded.ts"
import { expiryOf, markBegun, type SessionContext, type StopOrder, sizesWithout, without } from "./session-context.ts"

/** What is asked for while a stop is under way can only make it firmer. */
export const firmest = (a: StopOrder["outcome"], b: StopOrder["outcome"]): StopOrder["outcome"] =>
  (["terminate", "archive", "end"] as const).find((outcome) => a === outcome || b === outcome) ?? "reload"

const settled = assignFact<"InputWritten" | "InputFailed">(({ context, event: { writeId } }) => ({
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
export const anytime = session.createStateConfig({
  on: {
    ...promptSteps,
    SessionPatched: {
      actions: assignFact<"SessionPatched">(({ context, event: { changes } }) => ({
        spec: { ...context.spec, ...changes },
        deadlines: changes.idleStopMs === undefined ? context.deadlines : without(context.deadlines, "idle")
      }))
    },
    Resized: {
      actions: [
        assignFact<"Resized">(({ context, event: { client, clientSize, size } }) => ({
          spec: { ...context.spec, size },
          ...(client === undefined || clientSize === undefined ? {} : { clientSizes: { ...context.clientSizes, [client]: clientSize } })
        })),
        "resizeLaunched"
      ]
    },
    ToolKillRequested: {
      guard: "hasProcess",
      actions: [assignFact<"ToolKillRequested">(({ event: { pgid } }) => ({ tool: pgid })), "killTool"]
    },
    LeftoversEnded: { actions: assignFact<"LeftoversEnded">() },
    ToolKilled: { actions: assignFact<"ToolKilled">() },
    ClientAttached: {
      guard: "hasRoomForClient",
      actions: assignFact<"ClientAttached">(({ context, event: { client } }) => ({
        clients: [...context.clients, client],
        deadlines: without(context.deadlines, "idle")
      }))
    },
    ClientDetached: {
      actions: assignFact<"ClientDetached">(({ context, event: { client } }) => ({
        clients: context.clients.filter((other) => other !== client),
        ...(context.clientSizes?.[client] === undefined ? {} : { clientSizes: sizesWithout(context.clientSizes, client) })
      }))
    },
    InterruptSettled: {
      guard: "isOpenInterrupt",
      actions: assignFact<"InterruptSettled">(({ context: { deadlines } }) => ({
        interrupt: null,
        deadlines: without(deadlines, "interrupt")
      }))
    },
    StateReported: {
      guard: "isNewerReport",
      actions: assignFact<"StateReported">(({ event: { at, report } }) => ({ report: { ...report, at } }))
    },
    InputWritten: { actions: settled },
    InputFailed: { actions: settled },
    OutputDropped: { actions: assignFact<"OutputDropped">(({ event: { holderSeq } }) => ({ holderSeq })) },
    ClockRebased: {
      actions: assignFact<"ClockRebased">(({ context: { doubt, interrupt }, event: { bootId, deadlines } }) => ({
        bootId,
        deadlines,
        relaunchedAt: [],
        // What waited for a moment of the boot before waits no more.
        doubt: deadlines.doubt === undefined ? null : doubt,
        interrupt: deadlines.interrupt === undefined ? null : interrupt
      }))
    }
  }
}).on

/** Legal in `starting`, `streaming` and `resuming`, whether or not a process is up yet. */
export const whileLive = session.createStateConfig({
  on: {
    ...anytime,
    ConversationRefused: {
      actions: assignFact<"ConversationRefused">(({ event: { heldBy, id } }) => ({
        claimed: { id, heldBy },
        notice: `the agent claims the conversation ${id}, which session ${heldBy} has: the claim was refused`
      }))
    },
    ConversationKnown: {
      actions: assignFact<"ConversationKnown">(({ context: { claimed, conversation }, event: { id, transcript } }) => ({
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
      actions: assignFact<"ConversationAbandoned">(({ context: { conversation } }) => ({
        conversation: conversation && { ...conversation, abandoned: true },
        beginning: null,
        poisoned: null
      }))
    },
    TranscriptRead: {
      actions: assignFact<"TranscriptRead">(({ context, event: { call, from, lines, model, path, to, usage } }) => ({
        transcript: { path, offset: to, lines: lines + (from > 0 ? (context.transcript?.lines ?? 0) : 0), call: call ?? null },
        ...readable(context),
        model: model ?? context.model,
        usage: sum(context.usage, usage),
        ...(lines > 0 ? markBegun(context) : {})
      }))
    },
    TranscriptUnreadable: { actions: assignFact<"TranscriptUnreadable">(({ event: { code, path } }) => ({ unreadable: { path, code } })) },
    AgentBlocked: { actions: assignFact<"AgentBlocked">(({ event: { cause, detail, until } }) => ({ blocked: { cause, until, detail } })) },
    TurnAbandoned: {
      actions: assignFact<"TurnAbandoned">(({ event: { at, generation, prompt } }) => ({ abandoned: { generation, promptId: prompt, at } }))
    },
    MessageUnknown: {
      guard: "hasRoomForKind",
      actions: assignFact<"MessageUnknown">(({ context: { unknownKinds }, event: { kind } }) => ({ unknownKinds: [...unknownKinds, kind] }))
    },
    StopRequested: {
      guard: "isNotStopping",
      actions: [
        assignFact<"StopRequested">(({ context, event: { at, by, deadline, mode, outcome, reason } }) => ({
          stop: { mode, outcome, by, reason, at },
          deadlines: { ...without(context.deadlines, "ready", "reclaim", "healthy", "idle"), stop: deadline }
        })),
        "runLadder"
      ]
    },
    StopEscalated: {
      guard: "isStopping",
      actions: [
        // A client that asks for what the daemon already does owns it from then on: what a person stopped never comes back by itself.
        assignFact<"StopEscalated">(({ context, event: { by, deadline, mode, outcome, reason } }) => ({
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
        "runLadder"
      ]
    },
    StopStepTaken: { actions: assignFact<"StopStepTaken">(({ event: { holderSeq } }) => ({ holderSeq })) },
    HolderLost: {
      target: ".reaping",
      actions: [
        // The stop's deadline too: it measured the holder's promise, and would be due again at once, for ever.
        assignFact<"HolderLost">(({ context: { deadlines } }) => ({ deadlines: expiryOf(deadlines) })),
        "sweep"
      ]
    },
    GenerationEnded: {
      target: "#ended",
      actions: [
        "acknowledgeExit",
        assignFact<"GenerationEnded">(({ context, event: { at, cause, code, signal } }) => ({
          exit: { cause, code, signal, at },
          process: null,
          nonce: "",
          holderSeq: 0,
          leaderExit: null,
          leftovers: [],
          stop: null,
          deadlines: expiryOf(context.deadlines),
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
}).on

/** Legal while the agent itself is up: ready or not. */
export const whileUp = session.createStateConfig({
  on: {
    Adopted: {
      actions: [assignFact<"Adopted">(({ context }) => unheld(context)), "runLadder", "settleWrites", "resizeTerminal"]
    },
    InputAccepted: {
      guard: "canAcceptInput",
      actions: [
        assignFact<"InputAccepted">(({ context, event: { by, empties, kind, latch, writeId } }) => ({
          pendingWrites: [...context.pendingWrites, { writeId, kind, ...(empties === true ? { emptiedBy: by } : {}) }],
          ...(latch === undefined ? {} : { interrupt: { writeId, by }, deadlines: { ...context.deadlines, interrupt: latch } })
        })),
        "writeNewest"
      ]
    },
    AgentSuspended: {
      guard: "isNotSuspended",
      actions: assignFact<"AgentSuspended">(({ event: { at } }) => ({ suspendedAt: at }))
    },
    AgentContinued: {
      guard: "isSuspended",
      actions: assignFact<"AgentContinued">(() => ({ suspendedAt: null }))
    },
    EchoTurnedOff: {
      guard: "isEchoOn",
      actions: assignFact<"EchoTurnedOff">(({ event: { at } }) => ({ echoOffAt: at }))
    },
    EchoTurnedOn: {
      guard: "isEchoOff",
      actions: assignFact<"EchoTurnedOn">(() => ({ echoOffAt: null }))
    },
    ContinueRequested: {
      guard: "isSuspendedProcess",
      actions: [assignFact<"ContinueRequested">(), "continueProcess"]
    },
    TypingBegan: {
      guard: "isNotTyping",
      actions: assignFact<"TypingBegan">(({ event: { at, by, client, ofPrompt } }) => ({
        typing: { client, by, at, ...(ofPrompt === undefined ? {} : { ofPrompt }) }
      }))
    },
    TypingEnded: {
      guard: "isTyping",
      actions: assignFact<"TypingEnded">(() => ({ typing: null }))
    },
    IdleStopArmed: {
      guard: "canArmIdleStop",
      actions: assignFact<"IdleStopArmed">(({ context, event: { deadline, offset } }) => ({
        idleOffset: offset,
        deadlines: { ...context.deadlines, idle: deadline }
      }))
    }
  }
}).on

/** The leader is gone; its tree may not be. */
export const exited = assignFact<"ProcessExited">(({ context, event: { code, holderSeq, signal } }) => ({
  holderSeq,
  leaderExit: { code, signal },
  ...undisturbed(context),
  deadlines: without(context.deadlines, "ready", "reclaim", "healthy", "idle", "doubt", "interrupt")
}))

/** Legal while what is left of the tree is being ended. */
export const whileReaping = session.createStateConfig({
  on: {
    // Given up, and there after all: what was started then is still owed.
    Adopted: [{ guard: "hasExited", actions: [assignFact<"Adopted">(), "runLadder"] }, { actions: [assignFact<"Adopted">(), "sweep"] }],
    LeftoversRemain: { actions: assignFact<"LeftoversRemain">(({ event: { holderSeq, leftovers } }) => ({ holderSeq, leftovers })) }
  }
}).on
