/** `reprise attach`: a session in this terminal, until the detach keys. */
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { session } from "../flags.ts"
import { mayAttach } from "../inside-session.ts"
import { resolve } from "../resolve.ts"
import { detachKeys, detachKeysFlag, requireTerminal } from "../terminal/before-attach.ts"
import { withDaemon } from "../with-daemon.ts"

export const attach = Command.make(
  "attach",
  {
    session,
    view: Flag.Boolean("view").pipe(Flag.withDescription("Look only: nothing is typed, nothing resized"), Flag.withDefault(false)),
    detachKeys: detachKeysFlag,
    reconnect: Flag.Boolean("reconnect").pipe(
      Flag.withDescription("Try again for a minute when the daemon goes away (the default)"),
      Flag.withDefault(true)
    )
  },
  (flags) =>
    withDaemon((daemon) =>
      Effect.gen(function* () {
        const keys = yield* detachKeys(Option.getOrUndefined(flags.detachKeys))
        yield* requireTerminal
        const found = yield* resolve(daemon, flags.session)
        yield* mayAttach(found.id, keys.keysText)
        const { attached } = yield* Effect.promise(() => import("../terminal/attached.ts"))
        yield* attached(daemon, found, { ...keys, mode: flags.view ? "view" : "control", reconnect: flags.reconnect })
      })
    )
).pipe(Command.withDescription("Connect this terminal to a session (Ctrl-\\ d leaves it)"))
