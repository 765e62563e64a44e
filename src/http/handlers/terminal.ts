/** The routes of a session's terminal: raw output, the screen, and the way to a WebSocket. */
import { Effect } from "effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Sessions } from "../../actors/sessions.ts"
import { Screens } from "../../infra/screens/screens.ts"
import { jsonAnswer } from "../answers.ts"
import { type Screen, TicketRequest } from "../contract/terminal.ts"
import { Api } from "../contract.ts"
import { outputAnswer } from "../output-answer.ts"
import { pastScreen } from "../past-screen.ts"
import { problem } from "../problems.ts"
import { toProblem } from "../refusals.ts"
import { bodyOf } from "../request.ts"
import { Tickets } from "../tickets.ts"

const ticket = bodyOf(TicketRequest)
const known = Effect.fnUntraced(function* (id: string) {
  return yield* Effect.mapError((yield* Sessions).get(id), toProblem)
})

const presentScreen = Effect.fnUntraced(function* (id: string) {
  const { size } = yield* known(id)
  const screen: Shown = yield* Effect.mapError((yield* Screens).now(id, size), toProblem)
  return screen
})

type Shown = Screen & { readonly ansi: string }

const placeHeaders = ({ exact, offset, seq }: Shown | Screen) => ({
  "x-reprise-offset": String(offset),
  ...(seq === undefined ? {} : { "x-reprise-seq": String(seq) }),
  ...(exact === undefined ? {} : { "x-reprise-exact": String(exact) })
})

export const terminalLayer = HttpApiBuilder.group(Api, "terminal", (handlers) =>
  handlers
    .handle("output", ({ headers, params, query }) =>
      Effect.andThen(known(params.id), outputAnswer(params.id, { from: query.from, follow: query.follow === "true", range: headers.range }))
    )
    .handle("screen", ({ headers, params, query }) =>
      Effect.gen(function* () {
        const { ansi, ...screen } = yield* query.at === undefined ? presentScreen(params.id) : pastScreen(params.id, query.at)
        const format = query.format ?? (/\bapplication\/json\b/i.test(headers.accept ?? "") ? "json" : "text")
        if (format === "json") return jsonAnswer(screen, 200, uncached)
        const text = format === "ansi" ? ansi : `${screen.lines.join("\n").trimEnd()}\n`
        return HttpServerResponse.text(text, { headers: { ...uncached, ...placeHeaders(screen) } })
      })
    )
    .handle("attach", () => Effect.fail(problem("upgrade_required", "connect with a WebSocket of the subprotocol reprise.attach.v1")))
    .handleRaw("attachTicket", ({ params, request }) =>
      Effect.gen(function* () {
        const { value } = yield* ticket(request)
        yield* known(params.id)
        const mode = value.mode ?? "control"
        const issued = yield* (yield* Tickets).issue(params.id, mode)
        return jsonAnswer({ ticket: issued.ticket, mode, expiresAt: new Date(issued.expiresAt).toISOString() }, 201, uncached)
      })
    )
)

const uncached = { "cache-control": "no-store" }
