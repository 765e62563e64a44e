/** The sessions of this home: created, reached, watched and recovered; the only writer of their streams. */
import { Clock, Deferred, Effect, Layer, Stream } from "effect"
import { makeComposer } from "../domain/composer.ts"
import { decideCreate } from "../domain/decide/index.ts"
import { SessionId } from "../domain/ids.ts"
import type { Command } from "../domain/inputs.ts"
import { limits } from "../domain/limits.ts"
import { observedBy } from "../domain/providers/bounded.ts"
import { readHook } from "../domain/providers/hooks/index.ts"
import { agentOf } from "../domain/providers/index.ts"
import { mayRun } from "../domain/session.ts"
import { type SessionView, view } from "../domain/view.ts"
import { BootClock } from "../infra/boot-clock.ts"
import { crashPoint } from "../infra/crash-points.ts"
import { HookTokens } from "../infra/hook/tokens.ts"
import { keepRunning } from "../infra/keep-running.ts"
import { type Entry, EventReader, EventStore, StoreFailure } from "../infra/log/event-store.ts"
import type { Providers } from "../infra/providers/providers.ts"
import { HolderUnavailable, Runtime } from "../infra/runtimes/runtime.ts"
import { Secrets } from "../infra/secrets.ts"
import { Texts } from "../infra/texts.ts"
import { makeAdmission } from "./admission.ts"
import { firstPrompt, type Planned, plan } from "./creation.ts"
import type { Fencing } from "./fencing.ts"
import { type Folded, fold, step } from "./fold.ts"
import { type Admit, makeForking } from "./forking.ts"
import type { HandsServices } from "./hands.ts"
import { Leasing } from "./leases.ts"
import { type Letter, request as letterOf, report } from "./letter.ts"
import { mendRows } from "./list-rows.ts"
import { makeMoving } from "./moving.ts"
import { reportsOf } from "./observing.ts"
import { looksAgain, sweepAgain } from "./outliving.ts"
import type { WriteOutcome } from "./pending-writes.ts"
import { makePrompting } from "./prompting.ts"
import { toDecision } from "./recording.ts"
import { keepSettling, recover, removeRemains } from "./recovery.ts"
import { answeredBefore, outcomeOfInput } from "./repeats.ts"
import { leavingCode, makeResidents } from "./residents.ts"
import {
  type Answer,
  type Asking,
  ConversationInUse,
  HookRefused,
  InputNotWritten,
  OverCapacity,
  Quarantined,
  SessionNotFound,
  Sessions
} from "./sessions.ts"
import { sleepersAmong, wakeWhenDue } from "./sleepers.ts"
import { stopOf, stopWithoutLog } from "./stop-without-log.ts"
import { keepLooking, troublesOf } from "./troubles.ts"
import { makeTrusting } from "./trusting.ts"

export interface RegistryOptions {
  /** Most sessions with a process at once. */
  readonly liveSessions: number
  /** What children inherit from, by the allow-list. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Ready when start-up has settled every session that it expected. */
export const layer = (options: RegistryOptions) => Layer.effect(Sessions, make(options))

type Services = EventReader | BootClock | HandsServices | HookTokens | Providers | Fencing

const make = Effect.fn("Sessions.make")(function* (options: RegistryOptions) {
  const store = yield* EventStore
  const reader = yield* EventReader
  const clock = yield* BootClock
  const secrets = yield* Secrets
  const runtime = yield* Runtime
  const services = yield* Effect.context<Services>()
  const texts = yield* Texts
  const admission = makeAdmission(options.liveSessions)
  const leases = (yield* Leasing)()
  const trusting = makeTrusting()
  const observe = (after: SessionView) => {
    admission.observe(after.id, after.state)
    leases.observe(after)
    trusting.observe(after)
  }
  yield* mendRows
  // Before anything is recovered: a session that lives has its conversation, also while it was not reached yet.
  const live = yield* reader.live
  for (const { view } of live) {
    leases.observe(view as SessionView)
    trusting.observe(view as SessionView)
  }
  const residents = yield* makeResidents(observe, yield* reader.quarantined, leases)
  const sleepers = yield* sleepersAmong(live)
  const recovery = yield* recover(residents, live, sleepers)
  yield* Effect.forkScoped(keepRunning("the waking of sessions that are due")(wakeWhenDue(sleepers, residents)))
  yield* Effect.forkScoped(keepRunning("the look at what is left of launches")(keepSettling(residents)))
  yield* Effect.forkScoped(keepRunning("the look at live launches")(keepLooking(residents)))
  yield* Effect.forkScoped(keepRunning("the removal of private files")(removeRemains))

  /** The answer to an earlier request with the same key, if there was one. */
  const repeated = Effect.fnUntraced(function* (asking: Asking) {
    if (asking.idempotency === undefined) return null
    const { key, scope } = asking.idempotency
    const before = yield* store.idempotent(scope, key)
    if (before === null) return null
    return yield* answeredBefore(before, asking)
  })

  const create: Sessions["Service"]["create"] = Effect.fn("Sessions.create")(function* (request, asking) {
    const before = yield* repeated(asking)
    if (before !== null) return before
    const id = SessionId.make(yield* clock.sessionId)
    const planned = yield* Effect.provideContext(plan(id, request, options.environment), services)
    return yield* admit(id, planned, request.prompt, asking)
  })

  /** One more session, if there is room for it and no other has its conversation. */
  const admit: Admit = Effect.fnUntraced(function* (id, planned, prompt, asking) {
    const conversation = planned.beginnings.beginning?.id ?? null
    const holder = leases.heldByAnother(id, planned.spec.provider, conversation)
    if (holder !== null) return yield* new ConversationInUse({ conversation: conversation ?? "", holder })
    const first = prompt === undefined ? {} : { prompt: firstPrompt(planned, yield* keep(prompt), prompt) }
    return yield* admission.admit(id, admitted(id, { ...planned, beginnings: { ...planned.beginnings, ...first } }, asking))
  })

  const keep = (text: string) =>
    Effect.catchTag(texts.keep(text), "TextNotKept", ({ cause, code }) =>
      Effect.fail(new StoreFailure({ operation: "keep the prompt's text", code, outcome: "absent", cause }))
    )

  const admitted = Effect.fnUntraced(function* (id: SessionId, { beginnings, environment, spec }: Planned, asking: Asking) {
    const moment = yield* clock.moment(0)
    const accepted = decideCreate(id, spec, asking.by, moment, beginnings)
    const inputId = yield* clock.inputId
    // Beside the log and before it: a session in the log can always be launched.
    yield* secrets.keep(id, environment).pipe(
      Effect.tapError(() => secrets.forget(id)),
      Effect.catchTag("SecretsFailure", ({ cause, code }) =>
        Effect.fail(new StoreFailure({ operation: "keep the environment", code, outcome: "absent", cause }))
      )
    )
    const decision = toDecision({ id, seq: 0, checkpointed: 0, input: { type: "Create" }, inputId, moment, asking }, accepted)
    const appended = yield* store.append(decision).pipe(
      Effect.tapError((failure) =>
        failure._tag === "StoreFailure" && failure.outcome === "unknown" ? residents.takeUp(id) : secrets.forget(id)
      ),
      Effect.catchTags({
        AlreadyDone: (done) => answeredBefore(done, asking),
        VersionConflict: Effect.die,
        EpochFenced: Effect.die
      })
    )
    if ("repeated" in appended) return appended
    crashPoint("create.after_append")
    const session = accepted.session
    const after = view(session, appended.seq)
    observe(after)
    yield* residents.begin(id, { session, seq: appended.seq, checkpointed: 0 }, accepted.effects)
    return { view: after, repeated: false } satisfies Answer
  }, Effect.uninterruptible)

  const deliver = Effect.fnUntraced(function* (id: string, command: Command, asking: Asking, bytes: Uint8Array | null) {
    const before = yield* repeated(asking)
    if (before !== null) return before
    const letter = letterOf(command, asking, bytes)
    yield* residents.post(id, letter)
    return yield* Deferred.await(letter.reply)
  })

  const send: Sessions["Service"]["send"] = Effect.fn("Sessions.send")((id, command, asking) => {
    const asked = deliver(id, command, asking, null)
    const sent = looksAgain(command)
      ? Effect.flatMap(swept(id, command, asking), (answer) => (answer === null ? asked : Effect.succeed(answer)))
      : asked
    if (command.type === "ReportState") return Effect.andThen(withinBudget(id), sent)
    if (launches(command)) return admission.admit(id, unlessHeld(id, sent))
    const stop = stopOf(command)
    if (stop === null) return sent
    // A daemon on its way out leaves the stop to the next one, which the caller can ask.
    const anyway = (failure: StoreFailure | Quarantined) =>
      failure._tag === "StoreFailure" && failure.code === leavingCode
        ? Effect.fail(failure)
        : Effect.provideContext(stopWithoutLog(id, stop, residents.peek(id), failure), services)
    return Effect.catchTags(sent, { StoreFailure: anyway, Quarantined: anyway })
  })

  /** The answer to a kill that found something to end; null where the command itself is still to be decided on. */
  const swept = Effect.fnUntraced(function* (id: string, command: Command, asking: Asking) {
    const view = yield* Effect.orElseSucceed(get(id), () => null)
    if (view?.state !== "ended") return null
    const count = yield* Effect.provideContext(sweepAgain(view), services)
    if (count === 0) return null
    const isKill = command.type === "Kill"
    const answer = yield* deliver(id, { type: "EndLeftovers", by: asking.by, swept: count }, isKill ? asking : { by: asking.by }, null)
    return isKill ? answer : null
  })

  /** Each report is a fact: an agent that reports without end fills no log. */
  const withinBudget = Effect.fnUntraced(function* (id: string) {
    const { reports } = yield* residents.actor(id)
    const nowMs = yield* clock.bootMs
    if (!reports.hasRoom(nowMs)) return yield* new OverCapacity({ limit: "reports", maximum: limits.reportsBurst })
    reports.spend(1, nowMs)
  })

  /** Early, so that the caller learns of it; the launch itself looks again. */
  const unlessHeld = <A, E, R>(id: string, then: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      const view = residents.peek(id)?.view() ?? ((yield* reader.row(id))?.view as SessionView | undefined)
      const conversation = view?.conversation?.id ?? null
      const holder = view === undefined || mayRun(view.state) ? null : leases.heldByAnother(id, view.provider, conversation)
      if (holder !== null) return yield* new ConversationInUse({ conversation: conversation ?? "", holder })
      return yield* then
    })

  /** Only the present launch and the one before it are asked for: what an older one reports changes nothing. */
  const hookGeneration: Sessions["Service"]["hookGeneration"] = Effect.fn("Sessions.hookGeneration")(function* (id, token) {
    const { isTokenOf } = yield* Effect.provideContext(HookTokens, services)
    const view = yield* Effect.catchTag(get(id), "SessionNotFound", () => Effect.succeed(null))
    const newest = view?.generation ?? 0
    const generation = [newest, newest - 1].find((each) => each > 0 && isTokenOf(id, each, token))
    return generation === undefined ? yield* new HookRefused({ session: id }) : generation
  })

  const hook: Sessions["Service"]["hook"] = Effect.fn("Sessions.hook")(function* (id, token, call) {
    if (call.generation !== (yield* hookGeneration(id, token))) return yield* new HookRefused({ session: id })
    const actor = yield* residents.actor(id)
    const { hooks } = agentOf(actor.session().context).evidence
    if (hooks === null) return
    const observations = readHook(hooks, call.event, call.payload)
    const observedAt = observedBy(call.at, yield* Clock.currentTimeMillis)
    const reports = reportsOf({ generation: call.generation, source: "hook", observedAt, recognise: actor.hands.recognise }, observations)
    const letters = reports.map(report)
    for (const letter of letters) yield* residents.post(id, letter)
    // What the log did not take has to be reported again: the hook learns of it, and leaves its word behind.
    const taken = ({ reply }: Letter) =>
      Effect.catch(Deferred.await(reply), (error) => (error._tag === "StoreFailure" ? Effect.fail(error) : Effect.void))
    yield* Effect.forEach(letters, taken, { discard: true })
  })

  const write: Sessions["Service"]["write"] = Effect.fn("Sessions.write")(function* (id, bytes, asking) {
    const writeId = yield* clock.inputId
    const { hands } = yield* residents.actor(id)
    const outcome = hands.writes.expect(writeId)
    const empties = makeComposer()(bytes) === "empty" ? { empties: true as const } : {}
    const answer = yield* deliver(id, { type: "Write", by: asking.by, writeId, bytes: bytes.length, ...empties }, asking, bytes).pipe(
      Effect.tapError(() => Effect.sync(() => hands.writes.forget(writeId)))
    )
    if (answer.repeated) hands.writes.forget(writeId)
    const settled = yield* Effect.timeoutOrElse(answer.repeated ? outcomeOfInput(reader, answer.view) : outcome, {
      duration: limits.inputAnswerMs,
      orElse: () => undecided(id)
    })
    return settled === "written" ? answer : yield* new InputNotWritten({ session: id, ...failureOf(settled) })
  })

  /** The terminal may take it yet: an agent that does not read keeps its terminal full, and a stopped holder takes nothing. */
  const undecided = Effect.fnUntraced(function* (id: string) {
    const { generation, nonce } = (yield* residents.actor(id)).session().context
    const trouble = yield* runtime.trouble({ session: id, generation, nonce })
    const why = trouble ?? "the agent may not read its terminal"
    const detail = `the terminal has not taken the input within ${limits.inputAnswerMs / 1_000} s, and may take it yet: ${why}`
    return yield* new InputNotWritten({ session: id, code: "uncertain", detail })
  })

  const get: Sessions["Service"]["get"] = Effect.fn("Sessions.get")(function* (id) {
    const resident = residents.peek(id)
    if (resident !== undefined) return resident.view()
    const quarantined = residents.quarantined(id)
    if (quarantined !== undefined) return yield* quarantined
    const row = yield* reader.row(id)
    return row === null ? yield* new SessionNotFound({ session: id }) : (row.view as SessionView)
  })

  const attach: Sessions["Service"]["attach"] = Effect.fn("Sessions.attach")(function* (id, client, mode, asking) {
    let typedBytes = 0
    const { view: attached } = yield* Effect.acquireRelease(
      deliver(id, { type: "Attach", by: asking.by, client, mode }, asking, null),
      () => {
        // A report, for no caller would repeat it: a log that takes nothing now gets it once it does.
        const left = report({ type: "Detach", by: asking.by, client, typedBytes })
        // The daemon may be on its way out: then the next one detaches the clients that it finds attached.
        return Effect.ignore(Effect.timeoutOption(Effect.andThen(residents.post(id, left), Deferred.await(left.reply)), "2 seconds"))
      }
    )
    return {
      view: attached,
      type: (bytes: Uint8Array): Effect.Effect<void, HolderUnavailable> =>
        // An actor that is being restarted is waited for: keys are lost only where the client learns of it.
        residents.actor(id).pipe(
          Effect.mapError((error) => new HolderUnavailable({ reason: "silent", message: error.message })),
          Effect.flatMap(({ hands }) => hands.type(bytes)),
          Effect.tap(
            Effect.sync(() => {
              typedBytes += bytes.length
            })
          )
        )
    }
  })

  const tools: Sessions["Service"]["tools"] = Effect.fn("Sessions.tools")(function* (id) {
    const { session } = yield* residents.actor(id)
    const { generation, nonce, process } = session().context
    return process === null ? [] : yield* runtime.tools({ session: id, generation, nonce }, process)
  })

  const changes: Sessions["Service"]["changes"] = (id) =>
    Stream.unwrap(
      Effect.map(Effect.provideContext(fold(id), services), (folded) =>
        Stream.concat(
          Stream.succeed(view(folded.session, folded.seq)),
          reader.follow({ stream: id, after: folded.seq }).pipe(Stream.mapAccumArrayEffect(() => folded, decisions))
        ).pipe(Stream.takeUntil(({ state }) => state === "terminated"))
      )
    ).pipe(Stream.catchTag("Unfoldable", ({ reason, session }) => Stream.fail(new Quarantined({ session, reason }))))

  /** One view for each decision: between its facts the session is in no state that an observer may act on. */
  const decisions = Effect.fnUntraced(function* (before: Folded, entries: ReadonlyArray<Entry>) {
    const views: Array<SessionView> = []
    let after = before
    for (const [index, entry] of entries.entries()) {
      after = yield* step(after, entry)
      if (entries[index + 1]?.inputId !== entry.inputId) views.push(view(after.session, after.seq))
    }
    return [after, views] as const
  })

  const prompting = yield* makePrompting({ actor: residents.actor, send, get, repeated })
  yield* Effect.forkScoped(keepRunning("the answers to trust questions")(trusting.answer(prompting.prompt)))

  return Sessions.of({
    create,
    send,
    write,
    hook,
    hookGeneration,
    ...(yield* makeForking({ actor: residents.actor, admit, repeated })),
    ...prompting,
    ...(yield* makeMoving({ actor: residents.actor, send })),
    get,
    attach,
    tools,
    changes,
    recovery: Effect.succeed(recovery),
    troubles: Effect.provideContext(troublesOf(residents), services),
    resident: Effect.sync(residents.count)
  })
})

const failureOf = (outcome: Exclude<WriteOutcome, "written">) =>
  outcome === "not_written" || outcome === "uncertain" ? { code: outcome } : { code: "not_written" as const, why: outcome }

/** These may bring a process to life. */
const launches = ({ type }: Command) => type === "Resume" || type === "Prompt" || type === "Reload"
