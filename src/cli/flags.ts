/** Arguments and flags that several commands share, and the way in which a flag's small language fails: as a usage error. */
import { Effect, Result, Schema } from "effect"
import { Argument, Flag } from "effect/cli"
import { UsageFailure } from "./failures.ts"
import { parseDuration } from "./pairs.ts"

export const session = Argument.String("session").pipe(Argument.withDescription("An id, the beginning of an id, or a name"))
export const sessions = session.pipe(Argument.variadic({ min: 1 }))

export const at = Flag.String("at").pipe(
  Flag.withMetavar("<seq|time>"),
  Flag.withDescription("As it was after this fact, or at this time (2026-11-21T09:30:00Z); absent: now"),
  Flag.optional
)

export const durationFlag = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withMetavar("<duration>"), Flag.withDescription(`${description} (500ms, 30s, 5m, 1h)`))

/** A whole number within these bounds; another one is a usage error that names the flag and the bounds. */
export const countFlag = (name: string, bounds: { readonly minimum: number; readonly maximum: number }) =>
  Flag.Int(name).pipe(Flag.withSchema(Schema.Int.check(Schema.isBetween(bounds))))

export const repeated = (flag: Flag.Flag<string>) => flag.pipe(Flag.atLeast(0))

export const orUsage = <A>(result: Result.Result<A, string>): Effect.Effect<A, UsageFailure> =>
  Result.isSuccess(result) ? Effect.succeed(result.success) : Effect.fail(new UsageFailure({ message: result.failure }))

export const durationMs = (flag: string, text: string): Effect.Effect<number, UsageFailure> => {
  const ms = parseDuration(text)
  return ms === undefined
    ? Effect.fail(new UsageFailure({ message: `--${flag} ${text}: expected a duration such as 500ms, 30s, 5m or 1h` }))
    : Effect.succeed(ms)
}
