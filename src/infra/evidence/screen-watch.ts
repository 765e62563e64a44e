/** A session's screen each time it has come to rest, and now and then while it does not: without output it costs nothing. */
import { Clock, Effect, Stream } from "effect"
import { limits } from "../../domain/limits.ts"
import type { Size } from "../../domain/spec.ts"
import { Output } from "../output/output.ts"
import { type ScreenSeen, Screens } from "../screens/screens.ts"

/**
 * The present screen at once, then as it changes. Never ends by itself, and looks when it is pulled. `size`: what the terminal has if
 * its output does not say.
 */
export const watchScreen = (session: string, size: Size): Stream.Stream<ScreenSeen, never, Output | Screens> =>
  Stream.unfold(null as number | null, (seen) => next(session, size, seen))

const next = Effect.fnUntraced(function* (session: string, size: Size, seen: number | null) {
  const output = yield* Output
  if (seen !== null) {
    yield* output.beyond(session, seen)
    yield* rest(session)
  }
  const screen = yield* (yield* Screens).seen(session, size)
  return [screen, screen.offset] as const
})

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
