/** `reprise ls` and `reprise show`: what there is, and everything about one. */
import { Clock, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import type { SessionView } from "../../domain/view.ts"
import { orUsage, repeated, session } from "../flags.ts"
import { parsePairs } from "../pairs.ts"
import { allSessions, resolve } from "../resolve.ts"
import type { Setting } from "../root.ts"
import { print, printJson, say } from "../stdio.ts"
import { answerHint, questionOf } from "../text/question-line.ts"
import { oneLine } from "../text/sanitise.ts"
import { activityColour, commandOf, described, endOf, stateColour, stateOf } from "../text/session-line.ts"
import { span } from "../text/span.ts"
import { type Cell, type Column, table } from "../text/table.ts"
import { withDaemon } from "../with-daemon.ts"

export const ls = Command.make(
  "ls",
  {
    all: Flag.Boolean("all").pipe(
      Flag.withAlias("a"),
      Flag.withDescription("Archived and terminated sessions too"),
      Flag.withDefault(false)
    ),
    state: repeated(Flag.String("state").pipe(Flag.withDescription("Only sessions in this state (repeat for several)"))),
    label: repeated(
      Flag.String("label").pipe(Flag.withAlias("l"), Flag.withDescription("Only sessions with this key=value (all must match)"))
    ),
    quiet: Flag.Boolean("quiet").pipe(Flag.withAlias("q"), Flag.withDescription("Ids only"), Flag.withDefault(false))
  },
  ({ all, label, quiet, state }) =>
    withDaemon((daemon, setting) =>
      Effect.gen(function* () {
        yield* orUsage(parsePairs("--label", label))
        const found = yield* allSessions(daemon, {
          ...(state.length === 0 ? {} : { state }),
          ...(label.length === 0 ? {} : { label })
        })
        // Asked for by state, a session is shown whatever it is.
        const shown = all || state.length > 0 ? found : found.filter(isPresent)
        if (setting.json) return yield* printJson(quiet ? shown.map(({ id }) => id) : shown)
        if (quiet) return yield* print(...shown.map(({ id }) => id))
        if (shown.length === 0)
          return yield* say(
            found.length === 0 ? "no sessions; start one with: reprise run" : "no sessions (reprise ls --all shows those that are over)"
          )
        yield* print(...tableOf(shown, yield* Clock.currentTimeMillis, setting), ...questionsOf(shown, setting))
      })
    )
).pipe(Command.withDescription("List sessions"), Command.withAlias("list"))

export const show = Command.make("show", { session }, (given) =>
  withDaemon((daemon, setting) =>
    Effect.gen(function* () {
      const found = yield* resolve(daemon, given.session)
      if (setting.json) return yield* printJson(found)
      const lines = described(found, yield* Clock.currentTimeMillis)
      const widest = Math.max(...lines.map(([key]) => key.length))
      yield* print(...lines.map(([key, value]) => `${setting.paint.dim(key.padEnd(widest))}  ${value}`))
    })
  )
).pipe(Command.withDescription("Show everything about a session"))

const isPresent = ({ phase, state }: SessionView) => state !== "terminated" && phase !== "archived"

const columns: ReadonlyArray<Column> = [
  { title: "ID" },
  { title: "NAME", shrinkTo: 8 },
  { title: "STATE", shrinkTo: 9 },
  { title: "ACTIVITY", shrinkTo: 8 },
  { title: "AGE", align: "right" },
  { title: "PID", align: "right" },
  { title: "COMMAND", shrinkTo: 12 }
]

const tableOf = (sessions: ReadonlyArray<SessionView>, now: number, { paint, width }: Setting): ReadonlyArray<string> => {
  const row = (session: SessionView): ReadonlyArray<Cell> => [
    { text: session.id },
    {
      text: session.name === null ? "-" : oneLine(session.name),
      ...(session.name === null ? { paint: paint.dim } : { paint: paint.bold })
    },
    { text: stateOf(session), paint: stateColour(session, paint) },
    { text: activityOf(session), paint: activityColour(session, paint) },
    { text: span(now - Date.parse(session.createdAt)) },
    { text: session.process === null ? "-" : String(session.process.pid) },
    { text: commandOf(session.command) }
  ]
  return table(columns, sessions.map(row), { width, title: paint.dim })
}

/** Below the table, so that no column cuts what a person must read. */
const questionsOf = (sessions: ReadonlyArray<SessionView>, { paint }: Setting): ReadonlyArray<string> =>
  sessions.flatMap(({ id, question, suspended }) => [
    ...(suspended === null ? [] : [`${paint.yellow(`${id} is stopped`)}`, `  ${paint.dim(`reprise continue ${id}`)}`]),
    ...(question === null ? [] : [`${paint.yellow(`${id} asks`)} ${questionOf(question)}`, `  ${paint.dim(answerHint(id, question))}`])
  ])

/** While it lives, what it does; after that, how it ended. */
const activityOf = (session: SessionView): string =>
  (session.blocked === null ? session.activity : `${session.activity ?? "ended"} (${session.blocked.cause})`) ??
  (session.process === null ? endOf(session) : undefined) ??
  "-"
