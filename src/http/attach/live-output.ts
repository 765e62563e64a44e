/**
 * The screen at one exact byte, then everything from that byte on that a person's terminal may have. Questions to a terminal are not
 * among it: they are answered here, and a person's terminal would type its answers too. A client too far behind gets the present screen.
 */
import { Effect, Schedule, Stream } from "effect"
import { limits } from "../../domain/limits.ts"
import type { Size } from "../../domain/spec.ts"
import { makeShownOutput } from "../../domain/terminal/shown-output.ts"
import { Output, type OutputChunk } from "../../infra/output/output.ts"
import { type Restore, Screens } from "../../infra/screens/screens.ts"
import { crops } from "./crops.ts"
import type { Delivery } from "./delivery.ts"
import type { ConnectionLost } from "./ending.ts"
import type { Party } from "./party.ts"

/** Never ends by itself. */
export const outputOf = Effect.fnUntraced(function* (delivery: Delivery, { attachment: { view }, id, mode }: Party) {
  const output = yield* Output
  const screens = yield* Screens
  /** Without a screen nothing is restored, and the output goes on where it is. */
  const present = (scrollback: number) =>
    screens.restore(id, view.size, scrollback).pipe(
      Effect.map((restore) => ({ ...restore, isKnown: true })),
      Effect.catchTag("ScreenUnavailable", () =>
        Effect.map(output.end(id), (offset) => ({ offset, size: view.size, bytes: resetting, dropping: null, isKnown: false }))
      )
    )
  const first = yield* present(limits.screenScrollback)
  const { generation, state } = view
  const screen = first.isKnown ? {} : { screen: "unavailable" as const }
  yield* delivery.control({ type: "hello", offset: first.offset, size: first.size, generation, state, mode, ...screen })
  let at = 0
  /** The client gets crops of the screen; it has had what scrolled off. */
  let [isDrawn, isRestored] = [false, false]
  let shown = makeShownOutput(everyPerson, { passed: delivery.passed })

  const restored = Effect.fnUntraced(function* ({ bytes, dropping, offset }: Restore) {
    // Through the same rules as what comes after it, which go on from there.
    shown = makeShownOutput(everyPerson, { dropping: null, passed: delivery.passed })
    yield* delivery.bytes(shown.push(bytes))
    isRestored = true
    if (dropping !== null) shown = makeShownOutput(everyPerson, { dropping, passed: delivery.passed })
    at = offset
    delivery.reached(at)
  })

  /** True while the client keeps up. */
  const deliver = Effect.fnUntraced(function* (chunk: OutputChunk) {
    if (chunk._tag === "Gap") return false
    // A chunk that is not full is the newest there is, so only a full one is worth a look at the end.
    if (chunk.bytes.length >= chunkBytes && (yield* output.end(id)) - chunk.offset > limits.attachLagBytes) return false
    const bytes = shown.push(chunk.bytes)
    if (bytes.length > 0) yield* delivery.bytes(bytes)
    at = chunk.offset + chunk.bytes.length
    delivery.reached(at)
    return true
  })

  delivery.onRenew = () => {
    shown = makeShownOutput(everyPerson, { passed: delivery.passed })
  }
  /** Everything before that offset, so that a redraw leaves no byte out. */
  const passed = Effect.fnUntraced(function* (offset: number) {
    while (at < offset) {
      const page = yield* output.read(id, at, Math.min(chunkBytes, offset - at))
      const isShown = page._tag !== "Gap" && page.bytes.length > 0 && (yield* deliver({ _tag: "Bytes", offset: at, bytes: page.bytes }))
      if (!isShown) return yield* delivery.control({ type: "gap", from: at, to: offset })
    }
  })
  /** The screen once it has the size that was decided, which the holder gives it a moment later. No process: no other size comes. */
  const resized = Effect.fnUntraced(function* (size: Size | null) {
    const isSo = (found: Size) => size === null || isSame(found, size)
    // What scrolled off is in the client's terminal already, unless it has only had crops.
    const next = yield* present(isRestored ? 0 : limits.screenScrollback).pipe(
      Effect.repeat({ until: (found) => isSo(found.size) || !found.isKnown, schedule: resizedSchedule, times: resizedLooks })
    )
    if (!isDrawn) yield* passed(next.offset)
    yield* delivery.control({ type: "resize", ...(size ?? next.size) })
    if (!next.isKnown || !isSo(next.size)) return
    yield* shownAs(next)
  })
  /** On a terminal of the session's size what the agent prints draws the screen; on another it would wrap elsewhere. */
  const shownAs = Effect.fnUntraced(function* (next: Restore) {
    isDrawn = delivery.own !== null && !isSame(delivery.own, next.size)
    if (!isDrawn) return yield* restored(next)
    at = next.offset
    delivery.reached(at)
  })
  const drawn = crops(delivery, { id, size: view.size }, (offset) => {
    at = offset
  })
  const followed = Effect.suspend(() => Stream.runForEachWhile(output.follow(id, at), (chunk) => Effect.uninterruptible(deliver(chunk))))

  yield* first.isKnown ? shownAs(first) : restored(first)
  return yield* Effect.forever(
    Effect.gen(function* () {
      yield* Effect.raceFirst(isDrawn ? drawn : followed, delivery.redrawAsked)
      const redraw = delivery.takeRedraw()
      if (redraw !== null) return yield* resized(redraw.size)
      const next = yield* present(limits.screenScrollback)
      yield* delivery.control({ type: "gap", from: at, to: next.offset })
      yield* restored(next)
    })
  ) as Effect.Effect<never, ConnectionLost, Output | Screens>
})

/** Each client decides for its person whether an agent may write to the clipboard. */
const everyPerson = { clipboard: true }

const isSame = (one: Size, other: Size) => one.cols === other.cols && one.rows === other.rows

/** How often, and how many times, a screen is looked at that is to have another size. */
const resizedSchedule = Schedule.spaced(20)
const resizedLooks = 50

/** What `Output.follow` reads at once. */
const chunkBytes = 65_536

/** Modes off, the main screen, blank: a start for what comes next. */
const resetting = new TextEncoder().encode("\x1b[?1049l\x1b[!p\x1b[?7h\x1b[m\x1b[r\x1b[?25h\x1b[H\x1b[2J")
