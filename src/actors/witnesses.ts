/** Every source of evidence on one launch's agent, observed for as long as the daemon is with its holder, each word with its source. */
import { Effect, Queue, type Scope } from "effect"
import type { Report } from "../domain/inputs.ts"
import { limits } from "../domain/limits.ts"
import type { Observation } from "../domain/observations.ts"
import { agentOf } from "../domain/providers/index.ts"
import type { Rule } from "../domain/providers/provider.ts"
import { readTitle } from "../domain/providers/screen.ts"
import type { SessionContext } from "../domain/session-context.ts"
import { keepRunning } from "../infra/keep-running.ts"
import { Output } from "../infra/output/output.ts"
import type { HolderLink } from "../infra/runtimes/runtime.ts"
import { makeBelieving } from "./believing.ts"
import type { Tell } from "./letter.ts"
import { listen } from "./listening.ts"
import type { News } from "./news.ts"
import { type Recognised, reportsOf } from "./observing.ts"
import { witnessConversation } from "./witness-conversation.ts"
import { witnessEcho } from "./witness-echo.ts"
import { witnessScreen } from "./witness-screen.ts"
import { witnessStatus } from "./witness-status.ts"
import { witnessSuspension } from "./witness-suspension.ts"
import { witnessTranscript } from "./witness-transcript.ts"

/** How far the observers of one launch have read. They write it, and what types reads it. */
export interface Reading {
  outputTo: number
  /** What hooks had left in their spool before this daemon came. */
  isSpoolRead: boolean
}

export interface Witnessing {
  readonly session: string
  readonly generation: number
  readonly context: () => SessionContext
  /** Announces when the session has learnt something. */
  readonly news: News
  readonly tell: Tell
  readonly reading: Reading
  readonly recognise: (text: string) => Recognised
  readonly obstacle: HolderLink["obstacle"]
  readonly reply: (bytes: Uint8Array) => Effect.Effect<void>
  /** Where the last word was, or where the launch began to print. */
  readonly from: () => number
  /** It was launched by this daemon, a moment ago. */
  readonly isFresh: boolean
  /** A program that asks before this place has been answered, or was given up on, by the observer of that time. */
  readonly answerFrom: number
}

/** Starts in the scope and ends with it. */
export const witness = Effect.fnUntraced(function* (witnessing: Witnessing) {
  const { context, from, generation, news, recognise, session, tell } = witnessing
  const { evidence } = agentOf(context())
  const begins = context().conversation?.kind === "fresh" ? "fresh" : "resumed"
  const ofThisLaunch = (rules: ReadonlyArray<Rule>) => rules.filter(({ when }) => when === undefined || when === begins)
  const titles = ofThisLaunch(evidence.titles)
  const screen = ofThisLaunch(evidence.screen)
  /** Agents write their title before they take input: it counts when all is drawn, unless something better is observed before. */
  const isEarly = (word: Observation) => word.type === "Activity" && word.activity === "idle" && context().activity.source === "none"
  const early = yield* Queue.unbounded<ReadonlyArray<Report>>()
  if (titles.length > 0)
    yield* Effect.forkScoped(
      Effect.gen(function* () {
        const told = yield* Queue.take(early)
        yield* settled(session)
        if (context().activity.source === "none") for (const report of told) tell(report)
      })
    )
  // What lies before its process was another launch's to say.
  const begun = Effect.gen(function* () {
    while (context().process === null) yield* news.next
    return from()
  })
  const beliefs = yield* makeBelieving(witnessing)
  const listening = (place: number) =>
    listen({
      ...witnessing,
      beliefs,
      from: place,
      ...(titles.length === 0
        ? {}
        : {
            titleKey: (title) => JSON.stringify(readTitle(titles, title)),
            titled: ({ offset, title }) => {
              const word = withoutText(readTitle(titles, title))
              if (word === null) return
              const told = reportsOf({ generation, source: "osc", recognise }, [word]).map((report) =>
                report.type === "ActivityObserved" ? { ...report, evidenceOffset: offset } : report
              )
              if (!isEarly(word)) for (const report of told) tell(report)
              else Queue.offerUnsafe(early, told)
            }
          })
    })
  const keep = <R>(name: string, loop: Effect.Effect<unknown, never, R | Scope.Scope>) =>
    Effect.forkScoped(keepRunning(`the observer of the ${name}`)(Effect.scoped(loop)))
  yield* keep("output", Effect.flatMap(begun, listening))
  yield* keep("echo", witnessEcho(witnessing))
  yield* keep("suspension", witnessSuspension(witnessing))
  if (evidence.transcript !== null) yield* keep("transcript", witnessTranscript(witnessing, evidence.transcript))
  if (evidence.transcript === "codex") yield* keep("conversation", witnessConversation(witnessing))
  if (evidence.status !== null) yield* keep("status file", witnessStatus(witnessing))
  if (screen.length > 0) yield* keep("screen", witnessScreen(witnessing, screen))
})

/** Nothing was drawn for a while; something may move for ever, and is not waited for. */
const settled = Effect.fnUntraced(function* (session: string) {
  const output = yield* Output
  for (let looks = 0; looks < 10; looks++) {
    const end = yield* output.end(session)
    yield* Effect.sleep(limits.composerSettleMs)
    if ((yield* output.end(session)) === end) return
  }
})

/** A title says that something is asked, and not what. */
const withoutText = (word: Observation | null): Observation | null =>
  word?.type === "Activity" && word.question !== null ? { ...word, question: { ...word.question, text: "" } } : word
