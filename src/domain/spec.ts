/** What a session is asked to be: the checked shapes of a create and a patch, with every default in one place. */
import { Effect, Schema } from "effect"
import { limits } from "./limits.ts"
import { conversationPattern } from "./providers/bounded.ts"

const between = (bounds: { readonly minimum: number; readonly maximum: number }) => Schema.Int.check(Schema.isBetween(bounds))
const withDefault = <S extends Schema.Top & { readonly Encoded: unknown }>(schema: S, value: S["Encoded"]) =>
  schema.pipe(Schema.withDecodingDefaultKey(Effect.succeed(value)))

/** No NUL: neither argv nor the environment can carry one (execve(2)). */
const Text = Schema.String.check(Schema.isPattern(/^[^\0]*$/, { message: "a text without a NUL character" }))

/** What ends a bracketed paste, in seven bits or in eight: what follows it would be typed as keys. */
const pasteEnd = /(?:\x1b\[|\x9b)201~/

/** What is typed and submitted. An empty text presses Enter alone. */
export const PromptText = Schema.String.check(
  Schema.makeFilter((text) => !text.includes("\0") || "holds a NUL byte"),
  Schema.makeFilter((text) => !pasteEnd.test(text) || "holds the mark that ends a bracketed paste (ESC [ 201 ~)"),
  Schema.makeFilter((text) => text.isWellFormed() || "holds half of a surrogate pair")
)

export const labelKeyPattern = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/

export const Labels = Schema.Record(
  Schema.String.check(Schema.isPattern(labelKeyPattern), Schema.isMaxLength(limits.labelKeyChars)),
  Schema.String.check(Schema.isMaxLength(limits.labelValueChars))
).check(Schema.isMaxProperties(limits.labels))

/** Shown in lists; printable, so that no name can move a cursor. */
export const Name = Schema.String.check(
  Schema.isPattern(/^[^\p{Cc}]+$/u, { message: "a name of at least one character, without control characters" }),
  Schema.isMaxLength(limits.nameChars)
)

export const Size = Schema.Struct({ cols: between(limits.cols), rows: between(limits.rows) })
export type Size = typeof Size.Type

/**
 * When an ended session is launched again by itself. `never`; `on_crash`: any end but a clean exit or a stop; `always`: any end
 * but a stop. The n-th attempt waits `baseMs * factor^(n-1)`, at most `capMs`, plus up to a tenth of it as jitter.
 */
export const Keepalive = Schema.Struct({
  mode: Schema.Literals(["never", "on_crash", "always"]),
  baseMs: withDefault(between(limits.backoffMs), 3_000),
  factor: withDefault(Schema.Finite.check(Schema.isBetween({ minimum: 1, maximum: 10 })), 2),
  capMs: withDefault(between(limits.backoffMs), 300_000),
  maxAttempts: withDefault(between(limits.attempts), 3),
  healthyAfterMs: withDefault(between(limits.healthyAfterMs), 60_000)
}).check(Schema.makeFilter(({ baseMs, capMs }) => baseMs <= capMs || "baseMs is at most capMs"))
export type Keepalive = typeof Keepalive.Type

const waitMs = between(limits.rungWaitMs)
/** One rung of the stop ladder: say goodbye by typing, hang up by signals to the process group, kill every process of the tree. */
export const Rung = Schema.Union([
  Schema.Struct({ step: Schema.Literal("goodbye"), text: Schema.NonEmptyString.check(Schema.isMaxLength(256)), waitMs }),
  Schema.Struct({
    step: Schema.Literal("hangup"),
    signals: Schema.NonEmptyArray(Schema.Literals(["SIGHUP", "SIGCONT", "SIGTERM", "SIGINT", "SIGQUIT"])).check(Schema.isMaxLength(5)),
    waitMs
  }),
  Schema.Struct({ step: Schema.Literal("kill") })
])
export type Rung = typeof Rung.Type

/** Rungs from the politest to the last, which must be `kill`: a stop that may end without one could never be promised. */
export const Ladder = Schema.Array(Rung).check(
  Schema.isMinLength(1),
  Schema.isMaxLength(limits.ladderRungs),
  Schema.makeFilter<ReadonlyArray<Rung>>((rungs) => {
    const kills = rungs.flatMap((rung, index) => (rung.step === "kill" ? [index] : []))
    return (kills.length === 1 && kills[0] === rungs.length - 1) || "a ladder has exactly one `kill`, and it is the last rung"
  })
)

/** How long a ladder may take until its last rung, in milliseconds. */
export const ladderMs = (ladder: ReadonlyArray<Rung>): number =>
  ladder.reduce((sum, rung) => sum + (rung.step === "kill" ? 0 : rung.waitMs), 0)

/** Interactive shells ignore SIGTERM and end on SIGHUP; SIGCONT lets a stopped process receive it. */
export const terminalLadder: typeof Ladder.Type = [{ step: "hangup", signals: ["SIGHUP", "SIGCONT"], waitMs: 5_000 }, { step: "kill" }]

export const Stopping = Schema.Struct({ ladder: Ladder })

/** A session as the log holds it: everything decided, nothing secret. Values of the environment lie in a private file beside it. */
export const Spec = Schema.Struct({
  provider: Schema.String,
  /** argv: never a shell string. */
  command: Schema.NonEmptyArray(Schema.String),
  /** How many words of `command` name the program; what a launch adds of its own comes behind them. Absent: nothing is added. */
  programWords: Schema.optionalKey(Schema.Int),
  cwd: Schema.String,
  /** The names in the child's environment, sorted, and a keyed hash over names and values: enough to see that it changed. */
  env: Schema.Struct({ names: Schema.Array(Schema.String), hash: Schema.String }),
  name: Schema.NullOr(Schema.String),
  labels: Schema.Record(Schema.String, Schema.String),
  size: Size,
  runtime: Schema.Literal("pty"),
  keepalive: Keepalive,
  stop: Stopping,
  readyTimeoutMs: Schema.Int,
  idleStopMs: Schema.NullOr(Schema.Int),
  trustFolder: Schema.optionalKey(Schema.Literal(true))
})
export type Spec = typeof Spec.Type

const Directory = Text.check(Schema.isPattern(/^\//, { message: "an absolute path" }), Schema.isMaxLength(limits.cwdChars))

const Variables = Schema.Record(
  Schema.String.check(
    Schema.isPattern(/^[A-Za-z_][A-Za-z0-9_]*$/, { message: "a name of letters, digits and _, which begins with no digit" }),
    Schema.isMaxLength(limits.envNameChars)
  ),
  Text
).check(
  Schema.isMaxProperties(limits.envEntries),
  Schema.makeFilter<Readonly<Record<string, string>>>(
    (env) =>
      Object.entries(env).reduce((sum, [name, value]) => sum + name.length + value.length, 0) <= limits.envBytes ||
      `at most ${limits.envBytes} characters of names and values together`
  )
)

/** The body of a create. Unknown fields are refused by name at the edge. */
export const CreateRequest = Schema.Struct({
  provider: withDefault(Schema.String, "command"),
  command: Schema.optionalKey(
    Schema.NonEmptyArray(Text.check(Schema.isMaxLength(limits.commandChars))).check(Schema.isMaxLength(limits.commandWords))
  ),
  args: withDefault(Schema.Array(Text.check(Schema.isMaxLength(limits.commandChars))).check(Schema.isMaxLength(limits.commandWords)), []),
  cwd: Directory,
  env: withDefault(Variables, {}),
  name: Schema.optionalKey(Name),
  labels: withDefault(Labels, {}),
  size: withDefault(Size, { cols: 80, rows: 24 }),
  runtime: withDefault(Schema.Literal("pty"), "pty"),
  keepalive: Schema.optionalKey(Keepalive),
  stop: Schema.optionalKey(Stopping),
  // opencode takes 45 s to its first screen on two cores at a load of 15; a limit below that ends a healthy agent.
  readyTimeoutMs: withDefault(between(limits.readyTimeoutMs), 120_000),
  idleStopMs: Schema.optionalKey(between(limits.idleStopMs)),
  /** The daemon answers so when the agent asks whether its folder can be trusted; else that question waits for a person. */
  trustFolder: withDefault(Schema.Boolean, false),
  /** The first prompt, durable together with the session. */
  prompt: Schema.optionalKey(PromptText),
  /** A conversation of the provider's that is there already, by its own id: the first launch resumes it. */
  conversation: Schema.optionalKey(
    Text.check(
      Schema.isPattern(conversationPattern, { message: "an id of letters, digits and . _ -, which begins with a letter or a digit" }),
      Schema.isMaxLength(limits.conversationChars)
    )
  )
})
export type CreateRequest = typeof CreateRequest.Type

const changeable = {
  name: Schema.optionalKey(Schema.NullOr(Name)),
  labels: Schema.optionalKey(Labels),
  keepalive: Schema.optionalKey(Keepalive),
  stop: Schema.optionalKey(Stopping),
  idleStopMs: Schema.optionalKey(Schema.NullOr(between(limits.idleStopMs)))
}

/** What a patch changes, as the log holds it: of the environment no value. */
export const SpecChanges = Schema.Struct({
  ...changeable,
  cwd: Schema.optionalKey(Schema.String),
  command: Schema.optionalKey(Schema.NonEmptyArray(Schema.String)),
  programWords: Schema.optionalKey(Schema.Int),
  env: Schema.optionalKey(Spec.fields.env)
})
export type SpecChanges = typeof SpecChanges.Type

/**
 * The body of a patch: what is absent stays as it is; `name: null` and `idleStopMs: null` take the value away. A session that has ended
 * can go on elsewhere: `env` is added to its environment, `command` takes the place of its program.
 */
export const PatchRequest = Schema.Struct({
  ...changeable,
  cwd: Schema.optionalKey(Directory),
  command: CreateRequest.fields.command,
  env: Schema.optionalKey(Variables),
  /**
   * The PATH that the session takes over where its program is not on its own any more. Where it is on neither, a folder in which an
   * earlier launch found the program comes behind it.
   */
  pathIfMissing: Schema.optionalKey(Text.check(Schema.isMaxLength(limits.envBytes)))
})
export type PatchRequest = typeof PatchRequest.Type
