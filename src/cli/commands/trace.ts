/** `reprise trace`: a session's log as a file, a file decided again, a file kept as a test, and what other policies would have decided. */
import { Effect, Option, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { connect } from "../daemon.ts"
import { ExitWith, exitCodes, Failure, UsageFailure } from "../failures.ts"
import { orUsage, repeated, session } from "../flags.ts"
import { isId, resolve } from "../resolve.ts"
import { setting } from "../root.ts"
import { print, printJson, say, write } from "../stdio.ts"
import { TraceFile } from "../trace-file.ts"

/** Deciding needs the whole domain: a command that decides nothing loads nothing of it. */
const checking = Effect.promise(() => import("../trace-checks.ts"))

const title = Flag.String("title").pipe(Flag.withDescription("What the trace says of itself"), Flag.optional)
const output = Flag.Boolean("output").pipe(Flag.withDescription("With what the terminal printed"), Flag.withDefault(false))
const texts = Flag.Boolean("texts").pipe(Flag.withDescription("With the texts of prompts"), Flag.withDefault(false))
const files = Argument.String("file").pipe(Argument.withDescription("A trace"), Argument.variadic({ min: 1 }))

interface Wish {
  readonly session: string
  readonly title: Option.Option<string>
  readonly output: boolean
  readonly texts: boolean
}

/** The trace as the daemon sends it. */
const exported = (wish: Wish, into: (piece: Uint8Array) => Effect.Effect<void, Failure>) =>
  Effect.gen(function* () {
    const daemon = yield* connect((yield* setting).home)
    // Named by its id, also a session that this daemon cannot run: its log is what the user wants to see then.
    const id = isId(wish.session) ? wish.session : (yield* resolve(daemon, wish.session)).id
    const query = {
      ...(wish.output ? { output: "true" as const } : {}),
      ...(wish.texts ? { texts: "true" as const } : {}),
      ...Option.match(wish.title, { onNone: () => ({}), onSome: (title) => ({ title }) })
    }
    const pieces = yield* daemon.ask(daemon.client.traces.trace({ params: { id }, query }))
    yield* Stream.runForEach(pieces, into).pipe(
      Effect.catchIf(
        (error): error is Exclude<typeof error, Failure> => error._tag !== "Failure",
        (error) => daemon.ask(Effect.fail(error))
      )
    )
  }).pipe(Effect.scoped)

const exporting = Command.make(
  "export",
  {
    session,
    output,
    texts,
    title,
    out: Flag.String("out").pipe(Flag.withMetavar("<file>"), Flag.withDescription("Into this file, not to stdout"), Flag.optional)
  },
  (flags) =>
    Option.match(flags.out, {
      onNone: () => Effect.asVoid(exported(flags, write)),
      onSome: (path) =>
        TraceFile.writing(path, (file) => exported(flags, file.write)).pipe(
          Effect.flatMap(({ lines }) => say(`reprise: ${path} has ${lines} lines`))
        )
    })
).pipe(Command.withDescription("Write a session's log as a trace: inputs, facts, obligations and states, one JSON object a line"))

const verifying = Command.make("verify", { files }, ({ files }) =>
  Effect.gen(function* () {
    const { json, paint } = yield* setting
    const { verdictJson, verdictLines, verdictOf } = yield* checking
    let bad = false
    for (const path of files) {
      const verdict = yield* verdictOf(path)
      bad ||= verdict._tag !== "Same"
      yield* json ? printJson(verdictJson(path, verdict)) : print(...verdictLines(path, verdict, paint))
    }
    if (bad) return yield* new ExitWith({ code: exitCodes.failure })
  })
).pipe(Command.withDescription("Decide recorded sessions again with this version, without a daemon; name the first difference"))

const pinning = Command.make(
  "pin",
  {
    session,
    texts,
    output,
    title,
    name: Flag.String("name").pipe(Flag.withDescription("What the file is called: small letters, digits and dashes")),
    dir: Flag.String("dir").pipe(Flag.withDescription("Where the tests look for traces"), Flag.withDefault("test/traces"))
  },
  ({ dir, name, ...wish }) =>
    Effect.gen(function* () {
      if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
        return yield* new UsageFailure({ message: `--name ${name}: expected small letters, digits and dashes, such as login-loop` })
      const { paint } = yield* setting
      const { verdictLines, verdictOf } = yield* checking
      const path = `${dir}/${name}.jsonl`
      yield* TraceFile.directory(dir)
      yield* TraceFile.writing(path, (file) =>
        Effect.gen(function* () {
          yield* exported({ ...wish, title: Option.orElseSome(wish.title, () => name) }, file.write)
          const verdict = yield* verdictOf(yield* file.sofar)
          if (verdict._tag === "Same") return
          yield* say(...verdictLines(path, verdict, paint))
          return yield* new Failure({ message: "nothing was pinned: this version does not decide as the daemon did" })
        })
      )
      yield* print(path)
    })
).pipe(
  Command.withDescription("Keep a session's trace as a regression test, once it verifies"),
  Command.withExamples([{ command: "reprise trace pin demo --name login-loop" }])
)

const backtesting = Command.make(
  "backtest",
  {
    files,
    policy: repeated(
      Flag.String("policy").pipe(
        Flag.withMetavar("<name>=<value>"),
        Flag.withDescription("A policy to try; --keepalive.maxAttempts 5 is short for --policy keepalive.maxAttempts=5")
      )
    )
  },
  ({ files, policy }) =>
    Effect.gen(function* () {
      const { json, paint } = yield* setting
      const { backtestJson, backtestLines, backtestOf, policiesNamed } = yield* checking
      const policies = yield* orUsage(policiesNamed(policy))
      let bad = false
      for (const path of files) {
        const tested = yield* backtestOf(path, policies)
        bad ||= tested._tag !== "Backtested"
        yield* json ? printJson(backtestJson(path, tested)) : print(...backtestLines(path, tested, paint))
      }
      if (bad) return yield* new ExitWith({ code: exitCodes.failure })
    })
).pipe(
  Command.withDescription("What other policies would have decided over recorded sessions, as far as the recordings show"),
  Command.withExamples([{ command: "reprise trace backtest demo.jsonl --keepalive.maxAttempts 5 --stop.graceMs 1000" }])
)

export const trace = Command.make("trace").pipe(
  Command.withDescription("Record, verify, pin and back-test what sessions decided"),
  Command.withSubcommands([exporting, verifying, pinning, backtesting])
)
