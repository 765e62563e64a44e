/** Attaching as a command does it: ends with one line about what happened, and with the agent's exit code if that is what happened. */
import { basename } from "node:path"
import { Effect } from "effect"
import type { SessionView } from "../../domain/view.ts"
import type { Daemon } from "../daemon.ts"
import { Failure, NoDaemon, NotNow } from "../failures.ts"
import { isOver, leaveWith } from "../over.ts"
import { say } from "../stdio.ts"
import { endOf } from "../text/session-line.ts"
import { type AttachOptions, attach } from "./attach.ts"

export const attached = Effect.fnUntraced(function* (daemon: Daemon, session: SessionView, options: Omit<AttachOptions, "hasJobControl">) {
  if (isOver(session)) {
    return yield* new NotNow({
      message: `${session.id} is not running (${endOf(session) ?? session.state}); see: reprise resume ${session.id}`
    })
  }
  const end = yield* attach(daemon, session.id, { ...options, hasJobControl: isInteractiveShell(session) }).pipe(Effect.scoped)
  switch (end._tag) {
    case "Detached":
    case "HungUp":
      return yield* say(`detached from ${session.id}, still running; reprise attach ${session.id}`)
    case "Lost":
      return yield* new NoDaemon({ home: daemon.home, reason: end.reason })
    case "Refused":
      return yield* new Failure({ message: `the daemon closed the connection: ${end.reason}` })
    case "Over":
      return yield* leaveWith(end.session)
  }
})

/** Of a command of its own that runs one script, or one line (`-c`), no shell controls jobs. */
const isInteractiveShell = ({ command: [program = "", ...words], provider }: SessionView): boolean =>
  provider === "command" && shells.has(basename(program)) && words.every((word) => /^[-+](?!\w*c)/.test(word))

const shells: ReadonlySet<string> = new Set([
  "ash",
  "bash",
  "csh",
  "dash",
  "elvish",
  "fish",
  "ksh",
  "mksh",
  "nu",
  "sh",
  "tcsh",
  "xonsh",
  "zsh"
])
