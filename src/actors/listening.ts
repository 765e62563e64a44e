/** What a session's agent says of itself and asks of its terminal in its output: each word observed, each question answered once. */
import { Clock, Effect, Stream } from "effect"
import type { Report } from "../domain/inputs.ts"
import { limits } from "../domain/limits.ts"
import { makeProgramStatusReader, type Notification, type ProgramStatus, programStatusReply, type Title } from "../domain/program-status.ts"
import { agentOf } from "../domain/providers/index.ts"
import type { SessionContext } from "../domain/session-context.ts"
import { Output, type OutputChunk, scanBytes } from "../infra/output/output.ts"
import { Answering } from "../infra/screens/answering.ts"
import type { Beliefs, Speaker } from "./believing.ts"
import { makeLateness } from "./lateness.ts"
import type { Reading } from "./witnesses.ts"

export interface Listening {
  readonly session: string
  readonly generation: number
  /** Where the last word was, or where the launch began to print. */
  readonly from: number
  /** A program that asks before this place has been answered, or was given up on, by the observer of that time. */
  readonly answerFrom: number
  readonly tell: (report: Report) => void
  readonly reading: Pick<Reading, "outputTo">
  readonly reply: (bytes: Uint8Array) => Effect.Effect<void>
  readonly beliefs: Beliefs
  readonly context: () => SessionContext
  /** Called with each title that differs from the one before; `titleKey` says which are the same, such as the frames of a spinner. */
  readonly titled?: (title: Title) => void
  readonly titleKey?: (title: string) => string
  readonly notified?: (notification: Notification) => void
}

/** Ends when it is interrupted. What it cannot read it does not guess: a hole in the output is a hole in what is observed. */
export const listen = Effect.fnUntraced(function* (listening: Listening) {
  const { answerFrom, beliefs, from, generation, notified, reading, reply, session, tell, titled, titleKey } = listening
  const output = yield* Output
  const answersTo = yield* (yield* Answering).in(session)
  let read = makeProgramStatusReader(from, titleKey)
  let turn: Turn = { isOpen: false, endsWithDone: agentOf(listening.context()).evidence.saysDone ?? false }
  const latenessAt = yield* makeLateness(session)
  /** The newest mark of those that were read too late, and whether the session knows of it; null while the reader is not late. */
  let late: { status: ProgramStatus | null; isTold: boolean } | null = null
  const pause = makePause()
  const mayAnswer = makeAllowance()
  const isFlood = makeFloodGauge()

  const reportAll = Effect.fnUntraced(function* (statuses: ReadonlyArray<ProgramStatus>) {
    if (statuses.length === 0) return
    const speakers = yield* beliefs.speakersOf(statuses)
    for (const [index, status] of statuses.entries()) {
      const speaker = speakers[index] ?? null
      if (speaker === null) continue
      // A turn that a client interrupts ends without `done` in every agent.
      const isInterrupted = turn.endsWithDone || listening.context().interrupt !== null
      turn = tellStatus(status, speaker, { generation, turn, isInterrupted, tell })
    }
  })

  /** A mark that is read late says nothing of now: what the agent does is unknown until the reader has caught up. */
  const hearStatuses = Effect.fnUntraced(function* (statuses: ReadonlyArray<ProgramStatus>, to: number) {
    const behindBytes = yield* latenessAt(to)
    const unknown = { type: "ActivityObserved", generation, activity: "unknown", source: "protocol", question: null } as const
    if (behindBytes === null) {
      if (late?.isTold) tell(unknown)
      const heard = late?.status && statuses.length === 0 ? [late.status] : statuses.slice(-mostStatusesAtOnce)
      late = null
      return yield* reportAll(heard)
    }
    late ??= { status: null, isTold: false }
    late.status = statuses.at(-1) ?? late.status
    if (late.isTold || (late.status === null && listening.context().activity.evidenceOffset === undefined)) return
    late.isTold = true
    tell({ ...unknown, behindBytes })
  })

  const hear = Effect.fnUntraced(function* (chunk: OutputChunk) {
    if (chunk._tag === "Gap") {
      read = makeProgramStatusReader(chunk.to, titleKey)
      return
    }
    const { asked, notifications, queries, statuses, titles } = read(chunk.bytes)
    yield* hearStatuses(statuses, chunk.offset + chunk.bytes.length)
    // A title is a word of the agent too, and any program that it runs can write one.
    if (titled !== undefined && titles.length > 0 && (yield* beliefs.isAgentsOwn))
      for (const title of titles.slice(-mostAtOnce)) titled(title)
    if (notified !== undefined) for (const notification of notifications.slice(-mostAtOnce)) notified(notification)
    if (asked.length === 0) return
    const now = yield* Clock.currentTimeMillis
    const open = asked.filter(({ to }) => to > answerFrom && mayAnswer(now))
    if (open.length === 0) return
    // First, since a program asks for its device attributes last, and takes what has no answer by then for a no.
    const status = queries.some((offset) => offset > answerFrom) ? programStatusReply : ""
    const said = status + (yield* answersTo(open))
    if (said !== "") yield* reply(new TextEncoder().encode(said))
  })
  reading.outputTo = from
  yield* Stream.runForEach(output.scan(session, from), (chunk) =>
    Effect.gen(function* () {
      const startedAt = yield* Clock.currentTimeNanos
      yield* hear(chunk)
      reading.outputTo = chunk._tag === "Gap" ? chunk.to : chunk.offset + chunk.bytes.length
      const endedAt = yield* Clock.currentTimeNanos
      yield* pause(Number(endedAt - startedAt) / 1_000_000)
      if (chunk._tag === "Bytes" && isFlood(Number(endedAt) / 1_000_000, chunk.bytes.length)) yield* Effect.sleep(limits.listeningGatherMs)
    })
  )
}, Effect.scoped)

/** Words of one chunk: the newest of a flood are enough. */
const mostAtOnce = 32
const mostStatusesAtOnce = 8

/** A flood is read a share of the time, so that it leaves the rest to other sessions; an agent that speaks does not feel it. */
const makePause = () => {
  let owedMs = 0
  return (tookMs: number): Effect.Effect<void> =>
    Effect.suspend(() => {
      owedMs += tookMs
      if (owedMs < limits.listeningMs) return Effect.void
      const restMs = (owedMs * (100 - limits.listeningPercent)) / limits.listeningPercent
      owedMs = 0
      return Effect.sleep(restMs)
    })
}

/**
 * Whether output comes in such a flood that the reader gathers more of it before it reads on. Each read costs the daemon the same, and a
 * terminal that is drawn in floods gets its answers a moment later.
 */
const makeFloodGauge = () => {
  let windowFrom = Number.NEGATIVE_INFINITY
  let bytes = 0
  return (nowMs: number, read: number): boolean => {
    if (nowMs - windowFrom > limits.listeningFloodMs) {
      windowFrom = nowMs
      bytes = 0
    }
    bytes += read
    // What is behind reads on: it has gathered already.
    return bytes > limits.listeningFloodBytes && read < scanBytes
  }
}

/** So many answers in any second. A program that asks more is not waiting for them. */
const makeAllowance = () => {
  let second = 0
  let given = 0
  return (now: number): boolean => {
    if (Math.floor(now / 1_000) !== second) {
      second = Math.floor(now / 1_000)
      given = 0
    }
    given += 1
    return given <= limits.terminalAnswersPerSecond
  }
}

/** What the marks of one launch said of its turns. */
interface Turn {
  readonly isOpen: boolean
  /** The agent says `done` when it has done a turn: `idle` without it is something else. */
  readonly endsWithDone: boolean
}

/** `isInterrupted`: what `idle` without `done` means. Returns the turn after this mark. */
const tellStatus = (
  status: ProgramStatus,
  { group }: Speaker,
  {
    generation,
    isInterrupted,
    tell,
    turn
  }: { readonly generation: number; readonly turn: Turn; readonly isInterrupted: boolean; readonly tell: (report: Report) => void }
): Turn => {
  if (status.kind === "login") {
    const detail = status.question ?? "its user is not logged in"
    tell({ type: "TurnObserved", generation, source: "protocol", outcome: "failed", detail })
    tell({ type: "BlockObserved", generation, source: "protocol", cause: "auth", until: null, detail })
  }
  const wentIdle = status.activity === "idle" && turn.isOpen ? (isInterrupted ? "interrupted" : "atRest") : null
  const ended = endings[status.ended ?? wentIdle ?? "none"]
  if (ended !== null) tell({ type: "TurnObserved", generation, source: "protocol", ...ended })
  const { activity, kind, offset, question } = status
  tell({
    ...{ type: "ActivityObserved", generation, activity, source: "protocol", question, evidenceOffset: offset },
    ...(kind === null ? {} : { asked: { kind, choices: [] } }),
    ...(group === null ? {} : { speaker: group })
  })
  return {
    isOpen: activity === "working" || (activity === "waiting" && kind !== "login"),
    endsWithDone: turn.endsWithDone || status.ended === "completed"
  }
}

const endings = {
  completed: { outcome: "completed", detail: "the agent says that it is done" },
  failed: { outcome: "failed", detail: "the agent says that it failed" },
  interrupted: { outcome: "interrupted", detail: "the agent went idle before it was done" },
  atRest: { outcome: "completed", detail: "the agent is idle again" },
  none: null
} as const
