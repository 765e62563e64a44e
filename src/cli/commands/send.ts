/** `reprise send`: gives a session a prompt, typed whole when its time comes, and says what became of it. */
import type { Readable } from "node:stream"
import { Clock, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { limits } from "../../domain/limits.ts"
import { PromptRequest } from "../../http/contract/prompts.ts"
import { FileRefused } from "../../infra/regular-file.ts"
import { attached } from "../attaching.ts"
import { checked } from "../checked.ts"
import { asCli } from "../daemon.ts"
import { ExitWith, exitCodes, TimedOut, UsageFailure } from "../failures.ts"
import { durationFlag, durationMs, repeated, session } from "../flags.ts"
import { readableFile } from "../in-file.ts"
import { awaitFate, codeOfFate } from "../prompt-fate.ts"
import { resolve } from "../resolve.ts"
import { print, printJson } from "../stdio.ts"
import { fateOf } from "../text/prompt-line.ts"
import { sentence } from "../text/session-line.ts"
import { withDaemon } from "../with-daemon.ts"

const word = (name: string, description: string) => Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)

export const send = Command.make(
  "send",
  {
    session,
    text: Argument.String("text").pipe(
      Argument.withDescription("The prompt; Enter is pressed after it. An empty one presses Enter alone"),
      Argument.optional
    ),
    stdin: Flag.Boolean("stdin").pipe(
      Flag.withDescription("The prompt is what stdin says, without its last line end"),
      Flag.withDefault(false)
    ),
    file: Flag.String("file").pipe(Flag.withMetavar("<path>"), Flag.withDescription("The prompt is what a file says"), Flag.optional),
    deliver: Flag.Literals("deliver", ["now", "turn_boundary", "idle"]).pipe(
      Flag.withDescription("Type it at once, between turns, or when the agent has nothing to do"),
      Flag.withDefault("turn_boundary" as const)
    ),
    wait: Flag.Literals("wait", ["submitted", "accepted", "answered"]).pipe(
      Flag.withDescription("Wait until it is so (exit code 4: rejected or cancelled; 6: uncertain or expired)"),
      Flag.optional
    ),
    timeout: durationFlag("timeout", "How long to wait at most").pipe(Flag.optional),
    id: word("id", "Your own name for it: sent again under the same name, it is the same prompt"),
    onUncertain: Flag.Literals("on-uncertain", ["report", "resend"]).pipe(
      Flag.withDescription("What may not have arrived is reported, or typed again at the risk of arriving twice"),
      Flag.withDefault("report" as const)
    ),
    from: word("from", "Who sends it"),
    thread: word("thread", "The conversation that it belongs to"),
    replyTo: word("reply-to", "The prompt that it answers"),
    attach: repeated(
      Flag.String("attach").pipe(Flag.withMetavar("<path>"), Flag.withDescription("An image that goes with it (repeat for several)"))
    ),
    answers: word("answers", "The question that it answers, by its id (see: reprise answer)"),
    expires: durationFlag("expires", "Not typed any more after").pipe(Flag.optional)
  },
  (flags) =>
    withDaemon((daemon, setting) =>
      Effect.gen(function* () {
        const wanted = Option.getOrUndefined(flags.wait)
        if (wanted === undefined && Option.isSome(flags.timeout))
          return yield* new UsageFailure({ message: "--timeout has a meaning with --wait alone" })
        const timeoutMs = Option.isNone(flags.timeout) ? undefined : yield* durationMs("timeout", flags.timeout.value)
        const expiresInMs = Option.isNone(flags.expires) ? undefined : yield* durationMs("expires", flags.expires.value)
        const text = yield* textOf(flags)
        const payload = yield* checked("text", PromptRequest, {
          text,
          deliver: flags.deliver,
          onUncertain: flags.onUncertain,
          ...given("id", flags.id),
          ...given("from", flags.from),
          ...given("threadId", flags.thread),
          ...given("replyTo", flags.replyTo),
          ...given("answers", flags.answers),
          ...(expiresInMs === undefined ? {} : { expiresInMs })
        })
        const found = yield* resolve(daemon, flags.session)
        const attachments = yield* attached(daemon, found, flags.attach)
        const whole = attachments.length === 0 ? payload : { ...payload, attachments }
        const queued = yield* daemon.ask(daemon.client.prompts.create({ params: { id: found.id }, headers: asCli, payload: whole }))
        const view = wanted === undefined ? queued : yield* awaitFate(daemon, found.id, queued.id, wanted, timeoutMs)
        yield* setting.json ? printJson(view) : print(fateOf(view))
        const code = wanted === undefined ? exitCodes.ok : codeOfFate(view, wanted)
        if (code === undefined) {
          const now = yield* daemon.ask(daemon.client.sessions.get({ params: { id: found.id }, headers: {} }))
          const line = sentence(now, yield* Clock.currentTimeMillis)
          return yield* new TimedOut({ message: `not ${wanted} in time: ${view.id} is ${view.state}; ${line}` })
        }
        if (code !== exitCodes.ok) return yield* new ExitWith({ code })
      })
    )
).pipe(
  Command.withDescription("Give a session a prompt"),
  Command.withExamples([
    { command: "reprise send s-4k 'run the tests' --wait accepted --timeout 1m", description: "And wait until the agent has taken it" },
    { command: "git diff | reprise send s-4k --stdin --deliver idle", description: "What a pipe says, once the agent is idle" }
  ])
)

const given = (field: string, value: Option.Option<string>) => (Option.isSome(value) ? { [field]: value.value } : {})

interface Sources {
  readonly text: Option.Option<string>
  readonly stdin: boolean
  readonly file: Option.Option<string>
}

const textOf = Effect.fnUntraced(function* ({ file, stdin, text }: Sources) {
  const sources = [Option.isSome(text), stdin, Option.isSome(file)].filter((one) => one).length
  if (sources !== 1)
    return yield* new UsageFailure({
      message: sources === 0 ? "nothing to send: give a text, --stdin or --file" : "give one of a text, --stdin and --file"
    })
  if (Option.isSome(text)) return text.value
  return Option.isSome(file) ? yield* read(file.value, () => readableFile(file.value)) : yield* read("stdin", () => process.stdin)
})

/** At most a prompt's bytes; the line end that editors and `echo` leave at the end is not part of it. */
const read = (name: string, source: () => Readable) =>
  Effect.tryPromise({
    try: async () => {
      const chunks: Array<Buffer> = []
      let size = 0
      for await (const chunk of source() as AsyncIterable<Buffer>) {
        size += chunk.length
        if (size > limits.promptBytes + 2) break
        chunks.push(chunk)
      }
      if (size > limits.promptBytes + 2) throw new UsageFailure({ message: `${name} says more than ${limits.promptBytes} bytes` })
      return utf8.decode(Buffer.concat(chunks)).replace(/\r?\n$/, "")
    },
    catch: (cause) => (cause instanceof UsageFailure ? cause : new UsageFailure({ message: unreadable(name, cause) }))
  })

const unreadable = (name: string, cause: unknown) => {
  if (cause instanceof FileRefused) return cause.message
  return `${name}: ${cause instanceof TypeError ? "not UTF-8" : ((cause as NodeJS.ErrnoException).code ?? "unreadable")}`
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
