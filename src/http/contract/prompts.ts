/** Prompts of a session, and one prompt for many: queued durably, and followed until their fate is known. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import { Attachment, Delivery } from "../../domain/facts.ts"
import { SessionId } from "../../domain/ids.ts"
import { limits } from "../../domain/limits.ts"
import { PromptState, PromptView } from "../../domain/prompt-view.ts"
import { Labels, PromptText } from "../../domain/spec.ts"
import { Problem } from "../problems.ts"
import { Cursor, commandHeaders, creationHeaders, Duration, Limit, ofCommand, ofSession, pageOf, params, patchHeaders } from "./common.ts"
import { EmptyRequest, ReasonRequest } from "./sessions.ts"

/** Part of a path, so never `.` or `..`. */
export const PromptId = Schema.String.check(
  Schema.isPattern(new RegExp(`^(?!\\.{1,2}$)[A-Za-z0-9._:-]{1,${limits.promptNameChars}}$`), {
    message: `1 to ${limits.promptNameChars} letters, digits and ._:- (and not . or ..)`
  })
)

/** The person or program that a prompt belongs to: one line, printable. */
const Word = Schema.String.check(
  Schema.isPattern(/^[^\p{Cc}]+$/u, { message: "one line without control characters" }),
  Schema.isMaxLength(limits.promptNameChars)
)

/**
 * `id` is the caller's own: the same id with the same text is the same prompt, however often it comes. `deliver`: `now` types
 * into a turn too, `turn_boundary` (the default) between turns, `idle` when the agent has nothing to do. `onUncertain`: whether
 * what may not have arrived is reported (the default) or typed again, at the risk of arriving twice.
 */
const asked = {
  text: PromptText,
  id: Schema.optionalKey(PromptId),
  deliver: Schema.optionalKey(Delivery),
  onUncertain: Schema.optionalKey(Schema.Literals(["report", "resend"])),
  from: Schema.optionalKey(Word),
  replyTo: Schema.optionalKey(Word),
  threadId: Schema.optionalKey(Word),
  replyExpected: Schema.optionalKey(Schema.Boolean),
  expiresInMs: Schema.optionalKey(Schema.Int.check(Schema.isBetween(limits.promptExpiryMs)))
}

/**
 * An image: by its path on the daemon's machine, absolute or from the session's directory, which must lie in that directory; or by the
 * id of one that was uploaded.
 */
const AttachmentRef = Schema.Union([
  Schema.Struct({
    path: Schema.NonEmptyString.check(
      Schema.isPattern(/^[^\0]*$/, { message: "a path without a NUL character" }),
      Schema.isMaxLength(limits.cwdChars)
    )
  }),
  Schema.Struct({ id: Schema.String.check(Schema.isPattern(/^a-[0-9a-f]{24}$/, { message: "the id of an attachment" })) })
])
export type AttachmentRef = typeof AttachmentRef.Type

/**
 * `answers`: the question that it answers, by its id; typed while that one is open, and never after (`question_closed`). A second answer
 * is refused until the first has its fate (`answer_under_way`).
 */
export const PromptRequest = Schema.Struct({
  ...asked,
  answers: Schema.optionalKey(Word),
  attachments: Schema.optionalKey(Schema.Array(AttachmentRef).check(Schema.isMaxLength(limits.attachments)))
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
  prompt: Schema.Struct(asked)
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

/** An image in the session's private directory, removed with the session when it is terminated. The same bytes have the same id. */
export const AttachmentView = Schema.Struct({ id: Schema.String, ...Attachment.fields })
export type AttachmentView = typeof AttachmentView.Type

/** What the prompt is called that goes on with an abandoned one. */
export const againSuffix = ".again"

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
  HttpApiEndpoint.delete("clear", "/v1/sessions/:id/prompts", {
    params,
    headers: patchHeaders,
    query: ReasonRequest,
    success: PromptPage,
    error: ofCommand
  }),
  HttpApiEndpoint.post("continue", "/v1/sessions/:id/prompts/:promptId/continue", {
    params: ofPrompt,
    headers: commandHeaders,
    payload: EmptyRequest,
    success: PromptView.pipe(HttpApiSchema.status(202)),
    error: ofCommand
  }).annotate(
    OpenApi.Description,
    `queues the prompt of the session's abandoned turn again, once, under the id with \`${againSuffix}\` behind it`
  ),
  HttpApiEndpoint.post("attach", "/v1/sessions/:id/attachments", {
    params,
    payload: HttpApiSchema.StreamUint8Array({ contentType: "image/*" }),
    success: AttachmentView.pipe(HttpApiSchema.status(201)),
    error: ofCommand
  }).annotate(
    OpenApi.Description,
    `an image (PNG, JPEG, GIF or WebP) for prompts of this session, at most ${limits.attachmentBytes} bytes`
  ),
  HttpApiEndpoint.post("broadcast", "/v1/prompts", {
    headers: creationHeaders,
    payload: BroadcastRequest,
    success: BroadcastAnswer,
    error: ofCommand
  })
) {}
