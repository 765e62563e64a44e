/** What agents report to the daemon: through their own hooks, and by `reprise report`. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import { HookCall } from "../../domain/hook-call.ts"
import { limits } from "../../domain/limits.ts"
import { SessionView } from "../../domain/view.ts"
import { problems } from "../problems.ts"
import { ofSession, params, reportHeaders } from "./common.ts"

/** Posted by an agent with the token of its own launch, which opens nothing else; a report takes the daemon's token, too. */
export const launchPaths: ReadonlySet<string> = new Set(["/v1/sessions/:id/hooks", "/v1/sessions/:id/reports"])

const Word = Schema.String.check(
  Schema.isPattern(/^[^\p{Cc}]*$/u, { message: "one line without control characters" }),
  Schema.isMaxLength(limits.reportChars)
)
const word = Schema.optionalKey(Schema.NullOr(Word))

/** The whole of what an agent says of itself: what is absent is not so any more. One with an older `seq` than the newest is ignored. */
export const ReportRequest = Schema.Struct({
  seq: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  phase: word,
  task: word,
  blocker: word,
  needsInput: Schema.optionalKey(Schema.Boolean),
  threadId: word
})

/** Says of a report that an older or equal `seq` stands in the session already, with other words. */
export const ignoredHeader = "x-reprise-ignored"

export class AgentsApi extends HttpApiGroup.make("agents").add(
  HttpApiEndpoint.post("hook", "/v1/sessions/:id/hooks", { params, payload: HookCall, success: Schema.Void, error: ofSession }).annotate(
    OpenApi.Description,
    "what an agent's hook reports; needs the token of its launch"
  ),
  HttpApiEndpoint.post("report", "/v1/sessions/:id/reports", {
    params,
    headers: reportHeaders,
    payload: ReportRequest,
    success: SessionView,
    error: [...ofSession, ...problems(413, 415, 507)]
  }).annotate(
    OpenApi.Description,
    `what an agent says of itself; takes the token of its launch as well. An older \`seq\` changes nothing, and \`${ignoredHeader}: true\` says so`
  )
) {}
