/** The command `reprise` itself, with the flags that every command understands. */
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { UsageFailure } from "./failures.ts"
import { removedHere } from "./here.ts"
import { homeOf } from "./home.ts"
import { type Paint, paint, wantsColour } from "./text/colour.ts"

/** What every command understands. */
export const sharedFlags = {
  home: Flag.String("home").pipe(
    Flag.withMetavar("<dir>"),
    Flag.withDescription("The daemon's directory (else $REPRISE_HOME, else the XDG state directory)"),
    Flag.optional
  ),
  json: Flag.Boolean("json").pipe(Flag.withDescription("Results as JSON on stdout, problems as JSON on stderr"), Flag.withDefault(false)),
  color: Flag.Literals("color", ["auto", "always", "never"]).pipe(
    Flag.withDescription("When to use colours (NO_COLOR is honoured)"),
    Flag.withDefault("auto" as const)
  )
}

export const root = Command.make("reprise").pipe(
  Command.withDescription("Keeps terminal AI agents alive, controllable and explainable."),
  Command.withSharedFlags(sharedFlags)
)

/** What the shared flags come to. `width` is the terminal's, undefined when stdout is none. */
export interface Setting {
  readonly home: string
  readonly json: boolean
  readonly paint: Paint
  readonly coloured: boolean
  readonly width: number | undefined
}

export const setting = Effect.gen(function* () {
  const { color, home, json } = yield* root
  const coloured = wantsColour(color, process.env, process.stdout.isTTY)
  const chosen: Setting = {
    home: yield* Effect.try({
      try: () => homeOf(Option.getOrUndefined(home), process.env),
      catch: (cause) => (cause instanceof UsageFailure ? cause : removedHere("--home"))
    }),
    json,
    coloured,
    paint: paint(coloured),
    width: process.stdout.isTTY ? process.stdout.columns : undefined
  }
  return chosen
})
