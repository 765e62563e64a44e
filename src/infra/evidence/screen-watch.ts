/** A session's screen each time it has come to rest, and now and then while it does not: without output it costs nothing. */
import { Clock, Effect, Stream } from "effect"
import { limits } from "../../domain/limits.ts"
import type { Size } from "../../domain/spec.ts"
import { Output } from "../output/output.ts"
import { Drawing } from "../screens/drawing.ts"
import { Emulators, type ScreenUnavailable } from "../screens/emulators.ts"
import { type ScreenRead, Screens, screenRead } from "../screens/screens.ts"

/**
 * The screen as it changes. Never ends by itself, and looks when it is pulled. `size`: what the terminal has if its output does not
 * say. `from`: what was drawn before that byte is not on it, such as an earlier agent's last words; null: the session's screen, at once.
 */
export const watchScreen = (
  session: string,
  size: Size,
  from: number | null
): Stream.Stream<ScreenRead, never, Output | Screens | Emulators> =>
  from === null
    ? Stream.unfold(null as number | null, (seen) => Effect.flatMap(Screens, (screens) => next(session, seen, screens.seen(session, size))))
    : Stream.unwrap(
        Effect.gen(function* () {
          const ground = { output: yield* Output, emulators: yield* Emulators }
          const drawing = yield* Effect.acquireRelease(
            Effect.sync(() => new Drawing(session, { size, from }, ground)),
            (made) => Effect.sync(() => made.dispose())
          )
          const look = Effect.andThen(
            drawing.catchUp(),
            Effect.suspend(() => screenRead(drawing))
          )
          return Stream.unfold(from as number | null, (seen) => next(session, seen, look))
        })
      )

const next = Effect.fnUntraced(function* (session: string, seen: number | null, look: Effect.Effect<ScreenRead, ScreenUnavailable>) {
  if (seen !== null) {
    const output = yield* Output
    yield* output.beyond(session, seen)
    yield* rest(session)
  }
  // Without a screen there is nothing to read from it until there is one again.
  const screen = yield* patiently(look)
  return [screen, screen.offset] as const
})

const patiently = (look: Effect.Effect<ScreenRead, ScreenUnavailable>): Effect.Effect<ScreenRead> =>
  Effect.catchTag(look, "ScreenUnavailable", ({ retryAfterMs }) => Effect.andThen(Effect.sleep(retryAfterMs), patiently(look)))

const rest = Effect.fnUntraced(function* (session: string) {
  const output = yield* Output
  const latest = (yield* Clock.currentTimeMillis) + limits.screenFlowMs
  for (let before = yield* output.end(session); ; ) {
    const left = latest - (yield* Clock.currentTimeMillis)
    yield* Effect.sleep(Math.max(0, Math.min(limits.screenQuietMs, left)))
    const end = yield* output.end(session)
    if (end === before || left <= limits.screenQuietMs) return
    before = end
  }
})
