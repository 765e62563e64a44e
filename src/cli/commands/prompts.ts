/** `reprise prompts`: what a session was given and what became of it; changes what still waits. */
import { Clock, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { PromptView } from "../../domain/prompt-view.ts"
import type { SessionView } from "../../domain/view.ts"
import { PromptId, PromptRequest } from "../../http/contract/prompts.ts"
import { checked } from "../checked.ts"
import { asCli, type Daemon } from "../daemon.ts"
import { UsageFailure } from "../failures.ts"
import { session } from "../flags.ts"
import { resolve } from "../resolve.ts"
import type { Setting } from "../root.ts"
import { print, printJson, say } from "../stdio.ts"
import { evidenceOf, fateColour, fateOf } from "../text/prompt-line.ts"
import { oneLine } from "../text/sanitise.ts"
import { span } from "../text/span.ts"
import { type Cell, type Column, table } from "../text/table.ts"
import { withDaemon } from "../with-daemon.ts"

const change = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withMetavar("<prompt>"), Flag.withDescription(description), Flag.optional)

export const prompts = Command.make(
  "prompts",
  {
    session,
    text: Argument.String("text").pipe(Argument.withDescription("The new text, with --edit"), Argument.optional),
    cancel: change("cancel", "Take a prompt that waits out of the queue"),
    promote: change("promote", "Move a prompt that waits to the front"),
    edit: change("edit", "Give a prompt that waits another text"),
    clear: Flag.Boolean("clear").pipe(Flag.withDescription("Take all that wait out of the queue"), Flag.withDefault(false)),
    again: change("continue", "Give the prompt of an abandoned turn once more")
  },
  ({ again, cancel, clear, edit, promote, session, text }) =>
    withDaemon((daemon, setting) =>
      Effect.gen(function* () {
        if ([cancel, promote, edit, again].filter(Option.isSome).length + Number(clear) > 1)
          return yield* new UsageFailure({ message: "give one of --cancel, --clear, --promote, --edit and --continue" })
        if (Option.isSome(edit) !== Option.isSome(text))
          return yield* new UsageFailure({ message: "--edit and a text belong together: reprise prompts <session> --edit <prompt> <text>" })
        for (const promptId of [cancel, promote, edit, again].filter(Option.isSome)) yield* checked("prompt", PromptId, promptId.value)
        if (Option.isSome(text)) yield* checked("text", PromptRequest.fields.text, text.value)
        const { id } = yield* resolve(daemon, session)
        const { client } = daemon
        if (clear) {
          const { data } = yield* daemon.ask(client.prompts.clear({ params: { id }, headers: asCli, query: {} }))
          return yield* setting.json ? printJson(data) : print(...data.map(fateOf))
        }
        const of = (promptId: string) => ({ params: { id, promptId }, headers: asCli })
        const changed = Option.isSome(cancel)
          ? client.prompts.cancel({ ...of(cancel.value), query: {} })
          : Option.isSome(promote)
            ? client.prompts.patch({ ...of(promote.value), payload: { place: "front" } })
            : Option.isSome(edit) && Option.isSome(text)
              ? client.prompts.patch({ ...of(edit.value), payload: { text: text.value } })
              : Option.isSome(again)
                ? client.prompts.continue({ ...of(again.value), payload: {} })
                : undefined
        if (changed !== undefined) {
          const view = yield* daemon.ask(changed)
          return yield* setting.json ? printJson(view) : print(fateOf(view))
        }
        const all = yield* everyPrompt(daemon, id)
        if (setting.json) return yield* printJson(all)
        if (all.length === 0) return yield* say("no prompts; give one with: reprise send")
        yield* print(...tableOf(all, yield* Clock.currentTimeMillis, setting))
      })
    )
).pipe(Command.withDescription("List a session's prompts and what became of them"))

/** Every page of the list. */
const everyPrompt = Effect.fnUntraced(function* (daemon: Daemon, id: SessionView["id"]) {
  const all: Array<PromptView> = []
  let cursor = 0
  for (let page = 0; page < mostPages; page++) {
    const answer = yield* daemon.ask(daemon.client.prompts.list({ params: { id }, query: { cursor, limit: pageRows } }))
    all.push(...answer.data)
    if (answer.nextCursor === null) break
    cursor = answer.nextCursor
  }
  return all
})

const pageRows = 500
const mostPages = 1_000

const columns: ReadonlyArray<Column> = [
  { title: "ID", shrinkTo: 12 },
  { title: "STATE" },
  { title: "AGE", align: "right" },
  { title: "DELIVER" },
  { title: "BYTES", align: "right" },
  { title: "LAST EVIDENCE", shrinkTo: 12 }
]

const tableOf = (prompts: ReadonlyArray<PromptView>, now: number, { paint, width }: Setting): ReadonlyArray<string> => {
  const row = (view: PromptView): ReadonlyArray<Cell> => [
    { text: oneLine(view.id) },
    { text: view.state, paint: fateColour(view, paint) },
    { text: span(now - Date.parse(view.steps[0]?.at ?? "")) },
    { text: view.deliver },
    { text: String(view.bytes) },
    { text: evidenceOf(view) }
  ]
  return table(columns, prompts.map(row), { width, title: paint.dim })
}
