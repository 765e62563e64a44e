/** `reprise model`: switches an agent's model by its own command, when its turn is over. */
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { ModelRequest } from "../../http/contract/sessions.ts"
import { checked } from "../checked.ts"
import { asCli } from "../daemon.ts"
import { session } from "../flags.ts"
import { resolve } from "../resolve.ts"
import { print, printJson } from "../stdio.ts"
import { fateOf } from "../text/prompt-line.ts"
import { withDaemon } from "../with-daemon.ts"

export const model = Command.make(
  "model",
  { session, name: Argument.String("model").pipe(Argument.withDescription("As the agent's own command takes it")) },
  ({ name, session }) =>
    withDaemon((daemon, setting) =>
      Effect.gen(function* () {
        const payload = yield* checked("model", ModelRequest, { model: name })
        const { id } = yield* resolve(daemon, session)
        const queued = yield* daemon.ask(daemon.client.sessions.model({ params: { id }, headers: asCli, payload }))
        yield* setting.json ? printJson(queued) : print(fateOf(queued))
      })
    )
).pipe(Command.withDescription("Switch an agent to another model, where it has a command for it"))
