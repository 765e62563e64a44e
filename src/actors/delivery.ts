/** Types into a session's terminal: prompts, answers, interrupts and input. What became of each comes back as a report. */
import { Clock, Effect, Schedule, Schema } from "effect"
import { isOwnWord } from "../domain/activity.ts"
import type { SessionEffect } from "../domain/effects.ts"
import { WriteRefusal } from "../domain/facts.ts"
import { limits } from "../domain/limits.ts"
import { answerOn, answerTo } from "../domain/providers/answering.ts"
import { agentOf } from "../domain/providers/index.ts"
import { readScreen } from "../domain/providers/screen.ts"
import { isHeldBack, type SessionContext } from "../domain/session-context.ts"
import type { HolderLink, Submitted } from "../infra/runtimes/runtime.ts"
import { Screens } from "../infra/screens/screens.ts"
import { Texts } from "../infra/texts.ts"
import type { Tell } from "./letter.ts"
import type { News } from "./news.ts"
import type { Recognised } from "./observing.ts"
import { isRepeatOf, typedBytes, typedText } from "./typed-text.ts"

type EffectOf<T extends SessionEffect["type"]> = Extract<SessionEffect, { readonly type: T }>

/** One handler for each effect. `bytes`: what a client types, which only the memory of this daemon has. */
export type EffectHandlers = {
  readonly [T in SessionEffect["type"]]: (effect: EffectOf<T>, bytes: Uint8Array | null) => Effect.Effect<void>
}

/** How much of what the agent has said the session knows. */
export interface Knowledge {
  /** The observers have read the output up to this offset, and what hooks left while no daemon was there. */
  readonly isRead: (offset: number) => boolean
  /** Words wait to be taken, for longer than a moment. */
  readonly isBehind: () => boolean
  readonly wordsTaken: Effect.Effect<void>
}

/** What typing needs of the session. `link`: the holder of that generation, or null while none is connected. */
export interface Typist {
  readonly id: string
  readonly context: () => SessionContext
  readonly link: (generation: number) => HolderLink | null
  readonly tell: Tell
  readonly news: News
  readonly knowledge: Knowledge
  readonly background: (work: Effect.Effect<void>) => Effect.Effect<void>
}

export const makeDelivery = Effect.fnUntraced(function* ({ background, context, id, knowledge, link, news, tell }: Typist) {
  const texts = yield* Texts
  const screens = yield* Screens

  /** The prompt that the agent repeats, however it has trimmed it; any other text is only itself. */
  const recognise = (repeated: string): Recognised => {
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

  /** `null`: another report was made. When the connection went before the answer came, the holder is asked as soon as it is reached again: it remembers. */
  const settled = (generation: number, writeId: string, write: (holder: HolderLink) => Effect.Effect<Typed | null>) =>
    Effect.suspend(() => {
      const holder = link(generation)
      const written = holder === null ? Effect.succeed<Typed>({ outcome: "not_written" }) : write(holder)
      // It is tried again at once, where nothing is in its way any more.
      const paced = Effect.tap(written, (typed) => (typed?.outcome === "not_written" ? Effect.sleep(limits.typeAgainMs) : Effect.void))
      return Effect.map(paced, (typed) => {
        const isThere = holder !== null && link(generation) === holder
        const settling = typed === null || (typed.outcome === "uncertain" && !isThere) ? null : settlingOf(typed)
        const asked = isThere && settling?.outcome === "not_written" ? { asked: true as const } : {}
        if (settling !== null) tell({ type: "WriteSettled", generation, writeId, ...settling, ...asked })
      })
    })

  /** Text, a pause, Enter: one operation of the holder, which no client's keys can come between. An answer is a key or two. */
  const deliver = ({ answers, generation, hash, paths = [], promptId, writeId }: EffectOf<"DeliverPrompt">) => {
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
    const isInTheWay = () => isHeldBack(context(), questionOf(promptId))
    /** The session knows of a question that the screen shows, or it shows none. */
    const untilRecognised: Effect.Effect<void> = Effect.suspend(() =>
      questionOf(promptId) !== undefined || isInTheWay()
        ? Effect.void
        : Effect.flatMap(showsQuestion, (shows) => (shows ? Effect.andThen(Effect.sleep(screenLookMs), untilRecognised) : Effect.void))
    )
    const submit = (holder: HolderLink, text: string) => {
      const typed = typedText(context(), text, paths)
      // A session without a screen has no known modes.
      return Effect.orElseSucceed(screens.modes(id, context().spec.size), () => null).pipe(
        Effect.flatMap((modes) =>
          onceTaken(
            holder,
            Effect.flatMap(Effect.timeoutOption(untilRecognised, limits.knownWithinMs), () =>
              isInTheWay()
                ? Effect.succeed<Submitted>({ outcome: "not_written" })
                : holder.submit(writeId, typedBytes(context(), typed, modes), enterAfterMs(typed), mayEnter(generation, promptId))
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
      const screen = yield* screenNow
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
      Effect.tap(() => untilKnown(generation)),
      Effect.flatMap((text) => settled(generation, writeId, (holder) => (answers ? reply(holder, text) : submit(holder, text)))),
      Effect.catchTag("TextMissing", () => undeliverable("text_missing"))
    )
  }

  const untilRead = (offset: number): Effect.Effect<void> =>
    Effect.suspend(() => (knowledge.isRead(offset) ? Effect.void : Effect.andThen(Effect.sleep(lookMs), untilRead(offset))))
  const untilTaken: Effect.Effect<void> = Effect.andThen(
    knowledge.wordsTaken,
    Effect.suspend(() => (knowledge.isBehind() ? Effect.andThen(Effect.sleep(limits.typeAgainMs), untilTaken) : Effect.void))
  )
  /**
   * The session knows what its agent has said until now. A flood of words may last: the prompt is claimed until then, and nothing of it is
   * typed. Output that is read so late says nothing of now, and is not waited for.
   */
  const untilKnown = (generation: number) =>
    Effect.suspend(() => untilRead(link(generation)?.offset() ?? 0)).pipe(
      Effect.timeoutOption(limits.knownWithinMs),
      Effect.andThen(untilTaken)
    )

  /** Nothing but the agent's composer, or the question that the prompt answers, would take its Enter. */
  const mayEnter = Effect.fnUntraced(function* (generation: number, promptId: string) {
    yield* untilKnown(generation)
    if (questionOf(promptId) !== undefined) return isOpen(promptId)
    return !(yield* showsQuestion) && !isHeldBack(context(), undefined)
  })

  /**
   * On the screen as it is now: what is read off it in passing waits until it has come to rest. Where the agent reports its questions itself,
   * what stands there may be one that is over.
   */
  const showsQuestion = Effect.suspend(() => {
    const { source } = context().activity
    const rules = agentOf(context()).evidence.screen
    if (rules.length === 0 || isOwnWord(source)) return Effect.succeed(false)
    return Effect.map(screenNow, (screen) => {
      const seen = screen === null ? null : readScreen(rules, screen)
      return seen?.type === "Activity" && seen.activity === "waiting" && seen.question !== null
    })
  })

  /** Null where none can be drawn. */
  const screenNow = Effect.suspend(() => Effect.orElseSucceed(screens.seen(id, context().spec.size), () => null))

  /** The question that the prompt answers, right before it is typed: what came between would take the keys. */
  const isOpen = (promptId: string) => {
    const { activity } = context()
    return activity.value === "waiting" && activity.asked?.id === questionOf(promptId)
  }
  const questionOf = (promptId: string) => context().prompts.find(({ id }) => id === promptId)?.answers

  /** A question is reported before it is drawn, and one that has just been drawn swallows keys in some agents. */
  const untilDrawn = Effect.gen(function* () {
    const { answers, evidence } = agentOf(context())
    const drawn: Effect.Effect<void> = Effect.suspend(() => {
      const { asked } = context().activity
      const isToBeDrawn = asked?.choices.length === 0 && evidence.screen.some(({ question }) => question === asked.kind)
      return isToBeDrawn ? Effect.andThen(news.next, drawn) : Effect.void
    })
    const screen = yield* screenNow
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

  const handlers: Pick<EffectHandlers, "Write" | "DeliverPrompt" | "WithholdPrompt" | "SettleWrite"> = {
    Write: ({ generation, kind, writeId }, bytes) => {
      if (kind === "interrupt") return settled(generation, writeId, (holder) => outcomeOf(interrupt(holder, writeId)))
      return bytes === null
        ? Effect.sync(() => tell({ type: "WriteSettled", generation, writeId, outcome: "not_written" }))
        : settled(generation, writeId, (holder) => outcomeOf(holder.write(writeId, bytes)))
    },
    DeliverPrompt: deliver,
    WithholdPrompt: ({ generation, writeId }) => Effect.ignore(link(generation)?.withhold(writeId) ?? Effect.void),
    SettleWrite: ({ generation, writeId }) => {
      const holder = link(generation)
      if (holder === null) return Effect.void
      const claimed = context().prompts.find((prompt) => prompt.stage === "claimed" && prompt.writeId === writeId)
      // The daemon that had it typed is gone, and its Enter may wait: what opened meanwhile is known only now.
      const settled = claimed === undefined ? holder.writeOutcome(writeId) : holder.decide(writeId, mayEnter(generation, claimed.id))
      return settled.pipe(
        Effect.map((typed) => tell({ type: "WriteSettled", generation, writeId, ...typed, asked: true })),
        Effect.ignore
      )
    }
  }

  return { handlers, recognise }
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
  readonly why?: WriteRefusal
}

/** Null where the next connection asks. */
const settlingOf = ({ outcome, ...typed }: Typed) => {
  if (outcome === "lost") return null
  return isRefusal(outcome) ? { outcome: "not_written" as const, why: outcome } : { ...typed, outcome }
}

/** Between looks at how far the observers have read. */
const lookMs = 10
/** Between looks at the screen, each of which draws it. */
const screenLookMs = 50
/** How often a question may change while it is waited for. */
const mostLooks = 3
const largePasteChars = 6_000
const largePasteMs = 500
