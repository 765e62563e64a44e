/** The session's machine: facts are its whole alphabet, guards protect legality, effects are named and never executed. */
import { isBusy } from "./activity.ts"
import type { Beginning, FactOf } from "./facts.ts"
import { limits } from "./limits.ts"
import { assignFact, session } from "./machine-setup.ts"
import { hasten, promptClaim, unheld, unmovedBy } from "./prompt-transitions.ts"
import { type Conversation, expiryOf, initialContext, markBegun, type SessionContext, without, wordOf } from "./session-context.ts"
import { anytime, exited, whileLive, whileReaping, whileUp } from "./transitions.ts"

/** A launch, the first or a later one: prepared, intended before it is done, confirmed by the holder, ready by evidence. */
const launch = <const S extends string>(state: S) => ({
  id: state,
  initial: "preparing" as const,
  on: whileLive,
  states: {
    preparing: {
      entry: "prepare" as const,
      on: {
        LaunchIntended: {
          target: "launching" as const,
          actions: [
            assignFact<"LaunchIntended">(({ context, event: { bootId, conversation, deadline, executable, nonce } }) => ({
              nonce,
              executable,
              bootId,
              holderSeq: 0,
              // Another process counts its reports from the beginning.
              report: null,
              ...(conversation === undefined ? {} : beginning(context, conversation)),
              deadlines: { ...context.deadlines, launch: deadline }
            })),
            "spawn" as const
          ]
        }
      }
    },
    launching: {
      on: {
        ProcessSpawned: {
          target: "booting" as const,
          actions: [
            assignFact<"ProcessSpawned">(({ context, event: { at, deadline, holderSeq, process } }) => ({
              process: { ...process, startedAt: at },
              holderSeq,
              exit: null,
              deadlines: { ...without(context.deadlines, "launch"), ...(context.stop === null ? { ready: deadline } : {}) }
            })),
            "runLadder" as const
          ]
        }
      }
    },
    booting: {
      on: {
        ...whileUp,
        AgentReady: {
          target: "#streaming" as const,
          actions: assignFact<"AgentReady">(({ context, event: { healthyDeadline, holderSeq } }) => ({
            ...unheld(context),
            holderSeq: holderSeq ?? context.holderSeq,
            notice: null,
            deadlines: {
              ...without(context.deadlines, "ready", "reclaim"),
              ...(context.stop === null && healthyDeadline !== null ? { healthy: healthyDeadline } : {})
            }
          }))
        },
        ReadinessTimedOut: {
          actions: assignFact<"ReadinessTimedOut">(({ context, event: { afterMs, deadline } }) => ({
            notice: `not ready after ${afterMs} ms`,
            deadlines: { ...without(context.deadlines, "ready"), reclaim: deadline }
          }))
        },
        ProcessExited: { target: "reaping" as const, actions: exited }
      }
    },
    reaping: { on: whileReaping }
  }
})

/** A conversation that is taken up again keeps what is known of it; any other begins with nothing. */
const beginning = ({ conversation: before }: SessionContext, { id, kind }: Beginning): Partial<SessionContext> => ({
  conversation: {
    id,
    kind,
    transcript: kind === "resume" && before?.id === id ? before.transcript : null,
    begun: kind === "resume",
    ...replacing(before, id)
  }
})

const replacing = (before: Conversation | null, id: string | null): Pick<Conversation, "replaces"> => {
  if (before?.abandoned && before.id !== null) return { replaces: before.id }
  return before?.replaces !== undefined && before.id === id ? { replaces: before.replaces } : {}
}

/** When it was so is what was said last. */
const again = ({ observedAt: _, ...word }: SessionContext["activity"], { at, observedAt }: FactOf<"ActivityConfirmed">) => ({
  ...word,
  at,
  ...(observedAt === undefined ? {} : { observedAt })
})

/** The agent is up. Any activity may follow any other: what we see of it is evidence, not a promise. */
const active = {
  on: {
    ...whileUp,
    ActivityChanged: (["idle", "working", "waiting", "compacting", "unknown"] as const).map((activity) => ({
      guard: { type: "isActivity" as const, params: { activity } },
      target: activity,
      actions: [
        assignFact<"ActivityChanged">(({ context, event: changed }) => {
          const heard = {
            ...context.heard,
            changes: (context.heard?.changes ?? 0) + 1,
            turns: (context.heard?.turns ?? 0) + (isBusy(activity) && !isBusy(context.activity.value) ? 1 : 0)
          }
          const deadlines = without(context.deadlines, "doubt")
          const prompts = unmovedBy(context.prompts, changed, heard)
          return {
            activity: wordOf(changed),
            doubt: null,
            heard,
            ...(changed.acceptBy === undefined ? { deadlines, prompts } : hasten({ deadlines }, prompts, changed.acceptBy)),
            // An agent that works was given something to do; one that works again is blocked no more.
            ...(activity === "working" ? { ...markBegun(context), blocked: null } : {})
          }
        }),
        "withholdClaimed" as const
      ]
    })),
    ActivityConfirmed: {
      // A weaker source that agrees takes its doubt back, and lends the stronger no time.
      actions: assignFact<"ActivityConfirmed">(({ context: { activity, deadlines }, event: confirmed }) => ({
        activity: confirmed.source === activity.source ? again(activity, confirmed) : activity,
        doubt: null,
        deadlines: without(deadlines, "doubt")
      }))
    },
    ActivityDoubted: {
      actions: assignFact<"ActivityDoubted">(({ context: { deadlines }, event: { deadline, ...doubted } }) => ({
        doubt: wordOf(doubted),
        deadlines: { ...deadlines, doubt: deadline }
      }))
    },
    TurnEnded: {
      actions: assignFact<"TurnEnded">(({ context: { heard }, event: { unheard } }) => {
        const { changes = 0, turns = 0 } = heard ?? {}
        // It was work, and then rest again.
        return { heard: unheard ? { changes: changes + 2, turns: turns + 1, ended: turns + 1 } : { changes, turns, ended: turns } }
      })
    },
    PromptClaimed: promptClaim,
    HealthConfirmed: {
      actions: assignFact<"HealthConfirmed">(({ context }) => ({ attempts: 0, deadlines: without(context.deadlines, "healthy") }))
    },
    ProcessExited: { target: "reaping" as const, actions: exited }
  }
}

const resume = {
  target: "#resuming" as const,
  actions: assignFact<"ResumeRequested">(({ context: { deadlines, generation } }) => ({
    generation: generation + 1,
    blocked: null,
    attempts: 0,
    relaunchedAt: [],
    relaunch: null,
    deadlines: expiryOf(deadlines),
    notice: null
  }))
}
const archive = {
  target: "#ended.archived" as const,
  actions: assignFact<"SessionArchived">(({ context: { deadlines } }) => ({ deadlines: expiryOf(deadlines), relaunch: null }))
}
/** Nothing is recorded after it, so attached clients are let go here. */
const terminate = {
  target: "#terminated" as const,
  actions: assignFact<"SessionTerminated">(() => ({ deadlines: {}, relaunch: null, clients: [], prompts: [] }))
}

/** No process. What may still come, and when, is the substate. */
const ended = {
  id: "ended" as const,
  initial: "resting" as const,
  on: { ...anytime, SessionTerminated: terminate },
  states: {
    resting: {
      on: {
        RelaunchScheduled: {
          target: "backingOff" as const,
          actions: assignFact<"RelaunchScheduled">(({ context: { deadlines }, event: { attempt, deadline, delayMs } }) => ({
            relaunch: { attempt, delayMs },
            attempts: attempt,
            deadlines: { ...expiryOf(deadlines), backoff: deadline }
          }))
        },
        GaveUp: { target: "givenUp" as const, actions: assignFact<"GaveUp">(({ event: { notice } }) => ({ notice })) },
        ResumeRequested: resume,
        SessionArchived: archive
      }
    },
    backingOff: {
      on: {
        RelaunchStarted: {
          target: "#resuming" as const,
          actions: assignFact<"RelaunchStarted">(({ context: { deadlines, generation, relaunchedAt }, event: { bootMs } }) => ({
            generation: generation + 1,
            relaunchedAt: [...relaunchedAt, bootMs].slice(-limits.relaunchesPerWindow),
            relaunch: null,
            // What kept the last one from working was waited for; the next one reports whether it still does.
            blocked: null,
            deadlines: expiryOf(deadlines)
          }))
        },
        RelaunchCancelled: {
          target: "resting" as const,
          actions: assignFact<"RelaunchCancelled">(({ context: { deadlines } }) => ({ relaunch: null, deadlines: expiryOf(deadlines) }))
        },
        ResumeRequested: resume,
        SessionArchived: archive
      }
    },
    givenUp: { on: { ResumeRequested: resume, SessionArchived: archive } },
    archived: { on: { SessionUnarchived: { target: "resting" as const, actions: assignFact<"SessionUnarchived">() } } }
  }
}

const hungUp = { target: "hungUp", guard: { type: "isStopStep", params: { step: "hangup" } } } as const
const killed = { target: "killed", guard: { type: "isStopStep", params: { step: "kill" } } } as const

export const machine = session.createMachine({
  id: "session",
  type: "parallel",
  context: ({ input }) => initialContext(input),
  states: {
    life: {
      initial: "starting",
      states: {
        starting: launch("starting"),
        streaming: {
          id: "streaming",
          initial: "unknown",
          on: whileLive,
          states: { unknown: active, idle: active, working: active, waiting: active, compacting: active, reaping: { on: whileReaping } }
        },
        ended,
        resuming: launch("resuming"),
        terminated: { id: "terminated" }
      }
    },
    /** How far a stop has come; it runs beside the life of the session and wins over keepalive. */
    stopping: {
      initial: "none",
      states: {
        none: { on: { StopRequested: { target: "asked", guard: "isLive" } } },
        asked: { on: { StopStepTaken: [hungUp, killed], GenerationEnded: "none" } },
        hungUp: { on: { StopStepTaken: killed, GenerationEnded: "none" } },
        killed: { on: { GenerationEnded: "none" } }
      }
    }
  }
})
