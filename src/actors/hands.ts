/** What a session does to the world: launches, writes, signals, sweeps. Nothing here waits in the session's way; the world answers by reports. */
import { Clock, Context, Deferred, Effect, Exit, FiberSet, Latch, Schedule, Schema, Scope } from "effect"
import type { SessionEffect } from "../domain/effects.ts"
import { type Fact, WriteRefusal } from "../domain/facts.ts"
import { limits } from "../domain/limits.ts"
import { answerOn, answerTo } from "../domain/providers/answering.ts"
import { agentOf } from "../domain/providers/index.ts"
import { readScreen } from "../domain/providers/screen.ts"
import { insideOf, lifeOf, mayRun, type Session } from "../domain/session.ts"
import type { AgentFiles, AgentFilesFailure } from "../infra/agents/agent-files.ts"
import type { Evidence } from "../infra/evidence/evidence.ts"
import type { Transcripts } from "../infra/evidence/transcripts.ts"
import type { HookProgram } from "../infra/hook/hook-program.ts"
import { keepRunning } from "../infra/keep-running.ts"
import { EventStore } from "../infra/log/event-store.ts"
import type { Output } from "../infra/output/output.ts"
import {
  type HolderLink,
  HolderUnavailable,
  type LaunchFailure,
  type LaunchRef,
  Runtime,
  type StopOrder,
  type Submitted
} from "../infra/runtimes/runtime.ts"
import type { Answering } from "../infra/screens/answering.ts"
import { Screens } from "../infra/screens/screens.ts"
import type { Secrets, SecretsFailure } from "../infra/secrets.ts"
import { Texts } from "../infra/texts.ts"
import { type Attendance, attendIn, type Found } from "./attendance.ts"
import { orderOf, prepare } from "./launching.ts"
import type { Leases } from "./leases.ts"
import type { Tell } from "./letter.ts"
import { makeNews } from "./news.ts"
import type { Recognised } from "./observing.ts"
import { makePendingWrites, type PendingWrites } from "./pending-writes.ts"
import { isRepeatOf, typedBytes, typedText } from "./typed-text.ts"
import { witnessHooks } from "./witness-hooks.ts"
import { witness } from "./witnesses.ts"

export interface Hands {
  /** `bytes`: what the `Write` types that the effect came from. */
  readonly perform: (effect: SessionEffect, bytes: Uint8Array | null) => Effect.Effect<void>
  /** Takes the launch of an earlier daemon up again. */
  readonly attend: (leftAt: number) => Effect.Effect<Found>
  readonly writes: PendingWrites
  /** To be called with every fact once it is durable. */
  readonly recorded: (facts: ReadonlyArray<Fact>) => void
  /** The hash of the prompt that an agent repeats, or of whatever text it is. */
  readonly recognise: (text: string) => Recognised
  readonly type: (bytes: Uint8Array) => Effect.Effect<void, HolderUnavailable>
  /** False where no holder takes the order now. */
  readonly orderStop: (mode: "stop" | "kill", order: StopOrder) => Effect.Effect<boolean>
  /** The daemon is with the holder of the present launch, and observes its agent. */
  readonly hears: () => boolean
  /** The session has all that the holder of the present launch had recorded when it was reached. */
  readonly isCaughtUp: () => boolean
  /** The newest output offset that is known of. */
  readonly offset: () => number
}

/** What its work needs of the world. */
export type HandsServices =
  | Runtime
  | Output
  | Secrets
  | Texts
  | EventStore
  | AgentFiles
  | HookProgram
  | Evidence
  | Transcripts
  | Answering
  | Screens

/** Everything it starts ends with the scope; agents live on. `session` is as it is when an effect is performed. */
export const makeHands = Effect.fnUntraced(function* (id: string, session: () => Session, tell: Tell, leases: Leases) {
  const context = () => session().context
  const runtime = yield* Runtime
  const texts = yield* Texts
  const store = yield* EventStore
  const screens = yield* Screens
  const scope = yield* Scope.Scope
  const fibers = yield* FiberSet.make<void>()
  // Without the scope that comes with it: what starts for one connection is to end with that one.
  const services = Context.omit(Scope.Scope)(yield* Effect.context<HandsServices>())
  const writes = makePendingWrites()
  yield* Effect.addFinalizer(() => Effect.sync(writes.abandon))
  /** Closed while a launch is on its way: what it makes is not there yet, and a sweep would not find it. */
  const launches = Latch.makeUnsafe(true)
  let arrival = Deferred.makeUnsafe<void>()
  let attended: { readonly attendance: Attendance; readonly scope: Scope.Closeable } | null = null

  /** If the epoch cannot be read now, assume that this daemon still owns the log. */
  const isOurs = Effect.orElseSucceed(store.isNewest, () => true)

  const refOf = (generation: number, nonce: string): LaunchRef => ({ session: id, generation, nonce })
  const link = (generation: number) => (attended?.attendance.ref.generation === generation ? attended.attendance.link() : null)
  const background = (work: Effect.Effect<void>) => Effect.asVoid(FiberSet.run(fibers, work, { startImmediately: true }))

  const news = makeNews()

  /** The prompt that the agent repeats, however it has trimmed it; any other text is only itself. */
  const recognise: Hands["recognise"] = (repeated) => {
    for (const { attachments = [], hash, stage } of context().prompts) {
      if (stage !== "submitted" && stage !== "written" && stage !== "claimed") continue
      const text = Effect.runSync(Effect.option(texts.read(hash)))
      if (text._tag === "None") continue
      const typed = typedText(
        context(),
        text.value,
        attachments.map(({ path }) => path)
      )
      if (isRepeatOf(repeated, typed)) return { hash, ours: true }
    }
    const hash = texts.hash(repeated)
    return Effect.runSync(Effect.isSuccess(texts.read(hash))) ? { hash, ours: true } : { hash }
  }

  const connected = () => {
    Deferred.doneUnsafe(arrival, Exit.void)
    arrival = Deferred.makeUnsafe()
  }

  /** A launch is on its way, or its holder is being reached again: a client that types now need not type again. */
  const isComing = () => mayRun(lifeOf(session())) && insideOf(session()) !== "reaping"

  const type: Hands["type"] = (bytes) =>
    Effect.suspend(() => {
      const holder = link(context().generation)
      if (holder !== null) return holder.type(bytes)
      const gone = Effect.fail(new HolderUnavailable({ reason: "gone", message: "no process is up" }))
      if (!isComing()) return gone
      return Deferred.await(arrival).pipe(
        Effect.timeoutOrElse({ duration: limits.launchMs, orElse: () => gone }),
        Effect.andThen(type(bytes))
      )
    })

  /** To the newest size: a terminal that is not there yet gets it as soon as it is. */
  const resize = (generation: number): Effect.Effect<void, HolderUnavailable> =>
    Effect.suspend(() => {
      const holder = link(generation)
      if (holder !== null) return holder.resize(context().spec.size)
      return context().generation === generation && isComing() ? Effect.andThen(Deferred.await(arrival), resize(generation)) : Effect.void
    })

  const leave = Effect.suspend(() => {
    const left = attended
    attended = null
    return left === null ? Effect.void : Scope.close(left.scope, Exit.void)
  })

  const begin = Effect.fnUntraced(function* (ref: LaunchRef, leftAt: number | null) {
    yield* leave
    const own = yield* Scope.fork(scope)
    const attendance = yield* Effect.provideContext(
      attendIn(own, {
        ref,
        process: () => context().process,
        journaled: () => context().holderSeq,
        tell,
        leftAt,
        connected,
        witness: (answerFrom, reply) =>
          witness({
            obstacle: Effect.suspend(() => link(ref.generation)?.obstacle ?? Effect.succeed(null)),
            ...{ session: id, generation: ref.generation, context, news, tell, recognise, reply, answerFrom },
            from: () => context().activity.evidenceOffset ?? context().offset,
            isFresh: answerFrom === 0
          }).pipe(Effect.provideContext(services))
      }),
      services
    )
    attended = { attendance, scope: own }
    const { hooks } = agentOf(context()).evidence
    if (hooks !== null) {
      const hearing = { session: id, generation: ref.generation, context, news, tell, recognise }
      yield* Effect.forkIn(
        Effect.provideContext(keepRunning("the observer of the hooks' spool")(witnessHooks(hearing, hooks)), services),
        own
      )
    }
    return attendance
  })

  const spawn = (ref: LaunchRef, executable: string) =>
    orderOf(ref, executable, context()).pipe(
      Effect.flatMap((order) => runtime.launch(order, isOurs)),
      Effect.andThen(begin(ref, null)),
      Effect.catch((failure) =>
        Effect.sync(() => tell({ type: "LaunchFailed", generation: ref.generation, code: failure.code, message: reasonOf(failure) }))
      ),
      Effect.provideContext(services)
    )

  /** `null`: another report was made. When the connection went before the answer came, the holder is asked as soon as it is reached again: it remembers. */
  const settled = (generation: number, writeId: string, write: (holder: HolderLink) => Effect.Effect<Typed | null>) =>
    Effect.suspend(() => {
      const holder = link(generation)
      return Effect.map(holder === null ? Effect.succeed<Typed>({ outcome: "not_written" }) : write(holder), (typed) => {
        const known = typed?.outcome !== "uncertain" || link(generation) === holder
        if (typed !== null && known) tell({ type: "WriteSettled", generation, writeId, ...settling(typed) })
      })
    })

  /** Text, a pause, Enter: one operation of the holder, which no client's keys can come between. An answer is a key or two. */
  const deliver = ({ answers, generation, hash, paths = [], promptId, writeId }: DeliverPrompt) => {
    const undeliverable = (code: string) =>
      Effect.sync(() => {
        tell({ type: "PromptUndeliverable", generation, promptId, code })
        return null
      })
    /** A stopped agent goes on some time, and a password is typed some time: the prompt waits until then. A long line stays long. */
    const refused = ({ outcome, ...typed }: Typed | { readonly outcome: "echo_stays_off" }) => {
      if (outcome === "echo_stays_off") return undeliverable("echo_off")
      if (outcome === "suspended") tell({ type: "SuspensionObserved", generation, suspended: true })
      if (outcome === "echo_off") tell({ type: "EchoObserved", generation, echo: false })
      return outcome === "line_too_long" ? undeliverable(outcome) : Effect.succeed<Typed>({ ...typed, outcome })
    }
    /** A question that has opened since the claim would take the text. */
    const isInTheWay = () => {
      const { activity, prompts } = context()
      return activity.value === "waiting" && activity.asked?.id !== prompts.find(({ id }) => id === promptId)?.answers
    }
    const submit = (holder: HolderLink, text: string) => {
      const typed = typedText(context(), text, paths)
      // A session without a screen has no known modes.
      return Effect.orElseSucceed(screens.modes(id, context().spec.size), () => null).pipe(
        Effect.flatMap((modes) =>
          onceTaken(
            holder,
            Effect.suspend(() =>
              isInTheWay()
                ? Effect.delay(Effect.succeed<Submitted>({ outcome: "not_written" }), limits.typeAgainMs)
                : holder.submit(writeId, typedBytes(context(), typed, modes), enterAfterMs(typed))
            )
          )
        ),
        Effect.flatMap(({ outcome, ...typed }) =>
          outcome === "unsupported" ? undeliverable("holder_too_old") : refused({ ...typed, outcome })
        )
      )
    }
    const reply = Effect.fnUntraced(function* (holder: HolderLink, text: string) {
      if (isOpen(promptId) && agentOf(context()).answers !== null) yield* untilStill(promptId)
      const { asked } = context().activity
      if (!isOpen(promptId) || asked === undefined) return yield* undeliverable("question_closed")
      const screen = yield* Effect.orElseSucceed(screens.seen(id, context().spec.size), () => null)
      const given = screen === null ? answerTo(agentOf(context()), asked, text, null) : answerOn(screen, agentOf(context()), asked, text)
      switch (given.type) {
        case "keys":
          return yield* Effect.flatMap(holder.write(writeId, new TextEncoder().encode(given.keys)), (outcome) => refused({ outcome }))
        case "noSuchChoice":
          return yield* undeliverable("no_such_choice")
        case "otherQuestion":
          return yield* undeliverable("question_closed")
        case "text":
          return yield* submit(holder, text)
      }
    })
    return texts.read(hash).pipe(
      Effect.flatMap((text) => settled(generation, writeId, (holder) => (answers ? reply(holder, text) : submit(holder, text)))),
      Effect.catchTag("TextMissing", () => undeliverable("text_missing"))
    )
  }

  /** The question that the prompt answers, right before it is typed: what came between would take the keys. */
  const isOpen = (promptId: string) => {
    const { activity, prompts } = context()
    const question = prompts.find(({ id }) => id === promptId)?.answers
    return activity.value === "waiting" && activity.asked?.id === question
  }

  /** A question is reported before it is drawn, and one that has just been drawn swallows keys in some agents. */
  const untilDrawn = Effect.gen(function* () {
    const { answers, evidence } = agentOf(context())
    const drawn: Effect.Effect<void> = Effect.suspend(() => {
      const { asked } = context().activity
      const isToBeDrawn = asked?.choices.length === 0 && evidence.screen.some(({ question }) => question === asked.kind)
      return isToBeDrawn ? Effect.andThen(news.next, drawn) : Effect.void
    })
    const screen = yield* Effect.orElseSucceed(screens.seen(id, context().spec.size), () => null)
    // A question that stands there without choices takes a text.
    const seen = screen === null ? null : readScreen(evidence.screen, screen)
    const takesText = seen?.type === "Activity" && seen.question?.choices.length === 0
    if (!takesText) yield* Effect.timeoutOption(drawn, limits.questionDrawnMs)
    const sinceMs = (yield* Clock.currentTimeMillis) - context().activity.at
    yield* Effect.sleep(Math.max(0, (answers?.settleMs ?? 0) - sinceMs))
  })

  /** A source that speaks meanwhile may take the choices away until they are drawn: then the wait begins again. */
  const untilStill = Effect.fnUntraced(function* (promptId: string) {
    for (let looks = 0; looks < mostLooks && isOpen(promptId); looks++) {
      const before = context().activity
      yield* untilDrawn
      if (context().activity === before) return
    }
  })

  /** One key, and again where the first only warns; the second is no other interrupt. */
  const interrupt = (holder: HolderLink, writeId: string) => {
    const { interrupt: key, interruptAgainMs } = agentOf(context())
    const press = (id: string) => holder.write(id, new TextEncoder().encode(key))
    return Effect.tap(press(writeId), (outcome) =>
      outcome === "written" && interruptAgainMs !== null
        ? background(Effect.asVoid(Effect.delay(press(`${writeId}.again`), interruptAgainMs)))
        : Effect.void
    )
  }

  /** Terminals take a large paste in pieces; 500 ms were enough for 100 kB in every agent that was measured. */
  const enterAfterMs = (text: string) => {
    const { enterAfterMs: pause } = agentOf(context()).submit
    return pause === 0 || text.length < largePasteChars ? pause : Math.max(pause, largePasteMs)
  }

  const perform: Hands["perform"] = (effect, bytes) => {
    switch (effect.type) {
      case "Prepare":
        return background(Effect.map(Effect.provideContext(prepare(id, context(), leases), services), tell))
      case "Spawn":
        launches.closeUnsafe()
        return background(
          Effect.ensuring(
            spawn(refOf(effect.generation, effect.nonce), effect.executable),
            Effect.sync(() => launches.openUnsafe())
          )
        )
      case "Write": {
        if (effect.kind === "interrupt")
          return background(settled(effect.generation, effect.writeId, (holder) => outcomeOf(interrupt(holder, effect.writeId))))
        // The bytes of an input live in the memory of the daemon that took it, and nowhere else.
        return background(
          bytes === null
            ? Effect.sync(() =>
                tell({ type: "WriteSettled", generation: effect.generation, writeId: effect.writeId, outcome: "not_written" })
              )
            : settled(effect.generation, effect.writeId, (holder) => outcomeOf(holder.write(effect.writeId, bytes)))
        )
      }
      case "DeliverPrompt":
        return background(deliver(effect))
      case "WithholdPrompt":
        return background(Effect.ignore(link(effect.generation)?.withhold(effect.writeId) ?? Effect.void))
      case "SettleWrite": {
        const holder = link(effect.generation)
        return holder === null
          ? Effect.void
          : background(
              holder.writeOutcome(effect.writeId).pipe(
                Effect.map((typed) =>
                  tell({ type: "WriteSettled", generation: effect.generation, writeId: effect.writeId, ...typed, asked: true })
                ),
                Effect.ignore
              )
            )
      }
      case "ResizeTerminal":
        return background(Effect.ignore(resize(effect.generation)))
      case "KillTool": {
        const { generation, nonce, pgid } = effect
        return background(
          Effect.map(runtime.killTool(refOf(generation, nonce), effect.process, pgid), (end) =>
            tell({ type: "ToolEnded", generation, pgid, pids: end?.pids ?? [], signal: end?.signal ?? null, left: end?.left ?? [] })
          )
        )
      }
      case "Continue":
        return background(runtime.proceed(refOf(effect.generation, effect.nonce), effect.process))
      case "RunLadder":
        return background(Effect.ignore(link(effect.generation)?.runLadder(effect.mode) ?? Effect.void))
      case "Sweep":
        return background(
          Effect.map(launches.whenOpen(runtime.sweep(refOf(effect.generation, effect.nonce), effect.process)), ({ swept }) =>
            tell({
              type: "Swept",
              generation: effect.generation,
              swept,
              lastSeenAt: attended?.attendance.lastSeenAt() ?? context().updatedAt
            })
          )
        )
      case "AcknowledgeExit": {
        const ref = refOf(effect.generation, effect.nonce)
        const holder = link(effect.generation)
        return background(
          (holder === null ? Effect.void : Effect.ignore(holder.acknowledgeExit)).pipe(
            Effect.andThen(Effect.suspend(() => (attended?.attendance.ref.generation === effect.generation ? leave : Effect.void))),
            Effect.andThen(runtime.discard(ref, true))
          )
        )
      }
    }
  }

  return {
    perform,
    attend: (leftAt) => {
      const { generation, nonce } = context()
      return Effect.flatMap(begin(refOf(generation, nonce), leftAt), ({ found }) => Deferred.await(found))
    },
    writes,
    recorded: (facts) => {
      writes.settle(facts)
      news.publish()
    },
    recognise,
    type,
    orderStop: (mode, order) =>
      Effect.suspend(() => {
        const holder = link(context().generation)
        return holder === null ? Effect.succeed(false) : Effect.isSuccess(holder.runLadder(mode, order))
      }),
    hears: () => link(context().generation) !== null,
    isCaughtUp: () => link(context().generation) !== null && attended?.attendance.isCaughtUp() === true,
    offset: () => Math.max(context().offset, attended?.attendance.link()?.offset() ?? 0)
  } satisfies Hands
})

const outcomeOf = <A extends Typed["outcome"]>(write: Effect.Effect<A>) => Effect.map(write, (outcome): Typed => ({ outcome }))

const isRefusal = Schema.is(WriteRefusal)

/** A holder that cannot say when the terminal echoes again is asked to type again, for a while. */
const onceTaken = Effect.fnUntraced(function* (holder: HolderLink, submit: Effect.Effect<Submitted>) {
  const first = yield* submit
  if (first.outcome !== "echo_off") return first
  if ((yield* Effect.orElseSucceed(holder.obstacle, () => null)) !== "unsupported") return first
  const last = yield* Effect.repeat(submit, {
    schedule: Schedule.spaced(limits.typeAgainMs),
    times: limits.typeWithinMs / limits.typeAgainMs,
    until: ({ outcome }) => outcome !== "echo_off"
  })
  return last.outcome === "echo_off" ? { outcome: "echo_stays_off" as const } : last
})

/** What became of an operation of the holder that types. */
interface Typed {
  readonly outcome: Exclude<Submitted["outcome"], "unsupported">
  readonly enteredAt?: number
}

const settling = ({ outcome, ...typed }: Typed) =>
  isRefusal(outcome) ? { outcome: "not_written" as const, why: outcome } : { ...typed, outcome }

type DeliverPrompt = Extract<SessionEffect, { readonly type: "DeliverPrompt" }>

/** How often a question may change while it is waited for. */
const mostLooks = 3
const largePasteChars = 6_000
const largePasteMs = 500

const reasonOf = (failure: LaunchFailure | SecretsFailure | AgentFilesFailure): string => {
  switch (failure._tag) {
    case "LaunchFailure":
      return failure.message
    case "SecretsFailure":
      return `environment: ${failure.code}`
    case "AgentFilesFailure":
      return `the agent's private files: ${failure.code}`
  }
}
