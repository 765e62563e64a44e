/** `reprise tools`: what an agent runs beside itself, and the end of one of them while the agent lives on. */
import { Clock, Effect, Option, Schedule } from "effect"
import { Command, Flag } from "effect/cli"
import type { SessionView } from "../../domain/view.ts"
import type { Tool } from "../../http/contract/sessions.ts"
import { asCli, type Daemon } from "../daemon.ts"
import { Failure } from "../failures.ts"
import { countFlag, session } from "../flags.ts"
import { resolve } from "../resolve.ts"
import { print, printJson, say } from "../stdio.ts"
import { oneLine } from "../text/sanitise.ts"
import { span } from "../text/span.ts"
import { type Column, table } from "../text/table.ts"
import { withDaemon } from "../with-daemon.ts"

/** 0 and 1 name other groups than an agent's; 2²² is the most that Linux counts to (proc(5), pid_max). */
const pgids = { minimum: 2, maximum: 4_194_304 }

export const tools = Command.make(
  "tools",
  {
    session,
    kill: countFlag("kill", pgids).pipe(
      Flag.withMetavar("<pgid>"),
      Flag.withDescription("End this one: SIGTERM, and SIGKILL after two seconds"),
      Flag.optional
    )
  },
  (given) =>
    withDaemon((daemon, setting) =>
      Effect.gen(function* () {
        const { id } = yield* resolve(daemon, given.session)
        if (Option.isSome(given.kill)) return yield* kill(daemon, id, given.kill.value)
        const found = yield* list(daemon, id)
        if (setting.json) return yield* printJson(found)
        if (found.length === 0) return yield* say("no tools: nothing runs beside the agent")
        const now = yield* Clock.currentTimeMillis
        const rows = found.map(({ commands, pgid, pids, startedAt }) =>
          [String(pgid), String(pids.length), span(now - Date.parse(startedAt)), oneLine(commands[0] ?? "")].map((text) => ({ text }))
        )
        yield* print(...table(columns, rows, { width: setting.width, title: setting.paint.dim }))
      })
    )
).pipe(
  Command.withDescription("List what an agent runs beside itself, or end one of it"),
  Command.withExamples([{ command: "reprise tools s-4k --kill 4711", description: "End a tool that hangs; the agent lives on" }])
)

const list = (daemon: Daemon, id: SessionView["id"]) =>
  Effect.map(daemon.ask(daemon.client.sessions.tools({ params: { id } })), ({ data }): ReadonlyArray<Tool> => data)

/** Asked for, and then waited for: a tool may take its time. */
const kill = Effect.fnUntraced(function* (daemon: Daemon, id: SessionView["id"], pgid: number) {
  yield* daemon.ask(daemon.client.sessions.killTool({ params: { id, pgid }, headers: asCli, payload: {} }))
  const gone = Effect.map(list(daemon, id), (left) => !left.some((tool) => tool.pgid === pgid))
  const ended = yield* Effect.repeat(gone, { schedule: Schedule.spaced("100 millis"), until: (done) => done, times: 90 })
  if (!ended) return yield* new Failure({ message: `tool ${pgid} of ${id} would not go; see: reprise events ${id}` })
  yield* say(`ended tool ${pgid} of ${id}`)
})

const columns: ReadonlyArray<Column> = [
  { title: "PGID", align: "right" },
  { title: "PROCESSES", align: "right" },
  { title: "AGE", align: "right" },
  { title: "COMMAND", shrinkTo: 12 }
]
