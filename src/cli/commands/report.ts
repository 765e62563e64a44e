/** `reprise report`: what an agent says of itself. Run by the agent, it needs neither a session's name nor the daemon's token. */
import { Clock, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { ignoredHeader, ReportRequest } from "../../http/contract/agents.ts"
import { readNote } from "../../infra/home.ts"
import { assertOwnSocket } from "../../infra/trusted-place.ts"
import { checked } from "../checked.ts"
import { asCli, connect, connectAs, type Daemon } from "../daemon.ts"
import { UsageFailure } from "../failures.ts"
import { countFlag } from "../flags.ts"
import { isId, resolve } from "../resolve.ts"
import { setting } from "../root.ts"
import { print, printJson, say } from "../stdio.ts"
import { sentence } from "../text/session-line.ts"

const word = (name: string, description: string) => Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)

export const report = Command.make(
  "report",
  {
    session: Argument.String("session").pipe(
      Argument.withDescription("An id, the beginning of an id, or a name; absent: the session that this runs in"),
      Argument.optional
    ),
    phase: word("phase", "Where the work stands"),
    task: word("task", "What is being done"),
    blocker: word("blocker", "What keeps it from going on"),
    needsInput: Flag.Boolean("needs-input").pipe(Flag.withDescription("A person is needed"), Flag.withDefault(false)),
    thread: word("thread", "The conversation that it is about"),
    seq: countFlag("seq", { minimum: 0, maximum: Number.MAX_SAFE_INTEGER }).pipe(
      Flag.withDescription("Its place among the reports: an older one is ignored (else the time)"),
      Flag.optional
    )
  },
  (flags) =>
    Effect.gen(function* () {
      const chosen = yield* setting
      const now = yield* Clock.currentTimeMillis
      const given = Option.getOrUndefined(flags.session)
      if (!flags.needsInput && [flags.phase, flags.task, flags.blocker, flags.thread].every(Option.isNone))
        return yield* new UsageFailure({
          message: "the report says nothing: give it --phase, --task, --blocker, --needs-input or --thread"
        })
      const payload = yield* checked("report", ReportRequest, {
        seq: Option.getOrElse(flags.seq, () => now),
        ...said("phase", flags.phase),
        ...said("task", flags.task),
        ...said("blocker", flags.blocker),
        ...said("threadId", flags.thread),
        needsInput: flags.needsInput
      })
      const { daemon, id } = yield* given === undefined ? ofItself(chosen.home) : ofAnother(chosen.home, given)
      const [view, answer] = yield* daemon.ask(
        daemon.client.agents.report({ params: { id }, headers: asCli, payload, responseMode: "decoded-and-response" })
      )
      if (answer.headers[ignoredHeader] === "true") yield* say(`ignored: report ${view.report?.seq} came before it`)
      yield* chosen.json ? printJson(view) : print(sentence(view, now))
    }).pipe(Effect.scoped)
).pipe(
  Command.withDescription("Report an agent's state: its phase, its task, what blocks it"),
  Command.withExamples([
    { command: "reprise report --phase testing --task 'the parser'", description: "By an agent, of itself" },
    { command: "reprise report s-4k --blocker 'no credentials' --needs-input" }
  ])
)

const said = (field: string, value: Option.Option<string>) => (Option.isSome(value) ? { [field]: value.value } : {})

const ofAnother = Effect.fnUntraced(function* (home: string, given: string) {
  const daemon = yield* connect(home)
  return { daemon, id: (yield* resolve(daemon, given)).id }
})

/** The socket of the launch, or where the daemon listens since that was lost or taken. The session's own token where the agent was given one; else the daemon treats it as any client at the terminal. */
const ofItself = Effect.fnUntraced(function* (home: string) {
  const { REPRISE_HOOK_SOCKET: socket, REPRISE_HOOK_TOKEN: token, REPRISE_SESSION: id } = process.env
  if (id === undefined || !isId(id)) return yield* new UsageFailure({ message: "of which session? this runs in none" })
  const daemon: Pick<Daemon, "client" | "ask"> =
    socket === undefined || token === undefined
      ? yield* connect(home)
      : yield* connectAs(home, { url: "http://reprise", socket: placeOf(home, socket), token })
  return { daemon, id }
})

const placeOf = (home: string, socket: string): string => {
  try {
    assertOwnSocket(socket)
    return socket
  } catch {
    return readNote(home)?.socket ?? socket
  }
}
