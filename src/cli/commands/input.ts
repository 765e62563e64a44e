/** `reprise input`: types into a session's terminal, all at once and once only. */
import { Clock, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { limits } from "../../domain/limits.ts"
import { asCli } from "../daemon.ts"
import { UsageFailure } from "../failures.ts"
import { repeated, session } from "../flags.ts"
import { resolve } from "../resolve.ts"
import { print, printJson, readStdin } from "../stdio.ts"
import { sentence } from "../text/session-line.ts"
import { withDaemon } from "../with-daemon.ts"

export const input = Command.make(
  "input",
  {
    session,
    text: Argument.String("text").pipe(Argument.withDescription("What to type; nothing is added to it"), Argument.optional),
    key: repeated(
      Flag.String("key").pipe(
        Flag.withAlias("k"),
        Flag.withMetavar("<key>"),
        Flag.withDescription("A key to press after the text: enter, escape, up, f5, ctrl-c, alt-x, … (repeat for several)")
      )
    ),
    stdin: Flag.Boolean("stdin").pipe(Flag.withDescription("Type what stdin says, byte for byte"), Flag.withDefault(false))
  },
  ({ key, session, stdin, text }) =>
    withDaemon((daemon, setting) =>
      Effect.gen(function* () {
        if (stdin && (Option.isSome(text) || key.length > 0))
          return yield* new UsageFailure({ message: "--stdin is typed alone: without text and --key" })
        if (!stdin && Option.isNone(text) && key.length === 0)
          return yield* new UsageFailure({ message: "nothing to type: give a text, --key or --stdin" })
        const found = yield* resolve(daemon, session)
        const typed = stdin
          ? { base64: yield* fromStdin }
          : { ...(Option.isSome(text) ? { text: text.value } : {}), ...(key.length > 0 ? { keys: key } : {}) }
        const view = yield* daemon.ask(daemon.client.sessions.input({ params: { id: found.id }, headers: asCli, payload: typed }))
        if (setting.json) return yield* printJson(view)
        yield* print(sentence(view, yield* Clock.currentTimeMillis))
      })
    )
).pipe(
  Command.withDescription("Type into a session"),
  Command.withExamples([
    { command: "reprise input s-4k 'run the tests' --key enter", description: "A line, as a person would type it" },
    { command: "reprise input s-4k --key ctrl-c", description: "A key alone" },
    { command: "reprise input s-4k --stdin < keys.bin", description: "Bytes as they are" }
  ])
)

const fromStdin = Effect.gen(function* () {
  const bytes = yield* readStdin(limits.inputBytes)
  if (bytes === undefined)
    return yield* new UsageFailure({ message: `stdin says more than ${limits.inputBytes} bytes, the most that is typed at once` })
  if (bytes.length === 0) return yield* new UsageFailure({ message: "stdin says nothing" })
  return Buffer.from(bytes).toString("base64")
})
