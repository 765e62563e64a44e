/** What the session's machine is made of: the types, the guards and the effects that its transitions name. */
import { assign, or, setup, stateIn } from "xstate"
import type { Activity } from "./activity.ts"
import type { SessionEffect } from "./effects.ts"
import type { Fact, FactOf, FactType } from "./facts.ts"
import { limits } from "./limits.ts"
import { type OpenPrompt, type SessionContext, waitsForOther } from "./session-context.ts"

type Owed<T extends SessionEffect["type"]> = (given: unknown, params: Omit<Extract<SessionEffect, { readonly type: T }>, "type">) => void

/** The machine names an effect and its parameters. The session actor performs it, after the append. */
const performedByActor = () => {}

export const effects: { readonly [T in SessionEffect["type"]]: Owed<T> } = {
  Prepare: performedByActor,
  Spawn: performedByActor,
  Write: performedByActor,
  DeliverPrompt: performedByActor,
  WithholdPrompt: performedByActor,
  SettleWrite: performedByActor,
  ResizeTerminal: performedByActor,
  KillTool: performedByActor,
  Continue: performedByActor,
  RunLadder: performedByActor,
  Sweep: performedByActor,
  AcknowledgeExit: performedByActor
}

const types = {} as {
  readonly context: SessionContext
  readonly events: Fact
  readonly input: FactOf<"SessionCreated">
}

const base = setup({
  types,
  actions: effects,
  guards: {
    isLive: or([stateIn({ life: "starting" }), stateIn({ life: "streaming" }), stateIn({ life: "resuming" })]),
    isStopping: ({ context }) => context.stop !== null,
    isNotStopping: ({ context }) => context.stop === null,
    isSuspended: ({ context }) => context.suspendedAt != null,
    isNotSuspended: ({ context }) => context.suspendedAt == null,
    isSuspendedProcess: ({ context }) => context.suspendedAt != null && context.process !== null,
    isEchoOff: ({ context }) => context.echoOffAt != null,
    isEchoOn: ({ context }) => context.echoOffAt == null,
    isTyping: ({ context }) => context.typing != null,
    isNotTyping: ({ context }) => context.typing == null,
    hasExited: ({ context }) => context.leaderExit !== null,
    hasProcess: ({ context }) => context.process !== null,
    hasRoomForClient: ({ context }) => context.clients.length < limits.clientsPerSession,
    hasRoomForKind: ({ context }) => context.unknownKinds.length < limits.unknownKinds,
    canAcceptInput: ({ context }) => context.stop === null && context.pendingWrites.length < limits.pendingWrites,
    canArmIdleStop: ({ context }) => context.clients.length === 0 && context.stop === null,
    isOpenInterrupt: ({ context, event }) => event.type === "InterruptSettled" && context.interrupt?.writeId === event.writeId,
    isNewerReport: ({ context, event }) => event.type === "StateReported" && event.report.seq > (context.report?.seq ?? -1),
    isActivity: ({ event }, { activity }: { readonly activity: Activity }) =>
      event.type === "ActivityChanged" && event.activity === activity,
    isStopStep: ({ event }, { step }: { readonly step: FactOf<"StopStepTaken">["step"] }) =>
      event.type === "StopStepTaken" && event.step === step,
    isNewPrompt: ({ context, event }) =>
      event.type === "PromptQueued" && context.prompts.length < limits.prompts && !context.prompts.some(({ id }) => id === event.prompt.id),
    isPromptAt: ({ context, event }, { stages }: { readonly stages: ReadonlyArray<OpenPrompt["stage"]> }) =>
      context.prompts.some(({ id, stage }) => "promptId" in event && id === event.promptId && stages.includes(stage))
  }
})

/** Adds the actions that name effects from the context: none, one or several at a time. */
export const session = base.extend({
  actions: {
    prepare: base.enqueueActions(({ context: { generation }, enqueue }) => enqueue({ type: "Prepare", params: { generation } })),
    spawn: base.enqueueActions(({ context: { executable, generation, nonce }, enqueue }) =>
      enqueue({ type: "Spawn", params: { generation, nonce, executable } })
    ),
    writeNewest: base.enqueueActions(({ context: { generation, pendingWrites }, enqueue }) => {
      for (const { kind, writeId } of pendingWrites.slice(-1)) enqueue({ type: "Write", params: { generation, writeId, kind } })
    }),
    deliverClaimed: base.enqueueActions(({ context: { generation, prompts }, enqueue }) => {
      for (const { answers, attachments, hash, id, stage, writeId } of prompts)
        if (stage === "claimed")
          enqueue({
            type: "DeliverPrompt",
            params: {
              generation,
              promptId: id,
              hash,
              writeId: writeId ?? "",
              ...(answers === undefined ? {} : { answers: true }),
              ...(attachments === undefined ? {} : { paths: attachments.map(({ path }) => path) })
            }
          })
    }),
    withholdClaimed: base.enqueueActions(({ context: { activity, generation, prompts }, enqueue }) => {
      for (const { answers, stage, writeId } of prompts)
        if (stage === "claimed" && waitsForOther(activity, answers))
          enqueue({ type: "WithholdPrompt", params: { generation, writeId: writeId ?? "" } })
    }),
    settleWrites: base.enqueueActions(({ context: { generation, pendingWrites, prompts }, enqueue }) => {
      for (const { writeId } of [...pendingWrites, ...prompts.filter(({ stage }) => stage === "claimed")])
        enqueue({ type: "SettleWrite", params: { generation, writeId: writeId ?? "" } })
    }),
    resizeTerminal: base.enqueueActions(({ context: { generation, spec }, enqueue }) =>
      enqueue({ type: "ResizeTerminal", params: { generation, size: spec.size } })
    ),
    /** From the intent on: the launch may have taken the old size already. */
    resizeLaunched: base.enqueueActions(({ context: { generation, nonce, spec }, enqueue }) => {
      if (nonce !== "") enqueue({ type: "ResizeTerminal", params: { generation, size: spec.size } })
    }),
    killTool: base.enqueueActions(({ context: { generation, nonce, process, tool }, enqueue }) => {
      if (process !== null && tool !== undefined)
        enqueue({ type: "KillTool", params: { generation, nonce, pgid: tool, process: identityOf(process) } })
    }),
    continueProcess: base.enqueueActions(({ context: { generation, nonce, process }, enqueue }) => {
      if (process !== null) enqueue({ type: "Continue", params: { generation, nonce, process: identityOf(process) } })
    }),
    runLadder: base.enqueueActions(({ context: { generation, process, stop }, enqueue }) => {
      if (stop !== null && process !== null) enqueue({ type: "RunLadder", params: { generation, mode: stop.mode } })
    }),
    sweep: base.enqueueActions(({ context: { generation, nonce, process }, enqueue }) =>
      enqueue({ type: "Sweep", params: { generation, nonce, process: process && identityOf(process) } })
    ),
    acknowledgeExit: base.enqueueActions(({ context: { generation, nonce }, enqueue }) => {
      if (nonce !== "") enqueue({ type: "AcknowledgeExit", params: { generation, nonce } })
    })
  }
})

const identityOf = ({ bootId, pid, startTime }: NonNullable<SessionContext["process"]>) => ({ bootId, pid, startTime })

/** `assign` for one type of fact. Every fact also moves the session's time and its place in the output. */
export const assignFact = <T extends FactType>(
  change: (given: { readonly context: SessionContext; readonly event: FactOf<T> }) => Partial<SessionContext> = () => ({})
) =>
  assign<SessionContext, FactOf<T>, undefined, Fact, never>(({ context, event }) => ({
    updatedAt: event.at,
    offset: Math.max(context.offset, event.offset),
    ...change({ context, event })
  }))
