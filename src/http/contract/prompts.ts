/** Prompts of a session, and one prompt for many: queued durably, and then told of until their fate is known. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import { Delivery } from "../../domain/facts.ts"
import { SessionId } from "../../domain/ids.ts"
import { limits } from "../../domain/limits.ts"
import { PromptState, PromptView } from "../../domain/prompt-view.ts"
import { Labels, PromptText } from "../../domain/spec.ts"
import { Problem } from "../problems.ts"
import { Cursor, commandHeaders, creationHeaders, Duration, Limit, ofCommand, ofSession, pageOf, params, patchHeaders } from "./common.ts"
import { ReasonRequest } from "./sessions.ts"

/** Part of a path, so never `.` or `..`. */
export const PromptId = Schema.String.check(
  Schema.isPattern(new RegExp(`^(?!\\.{1,2}$)[A-Za-z0-9._:-]{1,${limits.promptNameChars}}$`), {
    message: `1 to ${limits.promptNameChars} letters, digits and ._:- (and not . or ..)`
  })
)

/** Who or what a prompt belongs to: one line, printable. */
const Word = Schema.String.check(
  Schema.isPattern(/^[^\p{Cc}]+$/u, { message: "one line without control characters" }),
  Schema.isMaxLength(limits.promptNameChars)
)

/**
 * `id` is the caller's own: the same id with the same text is the same prompt, however often it comes. `deliver`: `now` types
 * into a turn too, `turn_boundary` (the default) between turns, `idle` when the agent has nothing to do. `onUncertain`: whether
 * what may not have arrived is reported (the default) or typed again, at the risk of arriving twice.
 */
export const PromptRequest = Schema.Struct({
  text: PromptText,
  id: Schema.optionalKey(PromptId),
  deliver: Schema.optionalKey(Delivery),
  onUncertain: Schema.optionalKey(Schema.Literals(["report", "resend"])),
  from: Schema.optionalKey(Word),
  replyTo: Schema.optionalKey(Word),
  threadId: Schema.optionalKey(Word),
  replyExpected: Schema.optionalKey(Schema.Boolean),
  expiresInMs: Schema.optionalKey(Schema.Int.check(Schema.isBetween(limits.promptExpiryMs)))
})
export type PromptRequest = typeof PromptRequest.Type

/** What is changed of a prompt that is still queued: its text, its place in the queue, or both. */
export const PromptPatch = Schema.Struct({
  text: Schema.optionalKey(PromptText),
  place: Schema.optionalKey(Schema.Literal("front"))
}).check(Schema.makeFilter(({ place, text }) => place !== undefined || text !== undefined || "one of text and place is needed"))

export const PromptPage = pageOf(PromptView, Schema.Int)
export type PromptPage = typeof PromptPage.Type

/** `state`: repeated or separated by commas. `cursor`: the `nextCursor` of the page before. */
export const PromptListQuery = Schema.Struct({
  state: Schema.optionalKey(Schema.Array(Schema.String)),
  cursor: Schema.optionalKey(Cursor),
  limit: Schema.optionalKey(Limit)
})

/**
 * `wait`: answers once the prompt has been at this state, or can change no more, or the time is up, whichever comes first; the
 * answer is the prompt as it is then, and its state and steps say which of the three it was.
 */
export const PromptQuery = Schema.Struct({ wait: Schema.optionalKey(PromptState), timeout: Schema.optionalKey(Duration) })

const targets = Schema.Array(SessionId).check(Schema.isMinLength(1), Schema.isMaxLength(limits.promptTargets))

/** `labels` and `all` mean the sessions whose agent is up or on its way up; `ids` means those named, whatever they are. */
export const BroadcastRequest = Schema.Struct({
  to: Schema.Union([
    Schema.Struct({ ids: targets }),
    Schema.Struct({ labels: Labels.check(Schema.isMinProperties(1)) }),
    Schema.Struct({ all: Schema.Literal(true) })
  ]),
  prompt: PromptRequest
})

/** One result for each session, in the order in which they were named, or created. */
export const BroadcastAnswer = Schema.Struct({
  results: Schema.Array(
    Schema.Union([
      Schema.Struct({ session: SessionId, status: Schema.Literal("queued"), prompt: PromptView }),
      Schema.Struct({ session: SessionId, status: Schema.Literal("refused"), problem: Problem })
    ])
  )
})
export type BroadcastAnswer = typeof BroadcastAnswer.Type

const ofPrompt = { ...params, promptId: PromptId }

export class PromptsApi extends HttpApiGroup.make("prompts").add(
  HttpApiEndpoint.post("create", "/v1/sessions/:id/prompts", {
    params,
    headers: commandHeaders,
    payload: PromptRequest,
    success: PromptView.pipe(HttpApiSchema.status(202)),
    error: ofCommand
  }),
  HttpApiEndpoint.get("list", "/v1/sessions/:id/prompts", { params, query: PromptListQuery, success: PromptPage, error: ofSession }),
  HttpApiEndpoint.get("get", "/v1/sessions/:id/prompts/:promptId", {
    params: ofPrompt,
    query: PromptQuery,
    success: PromptView,
    error: ofSession
  }),
  HttpApiEndpoint.patch("patch", "/v1/sessions/:id/prompts/:promptId", {
    params: ofPrompt,
    headers: patchHeaders,
    payload: PromptPatch,
    success: PromptView,
    error: ofCommand
  }),
  HttpApiEndpoint.delete("cancel", "/v1/sessions/:id/prompts/:promptId", {
    params: ofPrompt,
    headers: patchHeaders,
    query: ReasonRequest,
    success: PromptView,
    error: ofCommand
  }),
  HttpApiEndpoint.post("broadcast", "/v1/prompts", {
    headers: creationHeaders,
    payload: BroadcastRequest,
    success: BroadcastAnswer,
    error: ofCommand
  })
) {}
