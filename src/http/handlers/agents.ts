/** The routes that agents call by themselves. */
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Sessions } from "../../actors/sessions.ts"
import type { StateReport } from "../../domain/facts.ts"
import { HookCall } from "../../domain/hook-call.ts"
import type { SessionView } from "../../domain/view.ts"
import { viewAnswer } from "../answers.ts"
import { ignoredHeader, ReportRequest } from "../contract/agents.ts"
import { Api } from "../contract.ts"
import { Daemon } from "../daemon.ts"
import { problem } from "../problems.ts"
import { toProblem } from "../refusals.ts"
import { askingOf, bodyOf } from "../request.ts"

const call = bodyOf(HookCall)
const report = bodyOf(ReportRequest)

export const agentsLayer = HttpApiBuilder.group(Api, "agents", (handlers) =>
  handlers
    .handleRaw("hook", ({ params, request }) =>
      Effect.gen(function* () {
        // Before a byte of the body is looked at.
        const { token } = yield* ofItsLaunch(params.id, request)
        const { value } = yield* call(request)
        yield* Effect.mapError((yield* Sessions).hook(params.id, token, value), toProblem)
        return HttpServerResponse.empty({ status: 204 })
      })
    )
    .handleRaw("report", ({ headers, params, request }) =>
      Effect.gen(function* () {
        const trusted = (yield* Daemon).isTrusted(request.headers.authorization)
        if (!trusted) yield* ofPresentLaunch(params.id, request)
        const { raw, value } = yield* report(request)
        const { by } = yield* askingOf(request, headers, raw)
        const told: StateReport = {
          seq: value.seq,
          phase: value.phase ?? null,
          task: value.task ?? null,
          blocker: value.blocker ?? null,
          needsInput: value.needsInput ?? false,
          threadId: value.threadId ?? null
        }
        const asking = { by: trusted ? by : "agent" }
        const { view } = yield* Effect.mapError(
          (yield* Sessions).send(params.id, { type: "ReportState", ...asking, report: told }, asking),
          toProblem
        )
        return viewAnswer(view, 200, stands(view, told) ? {} : { [ignoredHeader]: "true" })
      })
    )
)

/** The token that the request shows, which must be that of one of the session's newest launches. */
const ofItsLaunch = Effect.fnUntraced(function* (id: string, request: HttpServerRequest) {
  const token = /^bearer +([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? "")?.[1]
  if (token === undefined) return yield* problem("unauthorized", "send the token of the launch: Authorization: Bearer …")
  return { token, generation: yield* Effect.mapError((yield* Sessions).hookGeneration(id, token), toProblem) }
})

/** A hook of the launch before may come late, and its generation says so; a report speaks for the session as it is now. */
const ofPresentLaunch = Effect.fnUntraced(function* (id: string, request: HttpServerRequest) {
  const { generation } = yield* ofItsLaunch(id, request)
  const present = yield* Effect.mapError((yield* Sessions).get(id), toProblem)
  if (generation === present.generation) return
  return yield* problem("refused", `the token is that of launch ${generation}, and launch ${present.generation} is the present one`, {
    ...{ as: "stale_generation", session: id, seq: present.seq, state: present.state }
  })
})

/** Whether the session holds it now; a repeat of it does no harm. */
const stands = ({ report }: SessionView, told: StateReport): boolean =>
  report !== null && (Object.keys(told) as Array<keyof StateReport>).every((field) => report[field] === told[field])
