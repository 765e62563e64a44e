/** Shows what a session wrote that ended before a client could attach. */
import { Effect, Stream } from "effect"
import type { SessionView } from "../../domain/view.ts"
import type { Daemon } from "../daemon.ts"
import { write } from "../stdio.ts"
import { sanitiser } from "../text/sanitise.ts"

/** The last of it only: a command that ends this fast and wrote more has a log to read. */
const mostBytes = 65_536

export const remains = Effect.fnUntraced(
  function* (daemon: Daemon, { id, outputOffset }: SessionView) {
    const clean = sanitiser()
    const from = Math.max(0, outputOffset - mostBytes)
    const chunks = yield* daemon.ask(daemon.client.terminal.output({ params: { id }, query: { from }, headers: {} }))
    yield* daemon.ask(Stream.runForEach(chunks, (chunk) => write(clean.push(chunk))))
    yield* write(clean.end())
  },
  Effect.catchTag("Problem", () => Effect.void)
)
