/** Sessions and what is asked of them. Every answer about a session is its view, with its seq as the entity tag. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import { limits } from "../../domain/limits.ts"
import { PromptView } from "../../domain/prompt-view.ts"
import { CreateRequest, Labels, Name, PatchRequest, PromptText, Size } from "../../domain/spec.ts"
import { SessionView } from "../../domain/view.ts"
import { problems } from "../problems.ts"
import {
  commandHeaders,
  creationHeaders,
  Digits,
  Duration,
  Limit,
  ofCommand,
  ofSession,
  pageOf,
  params,
  patchHeaders,
  readHeaders
} from "./common.ts"

export const SessionPage = pageOf(SessionView, Schema.String)
export type SessionPage = typeof SessionPage.Type

const words = (field: typeof Schema.String) => Schema.Array(field)

/** `state`: repeated or separated by commas. `label`: `key=value`, repeated; all must match. */
export const ListQuery = Schema.Struct({
  state: Schema.optionalKey(words(Schema.String)),
  label: Schema.optionalKey(words(Schema.String)),
  cursor: Schema.optionalKey(Schema.String),
  limit: Schema.optionalKey(Limit)
})

/** Why, for people that read the log later. */
export const ReasonRequest = Schema.Struct({
  reason: Schema.optionalKey(
    Schema.String.check(
      Schema.isPattern(/^[^\p{Cc}]*$/u, { message: "a reason without control characters" }),
      Schema.isMaxLength(limits.reasonChars)
    )
  )
})
/** A command that needs no more than its name: any field is one too many. */
export const EmptyRequest = Schema.Record(Schema.String, Schema.Never)

/**
 * Bytes for the terminal: `text` (UTF-8) and then `keys`, or `base64` alone. A key is `enter`, `escape`, `up`, `f5`, `ctrl-c`,
 * `alt-x`, … All of it is written at once, nothing in between.
 */
export const InputRequest = Schema.Struct({
  text: Schema.optionalKey(Schema.String),
  keys: Schema.optionalKey(Schema.Array(Schema.String).check(Schema.isMaxLength(limits.inputKeys))),
  base64: Schema.optionalKey(Schema.String)
})
export type InputRequest = typeof InputRequest.Type

/** What differs from the parent. `atMessage`: the last message that the fork shares with it; absent: all of them. */
export const ForkRequest = Schema.Struct({
  atMessage: Schema.optionalKey(
    Schema.String.check(
      Schema.isPattern(/^[^\s\p{Cc}]+$/u, { message: "the id of a message" }),
      Schema.isMaxLength(limits.conversationChars)
    )
  ),
  name: Schema.optionalKey(Name),
  labels: Schema.optionalKey(Labels),
  prompt: Schema.optionalKey(PromptText)
})

/** A message of the conversation's own file, its beginning as text: what a fork can be cut at. */
export const Message = Schema.Struct({
  id: Schema.String,
  role: Schema.String,
  text: Schema.String,
  at: Schema.NullOr(Schema.String)
})
export type Message = typeof Message.Type
/**
 * Oldest first. `state`: `listed`; `none` (nothing was said yet); `not_listed` (the file can be read, and its messages have no names);
 * `not_kept` (this kind of agent keeps no such file). A file that is there and cannot be read is the problem `conversation_unreadable`.
 * `omitted` are older messages; `skipped` are lines that are too long to be read.
 */
export const MessageList = Schema.Struct({
  data: Schema.Array(Message),
  state: Schema.Literals(["listed", "none", "not_listed", "not_kept"]),
  omitted: Schema.Int,
  skipped: Schema.Int
})

/** The name as the agent's own command takes it. */
export const ModelRequest = Schema.Struct({
  model: Schema.String.check(
    Schema.isPattern(/^[^\s\p{Cc}](?:[^\p{Cc}]*[^\s\p{Cc}])?$/u, { message: "one line without control characters" }),
    Schema.isMaxLength(limits.modelChars)
  )
})

/**
 * `for`: one or more of a state (`ended` is also met by `terminated`), an activity (`idle`, `working`, `waiting`, …), `ready`
 * (the agent is up) and `exit` (the generation that runs now is over), separated by commas; the first one met answers.
 */
export const WaitQuery = Schema.Struct({ for: Schema.String, timeout: Schema.optionalKey(Duration) })

/** `satisfied`: the condition `met` holds in `session`. Else `reason` says why not: the time is up, or it can never hold any more. */
export const WaitAnswer = Schema.Struct({
  satisfied: Schema.Boolean,
  met: Schema.NullOr(Schema.String),
  reason: Schema.Literals(["satisfied", "timeout", "over"]),
  session: SessionView
})
export type WaitAnswer = typeof WaitAnswer.Type

/** A process group of the agent's tree that is not the agent's own. `commands` are those of `pids`, one for each. */
export const Tool = Schema.Struct({
  pgid: Schema.Int,
  pids: Schema.Array(Schema.Int),
  commands: Schema.Array(Schema.String),
  startedAt: Schema.String
})
export type Tool = typeof Tool.Type
/** All of them, oldest first. */
export const ToolList = Schema.Struct({ data: Schema.Array(Tool) })
const Pgid = Digits.check(Schema.isBetween({ minimum: 1, maximum: 2 ** 31 - 1 }))

const accepted = SessionView.pipe(HttpApiSchema.status(202))
const command = <const Name extends string, S extends Schema.Top>(name: Name, payload: S) =>
  HttpApiEndpoint.post(name, `/:id/${name}`, { params, headers: commandHeaders, payload, success: accepted, error: ofCommand })

export class SessionsApi extends HttpApiGroup.make("sessions")
  .add(
    HttpApiEndpoint.post("create", "/", {
      headers: creationHeaders,
      payload: CreateRequest,
      success: SessionView.pipe(HttpApiSchema.status(201)),
      error: problems(409, 413, 415, 422, 507)
    }),
    HttpApiEndpoint.get("list", "/", { query: ListQuery, success: SessionPage }),
    HttpApiEndpoint.get("get", "/:id", { params, headers: readHeaders, success: SessionView, error: ofSession }),
    HttpApiEndpoint.patch("patch", "/:id", {
      params,
      headers: patchHeaders,
      payload: PatchRequest,
      success: SessionView,
      error: ofCommand
    }),
    HttpApiEndpoint.post("input", "/:id/input", {
      params,
      headers: commandHeaders,
      payload: InputRequest,
      success: SessionView,
      error: [...ofCommand, ...problems(502)]
    }),
    command("resize", Size),
    command("interrupt", EmptyRequest),
    command("stop", ReasonRequest),
    command("kill", ReasonRequest),
    HttpApiEndpoint.get("tools", "/:id/tools", { params, success: ToolList, error: ofSession }),
    HttpApiEndpoint.post("killTool", "/:id/tools/:pgid/kill", {
      params: { ...params, pgid: Pgid },
      headers: commandHeaders,
      payload: EmptyRequest,
      success: accepted,
      error: ofCommand
    }),
    command("continue", EmptyRequest).annotate(
      OpenApi.Description,
      "lets an agent go on that is stopped (SIGCONT to its stopped processes); refused where it is not (`not_suspended`)"
    ),
    command("resume", EmptyRequest),
    command("reload", ReasonRequest).annotate(
      OpenApi.Description,
      "stops the agent politely and launches it again with its conversation; refused in a turn (`turn_running`)"
    ),
    HttpApiEndpoint.post("fork", "/:id/fork", {
      params,
      headers: creationHeaders,
      payload: ForkRequest,
      success: SessionView.pipe(HttpApiSchema.status(201)),
      error: ofCommand
    }).annotate(
      OpenApi.Description,
      "a new session that begins with this one's history; `lineage.degraded` says why where it begins without"
    ),
    HttpApiEndpoint.get("messages", "/:id/messages", { params, success: MessageList, error: [...ofSession, ...problems(409)] }).annotate(
      OpenApi.Description,
      "what was said, oldest first: what a fork can be cut at"
    ),
    HttpApiEndpoint.post("model", "/:id/model", {
      params,
      headers: commandHeaders,
      payload: ModelRequest,
      success: PromptView.pipe(HttpApiSchema.status(202)),
      error: ofCommand
    }).annotate(
      OpenApi.Description,
      "queues the agent's own command that switches its model; refused (`model_not_switchable`) where it has none"
    ),
    command("archive", EmptyRequest),
    command("unarchive", EmptyRequest),
    command("terminate", ReasonRequest),
    HttpApiEndpoint.get("wait", "/:id/wait", { params, query: WaitQuery, success: WaitAnswer, error: ofSession })
  )
  .prefix("/v1/sessions") {}
