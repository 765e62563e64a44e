/** `reprise output` and `reprise screen`: what the agent wrote, byte for byte or made harmless, and what it looks like now. */
import { Effect, Option, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import type { SessionView } from "../../domain/view.ts"
import { connect, type Daemon } from "../daemon.ts"
import { type NoDaemon, UsageFailure } from "../failures.ts"
import { at, countFlag, session } from "../flags.ts"
import { isOver } from "../over.ts"
import { parseBytes } from "../pairs.ts"
import { record } from "../recording.ts"
import { resolve } from "../resolve.ts"
import { print, printJson, printLines, say, write } from "../stdio.ts"
import { oneLine, picture, sanitiser } from "../text/sanitise.ts"
import { awaitMet } from "../waiting.ts"
import { withDaemon } from "../with-daemon.ts"

export const output = Command.make(
  "output",
  {
    session,
    follow: Flag.Boolean("follow").pipe(Flag.withAlias("f"), Flag.withDescription("Go on as it is written"), Flag.withDefault(false)),
    from: countFlag("from", { minimum: 0, maximum: Number.MAX_SAFE_INTEGER }).pipe(
      Flag.withDescription("Begin at this offset"),
      Flag.optional
    ),
    tail: Flag.String("tail").pipe(Flag.withMetavar("<bytes>"), Flag.withDescription("Only the last bytes (4096, 64k, 1M)"), Flag.optional),
    raw: Flag.Boolean("raw").pipe(Flag.withDescription("Byte for byte, on a terminal too"), Flag.withDefault(false)),
    cast: Flag.Boolean("cast").pipe(Flag.withDescription("As a recording that asciinema 3 plays"), Flag.withDefault(false)),
    out: Flag.String("out").pipe(Flag.withMetavar("<file>"), Flag.withDescription("Where --cast writes; absent: stdout"), Flag.optional)
  },
  (flags) =>
    withDaemon((daemon) =>
      Effect.gen(function* () {
        if (Option.isSome(flags.out) && !flags.cast) return yield* new UsageFailure({ message: "--out belongs to --cast" })
        if (flags.cast) {
          if (flags.follow || flags.raw || Option.isSome(flags.from) || Option.isSome(flags.tail))
            return yield* new UsageFailure({ message: "--cast is the whole recording: it takes no --follow, --from, --tail or --raw" })
          return yield* record(daemon, (yield* resolve(daemon, flags.session)).id, Option.getOrUndefined(flags.out))
        }
        if (Option.isSome(flags.from) && Option.isSome(flags.tail))
          return yield* new UsageFailure({ message: "--from and --tail say two different beginnings" })
        const tail = Option.isNone(flags.tail) ? undefined : parseBytes(flags.tail.value)
        if (Option.isSome(flags.tail) && tail === undefined) {
          return yield* new UsageFailure({ message: `--tail ${flags.tail.value}: expected a number of bytes such as 4096, 64k or 1M` })
        }
        const found = yield* resolve(daemon, flags.session)
        const from = tail === undefined ? Option.getOrUndefined(flags.from) : Math.max(0, (yield* endOf(daemon, found)) - tail)
        yield* copy(daemon, found.id, { from, follow: flags.follow, raw: flags.raw || !process.stdout.isTTY })
      })
    )
).pipe(Command.withDescription("Print what a session wrote"))

export const screen = Command.make(
  "screen",
  {
    session,
    ansi: Flag.Boolean("ansi").pipe(Flag.withDescription("With colours and attributes"), Flag.withDefault(false)),
    at
  },
  ({ ansi, at, session }) =>
    withDaemon((daemon, setting) =>
      Effect.gen(function* () {
        const found = yield* resolve(daemon, session)
        const format = setting.json ? "json" : ansi ? "ansi" : "text"
        const shown = yield* daemon.ask(
          daemon.client.terminal.screen({
            params: { id: found.id },
            query: { format, ...Option.match(at, { onNone: () => ({}), onSome: (at) => ({ at }) }) },
            headers: {}
          })
        )
        if (typeof shown !== "string") return yield* setting.json ? printJson(shown) : print(...shown.lines.map(oneLine))
        if (ansi) return yield* process.stdout.isTTY ? print(...picture(shown).split("\n")) : printLines(`${shown}\x1b[0m`)
        yield* print(...shown.replace(/\n$/, "").split("\n").map(oneLine))
      })
    )
).pipe(Command.withDescription("Print a session's screen as it is now, or as it was"))

/** The newest offset; the session's view may lag behind it. Nothing can lie at the largest number there is, so the answer says where the end is. */
const endOf = (daemon: Daemon, { id, outputOffset }: SessionView) =>
  daemon.ask(daemon.client.terminal.output({ params: { id }, query: { from: Number.MAX_SAFE_INTEGER }, headers: {} })).pipe(
    Effect.as(outputOffset),
    Effect.catchTag("Problem", (problem) => (problem.status === 416 ? Effect.succeed(problem.head ?? outputOffset) : Effect.fail(problem)))
  )

interface Wanted {
  /** Absent: from the first byte that is still kept. */
  readonly from: number | undefined
  readonly follow: boolean
  readonly raw: boolean
}

/** Asks again when the connection ends, from the byte after the last one printed, until the session is over or one read was asked. */
const copy = Effect.fnUntraced(function* (daemon: Daemon, id: SessionView["id"], { follow, from, raw }: Wanted) {
  const clean = sanitiser()
  let offset = from ?? 0
  let begun = from !== undefined
  let away = 0

  const once = Effect.gen(function* () {
    const at = yield* connect(daemon.home)
    const query = { from: offset, ...(follow ? { follow: "true" as const } : {}) }
    const chunks = yield* at.ask(at.client.terminal.output({ params: { id }, query, headers: {} }))
    const printed = Stream.runForEach(chunks, (chunk) => {
      offset += chunk.length
      begun = true
      away = 0
      return write(raw ? chunk : clean.push(chunk))
    }).pipe(at.ask)
    if (!follow) return yield* Effect.as(printed, true)
    return yield* Effect.raceFirst(
      Effect.as(printed, false),
      Effect.as(
        allWritten(at, id, () => offset),
        true
      )
    )
  }).pipe(
    Effect.scoped,
    Effect.catchTag("Problem", (problem) => {
      const first = problem.availableFrom
      if (problem.code !== "output_dropped" || first === undefined || first <= offset) return Effect.fail(problem)
      const lost = first - offset
      offset = first
      return Effect.as(begun ? say(`reprise: ${lost} bytes are kept no longer; going on at ${first}`) : Effect.void, false)
    }),
    Effect.catchTag("NoDaemon", (failure): Effect.Effect<boolean, NoDaemon> => {
      away++
      return follow && away <= mostAway ? Effect.as(Effect.sleep("500 millis"), false) : Effect.fail(failure)
    })
  )
  while (!(yield* once)) yield* Effect.sleep("20 millis")
  if (!raw) yield* write(clean.end())
})

/** A minute of half seconds. */
const mostAway = 120

/** Returns when the agent is gone, none will follow by itself, and its last byte has been printed. */
const allWritten = Effect.fnUntraced(function* (daemon: Daemon, id: SessionView["id"], printed: () => number) {
  while (true) {
    const { satisfied, session } = yield* awaitMet(daemon, id, "ended", undefined)
    if (satisfied && isOver(session) && printed() >= (yield* endOf(daemon, session))) return
    yield* Effect.sleep("100 millis")
  }
})
