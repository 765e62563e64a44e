/** `reprise events`: the log, to read or to follow; every fact once and in order, across lost connections. */
import { Clock, Effect, Option, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { SessionView } from "../../domain/view.ts"
import { type Followed, followEvents } from "../../http/client.ts"
import type { LoggedEvent } from "../../http/contract/events.ts"
import { type AskError, connect, type Daemon } from "../daemon.ts"
import { NoDaemon } from "../failures.ts"
import { countFlag } from "../flags.ts"
import { resolve } from "../resolve.ts"
import type { Setting } from "../root.ts"
import { print, say } from "../stdio.ts"
import { eventLine } from "../text/event-line.ts"
import { escapedJson } from "../text/sanitise.ts"
import { withDaemon } from "../with-daemon.ts"

export const events = Command.make(
  "events",
  {
    session: Argument.String("session").pipe(
      Argument.withDescription("An id, its beginning, or a name; absent: all sessions"),
      Argument.optional
    ),
    follow: Flag.Boolean("follow").pipe(Flag.withAlias("f"), Flag.withDescription("Go on as facts happen"), Flag.withDefault(false)),
    after: countFlag("after", { minimum: 0, maximum: Number.MAX_SAFE_INTEGER }).pipe(
      Flag.withDescription("Only what comes after this seq (of a session) or position (of all)"),
      Flag.withDefault(0)
    )
  },
  ({ after, follow, session }) =>
    withDaemon((daemon, setting) =>
      Effect.gen(function* () {
        const id = Option.isNone(session) ? null : (yield* resolve(daemon, session.value)).id
        const show = shown(setting, id === null)
        return yield* follow ? following(daemon, id, after, show) : pages(daemon, id, after, show)
      })
    )
).pipe(Command.withDescription("Read the log, as JSON lines with --json"))

type Show = (event: LoggedEvent) => Effect.Effect<void>

const shown =
  ({ json, paint, width }: Setting, session: boolean): Show =>
  (event) =>
    print(json ? escapedJson(JSON.stringify(event)) : eventLine(event, { paint, session, width }))

const pages = Effect.fnUntraced(function* (daemon: Daemon, id: SessionView["id"] | null, after: number, show: Show) {
  let cursor = after
  while (true) {
    const query = { after: cursor, limit: 1_000 }
    const { client } = daemon
    const page = yield* daemon.ask(
      id === null ? client.events.all({ query, headers: {} }) : client.events.ofSession({ params: { id }, query, headers: {} })
    )
    // A stream is answered only to clients that accept one.
    if (!("data" in page)) return
    yield* Effect.forEach(page.data, show, { discard: true })
    if (!page.hasMore || page.nextCursor === null) return
    cursor = Number(page.nextCursor)
  }
})

/** How long a daemon may be away before following it is given up. */
const awayMs = 60_000

const following = Effect.fnUntraced(function* (daemon: Daemon, id: SessionView["id"] | null, after: number, show: Show) {
  let cursor = after
  let heardAt = yield* Clock.currentTimeMillis
  let said = false
  const once = Effect.gen(function* () {
    const at = yield* connect(daemon.home)
    yield* Stream.runForEach(followEvents(at.client, { session: id, after: cursor }) as Stream.Stream<Followed, AskError>, (heard) =>
      Effect.gen(function* () {
        heardAt = yield* Clock.currentTimeMillis
        said = false
        if (heard._tag === "Heartbeat") return
        if (heard._tag === "Reset") {
          yield* say(`reprise: the log cannot be followed from ${cursor} (${heard.reason}); going on after ${heard.head}`)
          cursor = heard.head
          return
        }
        yield* show(heard.event)
        cursor = id === null ? heard.event.position : heard.event.seq
      })
    ).pipe(at.ask)
  }).pipe(Effect.scoped)
  while (true) {
    const lost = yield* once.pipe(
      Effect.as("the connection ended"),
      Effect.catchTag("NoDaemon", ({ reason }) => Effect.succeed(reason))
    )
    if ((yield* Clock.currentTimeMillis) - heardAt > awayMs) return yield* new NoDaemon({ home: daemon.home, reason: lost })
    if (!said) yield* say(`reprise: ${lost}; trying again after ${cursor}`)
    said = true
    yield* Effect.sleep("500 millis")
  }
})
