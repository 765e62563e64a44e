/** What the screen says, where nothing better does; and after a long silence, that the activity is unknown. */
import { Clock, Effect, Stream } from "effect"
import { isBusy, isOwnWord } from "../domain/activity.ts"
import { limits } from "../domain/limits.ts"
import type { Rule } from "../domain/providers/provider.ts"
import { readScreen } from "../domain/providers/screen.ts"
import type { SessionContext } from "../domain/session-context.ts"
import { Evidence } from "../infra/evidence/evidence.ts"
import { Output } from "../infra/output/output.ts"
import { reportsOf } from "./observing.ts"
import { makeRedrawn } from "./redrawn.ts"
import type { Witnessing } from "./witnesses.ts"

/** Drawn only while it is needed: a better source that speaks makes it idle. */
export const witnessScreen = Effect.fnUntraced(function* (witnessing: Witnessing, rules: ReadonlyArray<Rule>) {
  const { context, from, generation, isFresh, news, recognise, session, tell } = witnessing
  const { screen } = yield* Evidence
  const output = yield* Output
  yield* Effect.forkScoped(witnessSilence(witnessing))
  const untilNeeded: Effect.Effect<void> = Effect.suspend(() =>
    isNeeded(context()) ? Effect.void : Effect.andThen(news.next, untilNeeded)
  )
  let looks = 0
  const isRedrawn = makeRedrawn(context)
  /** The dialog was opened while a better source said idle: behind it the agent is idle. */
  let isOverIdle = false
  /** The screen of an idle agent, which is not drawn again when its agent says that it waits. */
  let standing: { readonly offset: number; readonly report: () => void } | null = null
  const tellAgain = Effect.gen(function* () {
    if (standing === null || context().activity.value !== "waiting") return yield* news.next
    const { offset, report } = standing
    standing = null
    if ((yield* output.end(session)) === offset) report()
  })
  yield* Effect.forkScoped(Effect.forever(tellAgain))
  yield* Stream.runForEach(
    // A launch of our own begins on a blank screen, whatever the agent before it has left there.
    screen(session, context().spec.size, isFresh ? from() : null),
    Effect.fnUntraced(function* (seen) {
      const { offset } = seen
      const seenAt = yield* Clock.currentTimeMillis
      const word = readScreen(rules, seen)
      // A composer is drawn before it takes Enter: with nothing else to go by, it must have stood there for a while.
      if (word?.type === "Activity" && word.activity === "idle" && context().activity.source === "none" && looks < mostLooks) {
        looks += 1
        yield* Effect.sleep(limits.composerSettleMs)
        if ((yield* output.end(session)) > offset) return
      }
      const report = () => {
        const { activity, doubt } = context()
        const says = (activity: "idle" | "unknown") =>
          tell({ type: "ActivityObserved", generation, activity, source: "screen", question: null })
        const isDialog = word?.type === "Activity" && word.activity === "waiting"
        if (activity.value === "idle" && isOwnWord(activity.source)) {
          isOverIdle = isDialog
          // Of an idle agent the screen adds a dialog alone, and that it is closed again.
          if (!isDialog) return doubt?.source === "screen" ? says("idle") : undefined
        } else if (word !== null && !isDialog) isOverIdle = false
        if (word !== null) {
          const redrawn =
            word.type === "Activity" && word.question !== null && isRedrawn(word.question, seen.lines, seenAt)
              ? { redrawn: true as const }
              : {}
          for (const each of reportsOf({ generation, source: "screen", recognise }, [word]))
            tell(each.type === "ActivityObserved" ? { ...each, ...redrawn } : each)
        } else if (activity.source === "screen") says(isOverIdle && activity.value === "waiting" ? "idle" : "unknown")
      }
      report()
      const { source, value } = context().activity
      standing = value === "idle" && isOwnWord(source) ? { offset, report } : null
      if (isNeeded(context())) return
      yield* untilNeeded
      // A dialog may stand there before its agent says that it waits, and is not drawn again.
      if ((yield* output.end(session)) === offset) report()
    })
  )
})

/** Something may move on a screen for ever. */
const mostLooks = 5

/**
 * A question that a better source knows of has its choices on the screen, and may give way to another there. A person may open a dialog of an
 * idle agent, which no better source reports.
 */
const isNeeded = ({ activity }: SessionContext): boolean =>
  !isOwnWord(activity.source) || activity.value === "waiting" || activity.value === "idle"

const witnessSilence = Effect.fnUntraced(function* ({ context, generation, news, session, tell }: Witnessing) {
  const output = yield* Output
  const isGuessed = () => isBusy(context().activity.value) && ["transcript", "osc", "screen"].includes(context().activity.source)
  for (;;) {
    if (!isGuessed()) {
      yield* news.next
      continue
    }
    const spoke = yield* output.beyond(session, yield* output.end(session)).pipe(Effect.timeoutOption(limits.silenceMs))
    if (spoke._tag === "None" && isGuessed())
      tell({ type: "ActivityObserved", generation, activity: "unknown", source: "silence", question: null })
    // Nothing is counted while it prints.
    yield* Effect.sleep(limits.silenceMs / 4)
  }
})
