/** `reprise answer`: answers the question that an agent asks, while it is open, and says what became of the answer. */
import { Clock, Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { PromptRequest } from "../../http/contract/prompts.ts"
import { checked } from "../checked.ts"
import { asCli } from "../daemon.ts"
import { ExitWith, exitCodes, NotNow, TimedOut } from "../failures.ts"
import { durationFlag, durationMs, session } from "../flags.ts"
import { awaitFate, codeOfFate } from "../prompt-fate.ts"
import { resolve } from "../resolve.ts"
import { print, printJson } from "../stdio.ts"
import { fateOf } from "../text/prompt-line.ts"
import { sentence } from "../text/session-line.ts"
import { withDaemon } from "../with-daemon.ts"

export const answer = Command.make(
  "answer",
  {
    session,
    text: Argument.String("text").pipe(
      Argument.withDescription("A choice, its number, allow, deny, or whatever is to be typed with Enter after it")
    ),
    timeout: durationFlag("timeout", "How long to wait until the question is closed").pipe(Flag.withDefault("30s"))
  },
  ({ session, text, timeout }) =>
    withDaemon((daemon, setting) =>
      Effect.gen(function* () {
        const timeoutMs = yield* durationMs("timeout", timeout)
        yield* checked("text", PromptRequest.fields.text, text)
        const found = yield* resolve(daemon, session)
        if (found.question === null)
          return yield* new NotNow({ message: `nothing is asked: ${sentence(found, yield* Clock.currentTimeMillis)}` })
        const payload = { text, answers: found.question.id, deliver: "now" as const }
        const queued = yield* daemon.ask(daemon.client.prompts.create({ params: { id: found.id }, headers: asCli, payload }))
        const view = yield* awaitFate(daemon, found.id, queued.id, "answered", timeoutMs)
        yield* setting.json ? printJson(view) : print(fateOf(view))
        const code = codeOfFate(view, "answered")
        if (code === undefined) return yield* new TimedOut({ message: `the question is still open: ${view.id} is ${view.state}` })
        if (code !== exitCodes.ok) return yield* new ExitWith({ code })
      })
    )
).pipe(
  Command.withDescription("Answer the question that an agent asks"),
  Command.withExamples([
    { command: "reprise answer s-4k 1", description: "The first of its choices" },
    { command: "reprise answer s-4k deny" }
  ])
)
