/** `reprise serve`: the daemon, in the foreground. Its parts are loaded only for this command. */
import { dirname } from "node:path"
import { Config, Context, Effect, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { Failure } from "../failures.ts"
import { setting } from "../root.ts"
import type { ServeOptions } from "../serve-options.ts"

/** Runs the daemon until it is interrupted; put in by the program, so that the command line depends on no part of the server. */
export class Serve extends Context.Service<Serve, (options: ServeOptions) => Effect.Effect<void, unknown>>()("reprise/cli/Serve") {}

export const serve = Command.make(
  "serve",
  {
    host: Flag.String("host").pipe(Flag.withDescription("The address to listen on"), Flag.withDefault("127.0.0.1")),
    port: Flag.Int("port").pipe(
      Flag.withAlias("p"),
      Flag.withDescription("The port to listen on, else $REPRISE_PORT; 0 picks a free one"),
      Flag.withFallbackConfig(Config.Int("REPRISE_PORT")),
      Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 }))),
      Flag.withDefault(7_377)
    ),
    allowRemote: Flag.Boolean("allow-remote").pipe(
      Flag.withDescription("Let --host be reachable from other machines; every holder of the token can then run commands here"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* ({ allowRemote, host, port }) {
    const { home } = yield* setting
    const run = yield* Serve
    yield* run({ home, host, port, allowRemote }).pipe(
      Effect.mapError((error) => new Failure({ message: `the daemon cannot run: ${reasonOf(error)}` }))
    )
  })
).pipe(Command.withDescription("Run the daemon"))

/** A full disk is named as one, and not by the file that found it full. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const { code, path } = error as NodeJS.ErrnoException
  if (code !== "ENOSPC" && code !== "EDQUOT") return error.message
  const where = path === undefined ? "its disk" : `the disk of ${dirname(path)}`
  return `${code === "EDQUOT" ? `the quota of its user on ${where} is used up` : `no room is left on ${where}`}: free some, and start it again`
}
