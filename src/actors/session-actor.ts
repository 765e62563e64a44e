/** One session, alive: takes one input at a time, makes it true in the log, acts on it, and only then says so. */
import { Clock, Deferred, Effect, Exit, Metric } from "effect"
import { type Accepted, allowed, earliest } from "../domain/decide/index.ts"
import type { DeadlineName } from "../domain/facts.ts"
import type { Input } from "../domain/inputs.ts"
import { limits } from "../domain/limits.ts"
import { agentOf } from "../domain/providers/index.ts"
import { type Session, stateName } from "../domain/session.ts"
import type { Moment } from "../domain/time.ts"
import { isLive, type SessionView, view } from "../domain/view.ts"
import { AgentFiles } from "../infra/agents/agent-files.ts"
import { BootClock } from "../infra/boot-clock.ts"
import { crashPoint } from "../infra/crash-points.ts"
import { AlreadyDone, EventStore, type StoreFailure } from "../infra/log/event-store.ts"
import { Output } from "../infra/output/output.ts"
import { Secrets } from "../infra/secrets.ts"
import { type Budget, makeBudget } from "./budget.ts"
import { makeClaims } from "./claims.ts"
import { Deciding } from "./deciding.ts"
import type { Folded } from "./fold.ts"
import { type Hands, makeHands } from "./hands.ts"
import type { Leases } from "./leases.ts"
import { type Letter, report, type Tell } from "./letter.ts"
import { isWord, type Mailbox, makeMailbox } from "./mailbox.ts"
import { toDecision } from "./recording.ts"
import { answeredBefore } from "./repeats.ts"
import { type Answer, PreconditionFailed, Refused, type SendError } from "./sessions.ts"

export interface SessionActor {
  readonly mailbox: Mailbox
  /** Takes away all that waits for an answer: what is held back, then the mailbox. */
  readonly waiting: () => ReadonlyArray<Letter>
  readonly view: () => SessionView
  readonly session: () => Session
  readonly hands: Hands
  /** What an agent may report of itself. */
  readonly reports: Budget
  readonly tell: Tell
  /** Runs until the session has been quiet and without any work for a while; fails only by a defect. */
  readonly live: Effect.Effect<void>
}

type Due = NonNullable<ReturnType<typeof earliest>>

/** A session at rest leaves the memory after this; a list, a get and its log do not need it. */
const passivateAfterMs = 30_000
/** The machine slept where its clocks are further apart than this; its agents slept too, and are given this time more. */
const sleptMs = 1_000
const wakeUpMs = 5_000
/** The longest sleep: after a suspend the boot clock has moved on and no timer has. */
const longestSleepMs = 60_000
/** The shortest: /proc/uptime moves in steps of 10 ms. */
const shortestSleepMs = 5

const decided = Metric.counter("reprise_inputs_total", { description: "Inputs by kind and outcome", incremental: true })

/** How long a log that takes nothing is left alone before it is tried again. */
const firstRetryMs = 100
const longestRetryMs = 5_000

export const makeSessionActor = Effect.fnUntraced(function* (
  id: string,
  folded: Folded,
  /** Called after each decision, with the session as it is in the log now. */
  recorded: (view: SessionView) => void,
  leases: Leases
) {
  const store = yield* EventStore
  const clock = yield* BootClock
  const output = yield* Output
  const decide = yield* Deciding
  const files = yield* AgentFiles
  const secrets = yield* Secrets
  let { checkpointed, seq, session } = folded
  let seen: SessionView | null = null
  const current = () => {
    seen ??= view(session, seq)
    return seen
  }
  const mailbox = yield* makeMailbox(() => ({ view: current(), repeated: false }))
  const tell: Tell = (told) => {
    const letter = report(told)
    mailbox.post(letter)
    return letter.reply
  }
  const claims = yield* makeClaims(id, () => session.context, leases)
  const hands = yield* makeHands(id, () => session, tell, mailbox, leases)

  /** Durable first, then acted upon. */
  const record = Effect.fnUntraced(function* (letter: Letter, input: Input, moment: Moment, accepted: Accepted) {
    const inputId = yield* clock.inputId
    const decision = toDecision({ id, seq, checkpointed, input, inputId, moment, asking: letter.asking }, accepted)
    crashPoint("decide.after")
    const appended = yield* store.append(decision)
    session = accepted.session
    seq = appended.seq
    checkpointed = decision.checkpoint?.seq ?? checkpointed
    const after = decision.row.view as SessionView
    seen = after
    recorded(after)
    if (isWord(letter.input)) mailbox.spend(accepted.steps.length, yield* clock.bootMs)
    crashPoint("effect.before")
    for (const effect of accepted.effects) yield* hands.perform(effect, letter.bytes)
    crashPoint("effect.after")
    hands.recorded(accepted.steps.map(({ fact }) => fact))
    // What a daemon that dies here leaves is removed by the next one.
    if (after.state === "terminated") yield* Effect.andThen(secrets.erase(id), files.remove(id))
  })

  /** A repeat that waited behind its original changes nothing and is answered like it, whatever the session would say now. */
  const unlessDone = Effect.fnUntraced(function* (letter: Letter) {
    if (letter.asking?.idempotency === undefined) return
    const { key, scope } = letter.asking.idempotency
    const done = yield* store.idempotent(scope, key)
    if (done !== null) return yield* new AlreadyDone({ requestHash: done.requestHash, response: done.response })
  })

  const answer = Effect.fnUntraced(function* (letter: Letter) {
    const expected = letter.asking?.ifMatch
    if (expected !== undefined && expected !== seq) {
      yield* unlessDone(letter)
      return yield* new PreconditionFailed({ session: id, expected, seq })
    }
    // The caller may have seen what the holder has not reported yet.
    const shown = letter.asking === null ? 0 : yield* output.end(id)
    const moment = yield* clock.moment(Math.max(hands.offset(), shown))
    const placed = yield* claims.placed(letter.input)
    const input = claims.owned(placed)
    const outcome = decide(session, input, moment)
    if (outcome._tag === "Accepted") claims.take(outcome)
    yield* Metric.update(Metric.withAttributes(decided, { input: letter.input.type, outcome: outcome._tag }), 1)
    if (outcome._tag !== "Accepted") yield* unlessDone(letter)
    if (outcome._tag === "Refusal")
      return yield* new Refused({
        session: id,
        seq,
        state: stateName(session),
        input: letter.input.type,
        code: outcome.code,
        detail: outcome.detail,
        allowed: allowed(session, moment)
      })
    if (outcome._tag === "Accepted") yield* record(letter, input, moment, outcome)
    crashPoint("reply.before")
    return { view: current(), repeated: false } satisfies Answer
  })

  /**
   * Command errors go to the caller. Log errors end the actor. False for a
   * report that the log could not take: no caller has an answer yet, and none would repeat it.
   */
  const attendTo = (letter: Letter): Effect.Effect<boolean> =>
    answer(letter).pipe(
      Effect.catchTag("AlreadyDone", (done) => answeredBefore(done, letter.asking ?? {})),
      Effect.catchTags({ VersionConflict: Effect.die, EpochFenced: Effect.die }),
      Effect.catchTag("StoreFailure", (failure) =>
        letter.asking === null && failure.outcome === "absent" ? notTaken(failure) : Effect.fail(failure)
      ),
      Effect.onExit((exit) =>
        Effect.sync(() => {
          if (Exit.isSuccess(exit) && exit.value === "not_taken") return
          Deferred.doneUnsafe(letter.reply, exit as Exit.Exit<Answer, SendError>)
        })
      ),
      Effect.map((outcome) => outcome !== "not_taken"),
      Effect.catchTag("StoreFailure", (failure) => (failure.outcome === "unknown" ? Effect.die(failure) : Effect.succeed(true))),
      Effect.catch(() => Effect.succeed(true))
    )

  const notTaken = (failure: StoreFailure) =>
    Effect.as(Effect.logWarning("the log takes nothing now; a report is held back", failure.code), "not_taken" as const)

  /** Reports that the log could not take, in their order; words wait in the mailbox. Commands pass them: their callers learn how the log is. */
  const held: Array<Letter> = []
  let retryAtMs = 0
  let tries = 0

  const holdBack = Effect.fnUntraced(function* (letter: Letter) {
    held.push(letter)
    mailbox.holdWords(true)
    retryAtMs = (yield* clock.bootMs) + Math.min(longestRetryMs, firstRetryMs * 2 ** tries)
    tries += 1
  })

  const redeliver = Effect.gen(function* () {
    for (let letter = held.shift(); letter !== undefined; letter = held.shift()) {
      if (yield* attendTo(letter)) continue
      const later = held.splice(0)
      yield* holdBack(letter)
      held.push(...later)
      return
    }
    tries = 0
    mailbox.holdWords(false)
  })

  const isUp = () => session.context.process !== null
  /** What the agent did while no daemon listened is still being read when an actor starts, and the machine may have slept just then. */
  let heardFromMs = isUp() ? (yield* clock.bootMs) + wakeUpMs : 0
  /** That an agent lived for so long needs no word of the agent, only that the journal reports no end. */
  const isKnown = (name: DeadlineName) => name === "ready" && agentOf(session.context).ready.aliveMs !== null && hands.isCaughtUp()
  const dueMs = ({ deadline, name }: Due) => (isUp() && !isKnown(name) ? Math.max(deadline.bootMs, heardFromMs) : deadline.bootMs)
  /** How far the clock that goes on while the machine sleeps is before the one that does not. */
  const ahead = (bootMs: number) => Effect.map(Clock.monotonicTimeNanos, (nanos) => bootMs - Number(nanos) / 1e6)
  let aheadMs = yield* ahead(yield* clock.bootMs)
  const sinceBoot = Effect.gen(function* () {
    const bootMs = yield* clock.bootMs
    const nowAheadMs = yield* ahead(bootMs)
    if (nowAheadMs - aheadMs > sleptMs) heardFromMs = bootMs + wakeUpMs
    aheadMs = nowAheadMs
    return bootMs
  })
  const deadlineReached = () => report({ type: "DeadlineReached", ...(isUp() && !hands.hears() ? { deaf: true } : {}) })

  const within = (ms: number) => Effect.timeoutOption(Math.min(longestSleepMs, Math.max(shortestSleepMs, ms)))

  /** A letter, or a deadline of the session's own; null when there has been neither for a while and none is to be expected. */
  const next = Effect.gen(function* () {
    for (;;) {
      const nowMs = yield* sinceBoot
      if (held.length > 0 && nowMs >= retryAtMs) yield* redeliver
      const posted = mailbox.poll(nowMs)
      if (posted !== undefined) return posted
      if (held.length > 0) {
        // Deadlines wait too: their passing is a report like those that are held back.
        yield* mailbox.arrival.pipe(within(retryAtMs - nowMs))
        continue
      }
      const due = earliest(session.context.deadlines)
      const wordMs = mailbox.wordDueInMs(nowMs)
      if (due === null && wordMs === null && isLive(session)) {
        yield* mailbox.arrival
        continue
      }
      const deadlineMs = due === null ? passivateAfterMs : dueMs(due) - nowMs
      const arrived = yield* mailbox.arrival.pipe(within(Math.min(deadlineMs, wordMs ?? deadlineMs)))
      if (arrived._tag === "Some") continue
      if (due !== null && (yield* sinceBoot) >= dueMs(due)) return deadlineReached()
      if (due === null && wordMs === null) return null
    }
  })

  const live = Effect.gen(function* () {
    for (let letter = yield* next; letter !== null; letter = yield* next) {
      if (letter.asking === null && held.length > 0) held.push(letter)
      else if (!(yield* attendTo(letter))) yield* holdBack(letter)
    }
  }).pipe(Effect.annotateLogs({ session: id }))

  const waiting = () => [...held.splice(0), ...mailbox.clear()]

  const reports = makeBudget(limits.reportsBurst, limits.reportsPerSecond)
  return { mailbox, waiting, reports, view: current, session: () => session, hands, tell, live } satisfies SessionActor
})
