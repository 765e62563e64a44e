/** `reprise explain`: why a fact happened, in sentences, from it back to what happened outside the log. */
import { Effect, Option } from "effect"
import { Command } from "effect/cli"
import type { Explanation } from "../../http/contract/travel.ts"
import { at, session } from "../flags.ts"
import { resolve } from "../resolve.ts"
import { print, printJson } from "../stdio.ts"
import type { Paint } from "../text/colour.ts"
import { oneLine } from "../text/sanitise.ts"
import { withDaemon } from "../with-daemon.ts"

export const explain = Command.make("explain", { session, at }, (flags) =>
  withDaemon((daemon, setting) =>
    Effect.gen(function* () {
      const found = yield* resolve(daemon, flags.session)
      const query = Option.match(flags.at, { onNone: () => ({}), onSome: (at) => ({ at }) })
      const explanation = yield* daemon.ask(daemon.client.travel.explain({ params: { id: found.id }, query }))
      yield* setting.json ? printJson(explanation) : print(...explanation.links.map((link) => line(link, setting.paint)))
    })
  )
).pipe(
  Command.withDescription("Say why the newest fact, or the one at a seq or time, happened"),
  Command.withExamples([{ command: "reprise explain demo --at 12" }])
)

const line = (link: Explanation["links"][number], paint: Paint): string => {
  const sentence = oneLine(link.sentence)
  switch (link.kind) {
    case "fact":
      return `${paint.cyan(`#${link.seq} ${link.type}`)}  ${paint.dim(link.at)}\n    ${sentence}`
    case "input":
      return `    ${paint.dim("decided on")} ${link.type}, ${link.at}: ${sentence}`
    case "effect":
      return `    ${paint.dim("done for")} ${link.type}, owed by #${link.owedBy}: ${sentence}`
    case "deadline":
      return `    ${paint.dim("timer")} ${sentence}`
    case "after":
      return `    ${paint.dim("after")} #${link.seq}: ${sentence}`
    case "origin":
      return `    ${paint.green("origin")} ${link.source}: ${sentence}`
    case "cannot_tell":
      return `    ${paint.yellow(sentence)}`
  }
}
