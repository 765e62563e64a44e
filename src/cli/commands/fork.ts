/** `reprise fork` and `reprise messages`: a session that begins where another is, or where it once was. */
import { randomUUID } from "node:crypto"
import { Clock, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { ForkRequest } from "../../http/contract/sessions.ts"
import { checked } from "../checked.ts"
import { asCli } from "../daemon.ts"
import { orUsage, repeated, session } from "../flags.ts"
import { leaveRunning } from "../leave-running.ts"
import { parsePairs } from "../pairs.ts"
import { resolve } from "../resolve.ts"
import { print, printJson, say } from "../stdio.ts"
import { oneLine } from "../text/sanitise.ts"
import { span } from "../text/span.ts"
import { type Column, table } from "../text/table.ts"
import { withDaemon } from "../with-daemon.ts"

export const fork = Command.make(
  "fork",
  {
    session,
    at: Flag.String("at").pipe(
      Flag.withMetavar("<message>"),
      Flag.withDescription("The last message that the fork shares (see: reprise messages); absent: all of them"),
      Flag.optional
    ),
    name: Flag.String("name").pipe(Flag.withAlias("n"), Flag.withDescription("A name to call it by"), Flag.optional),
    label: repeated(
      Flag.String("label").pipe(
        Flag.withAlias("l"),
        Flag.withMetavar("<key=value>"),
        Flag.withDescription("Labels in place of the parent's")
      )
    ),
    prompt: Flag.String("prompt").pipe(Flag.withDescription("Its first prompt"), Flag.optional)
  },
  (flags) =>
    withDaemon((daemon, setting) =>
      Effect.gen(function* () {
        const labels = yield* orUsage(parsePairs("--label", flags.label))
        const payload = yield* checked("fork", ForkRequest, {
          ...given("atMessage", flags.at),
          ...given("name", flags.name),
          ...given("prompt", flags.prompt),
          ...(flags.label.length === 0 ? {} : { labels })
        })
        const { id } = yield* resolve(daemon, flags.session)
        const headers = { ...asCli, "idempotency-key": randomUUID() }
        const made = yield* daemon.ask(daemon.client.sessions.fork({ params: { id }, headers, payload }))
        const degraded = made.lineage?.degraded ?? null
        if (degraded !== null) yield* say(`it begins a new conversation: ${reasons[degraded]}`)
        yield* leaveRunning(daemon, made, setting.json)
      })
    )
).pipe(
  Command.withDescription("Start a session that begins with another's conversation"),
  Command.withExamples([{ command: "reprise fork s-4k --at 0f3c… --prompt 'try it the other way'" }])
)

const reasons = {
  no_history: "nothing was said in the other one yet",
  provider_cannot_fork: "this kind of agent cannot branch a conversation"
} as const

export const messages = Command.make("messages", { session }, (flags) =>
  withDaemon((daemon, setting) =>
    Effect.gen(function* () {
      const { id } = yield* resolve(daemon, flags.session)
      const { data, omitted, skipped, state } = yield* daemon.ask(daemon.client.sessions.messages({ params: { id } }))
      if (setting.json) return yield* printJson(data)
      if (state !== "listed") return yield* say(`no messages: ${emptiness[state]}`)
      if (omitted > 0) yield* say(`${omitted} older messages are left out`)
      if (skipped > 0) yield* say(`${skipped} lines of the conversation's file are too long to be read`)
      const now = yield* Clock.currentTimeMillis
      const rows = data.map(({ at, id, role, text }) =>
        [oneLine(id), oneLine(role), at === null ? "-" : span(now - Date.parse(at)), oneLine(text)].map((text) => ({ text }))
      )
      yield* print(...table(columns, rows, { width: setting.width, title: setting.paint.dim }))
    })
  )
).pipe(Command.withDescription("List what was said in a session: what it can be forked at"))

const emptiness = {
  none: "nothing was said yet",
  not_listed: "the conversation's file is there, and its messages have no names to fork at",
  not_kept: "this kind of agent keeps no file of its conversations"
} as const

const columns: ReadonlyArray<Column> = [
  { title: "ID" },
  { title: "ROLE" },
  { title: "AGE", align: "right" },
  { title: "TEXT", shrinkTo: 16 }
]

const given = (field: string, value: Option.Option<string>) => (Option.isSome(value) ? { [field]: value.value } : {})
