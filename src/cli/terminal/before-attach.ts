/** What can be wrong with attaching before anything is connected: no terminal, or detach keys that mean nothing. */
import { Effect } from "effect"
import { Flag } from "effect/cli"
import { UsageFailure } from "../failures.ts"
import { orUsage } from "../flags.ts"
import { defaultDetachKeys, parseDetachKeys } from "./detach-keys.ts"

export const detachKeysFlag = Flag.String("detach-keys").pipe(
  Flag.withMetavar("<keys>"),
  Flag.withDescription(`What to type to leave (else $REPRISE_DETACH_KEYS, else "${defaultDetachKeys}")`),
  Flag.optional
)

export const detachKeys = (given: string | undefined) => {
  const text = given ?? (process.env.REPRISE_DETACH_KEYS || defaultDetachKeys)
  return Effect.map(orUsage(parseDetachKeys(text)), (keys) => ({ keys, keysText: text }))
}

/** A pipe can neither leave nor be drawn on. */
export const requireTerminal = Effect.suspend(() => {
  if (process.stdin.isTTY && process.stdout.isTTY) return Effect.void
  const missing = process.stdin.isTTY ? "stdout" : "stdin"
  return new UsageFailure({ message: `${missing} is not a terminal: type with \`reprise input\`, read with \`reprise output -f\`` })
})
