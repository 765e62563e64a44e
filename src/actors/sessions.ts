/** Reaching a session by its id: the only door through which anything is asked of one. */
import { Context, type Effect, Schema, type Scope, type Stream } from "effect"
import { type Delivery, type Attachment as Enclosed, WriteRefusal } from "../domain/facts.ts"
import type { HookCall } from "../domain/hook-call.ts"
import type { Command } from "../domain/inputs.ts"
import type { PromptView } from "../domain/prompt-view.ts"
import type { CreateRequest, PatchRequest } from "../domain/spec.ts"
import type { SessionView } from "../domain/view.ts"
import type { StoreFailure } from "../infra/log/event-store.ts"
import type { HolderUnavailable, PreflightFailed, Tool } from "../infra/runtimes/runtime.ts"

/** A rule said no: `input` is not allowed in `state`; `allowed` are the commands that are. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  session: Schema.String,
  seq: Schema.Int,
  state: Schema.String,
  input: Schema.String,
  code: Schema.String,
  detail: Schema.String,
  allowed: Schema.Array(Schema.String)
}) {}
export class SessionNotFound extends Schema.TaggedError<SessionNotFound>()("SessionNotFound", { session: Schema.String }) {}
/** `If-Match` named another seq than the session's. */
export class PreconditionFailed extends Schema.TaggedError<PreconditionFailed>()("PreconditionFailed", {
  session: Schema.String,
  expected: Schema.Int,
  seq: Schema.Int
}) {}
/** A limit with a name is reached: `live_sessions`, `sessions`, `mailbox`, `clients`, `pending_writes`, `reports`. */
export class OverCapacity extends Schema.TaggedError<OverCapacity>()("OverCapacity", {
  limit: Schema.String,
  maximum: Schema.Int
}) {}
/** The session's log cannot be read by this version; nothing is done with it. */
export class Quarantined extends Schema.TaggedError<Quarantined>()("Quarantined", { session: Schema.String, reason: Schema.String }) {}
/** The same idempotency key came with another request. */
export class IdempotencyMismatch extends Schema.TaggedError<IdempotencyMismatch>()("IdempotencyMismatch", { key: Schema.String }) {}
/** The create names something this daemon does not have: `field` is where. */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>()("InvalidRequest", {
  field: Schema.String,
  message: Schema.String
}) {}
/** Another live session has the conversation: two agents on one would write into each other's history. */
export class ConversationInUse extends Schema.TaggedError<ConversationInUse>()("ConversationInUse", {
  conversation: Schema.String,
  holder: Schema.String
}) {}
/** A fork was asked for at a message that the conversation does not have. */
export class MessageNotFound extends Schema.TaggedError<MessageNotFound>()("MessageNotFound", {
  session: Schema.String,
  message: Schema.String
}) {}
/** The conversation's file is there and cannot be read: no list of it, and no branch. `code`: an errno, or the name of a reason. */
export class ConversationUnreadable extends Schema.TaggedError<ConversationUnreadable>()("ConversationUnreadable", {
  session: Schema.String,
  path: Schema.String,
  code: Schema.String
}) {}
/** The terminal took nothing, or it is not known whether it did. */
export class InputNotWritten extends Schema.TaggedError<InputNotWritten>()("InputNotWritten", {
  session: Schema.String,
  code: Schema.Literals(["not_written", "uncertain"]),
  why: Schema.optionalKey(WriteRefusal),
  /** What is known of the reason. */
  detail: Schema.optionalKey(Schema.String)
}) {}

/** The client that asks, and under which conditions. `requestHash` is over the whole request; `scope` is the route. */
export interface Asking {
  readonly by: string
  readonly ifMatch?: number
  readonly idempotency?: { readonly scope: string; readonly key: string; readonly requestHash: string }
}

/** `repeated`: the answer of an earlier request with the same idempotency key; nothing was done now. */
export interface Answer {
  readonly view: SessionView
  readonly repeated: boolean
}

/** What is to be typed and submitted, whole, when its time comes. */
export interface PromptRequest {
  /** The caller's own name for it, or ours. Repeating one is answered with what became of it, never with a second prompt. */
  readonly id?: string
  readonly text: string
  readonly deliver: Delivery
  readonly onUncertain: "report" | "resend"
  readonly from: string | null
  readonly replyTo: string | null
  readonly threadId: string | null
  readonly replyExpected: boolean
  readonly expiresInMs: number | null
  /** The question that it answers. */
  readonly answers?: string
  /** Checked already: inside the allowed roots, and images. */
  readonly attachments?: ReadonlyArray<Enclosed>
}

/** What differs from the parent; everything else is as it was there. */
export interface ForkRequest {
  /** The last message that the fork shares with its parent; absent: all of them. */
  readonly atMessage?: string
  readonly name?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly prompt?: string
}

/** A message of a conversation, as far as it is shown: what a fork can be cut at. */
export interface ConversationMessage {
  readonly id: string
  readonly role: string
  readonly text: string
  readonly at: string | null
}
/**
 * `listed`; `none`: nothing was said yet; `not_listed`: the conversation's file can be read, and its messages have no names;
 * `not_kept`: this kind of agent keeps no such file. `omitted` are older messages; `skipped` are lines that are too long.
 */
export interface ConversationMessages {
  readonly data: ReadonlyArray<ConversationMessage>
  readonly state: "listed" | "none" | "not_listed" | "not_kept"
  readonly omitted: number
  readonly skipped: number
}
/** `repeated`: it was queued by an earlier request; `prompt` is what has become of it since. */
export interface PromptAnswer {
  readonly prompt: PromptView
  readonly repeated: boolean
}

export class PromptNotFound extends Schema.TaggedError<PromptNotFound>()("PromptNotFound", {
  session: Schema.String,
  prompt: Schema.String
}) {}

/** A person's terminal, connected to a session's. Closing the scope detaches. */
export interface Attachment {
  readonly view: SessionView
  /** Fails `HolderUnavailable` while no process is up. Refused for viewers before it gets here. */
  readonly type: (bytes: Uint8Array) => Effect.Effect<void, HolderUnavailable>
}

export type CreateError = PreflightFailed | InvalidRequest | OverCapacity | IdempotencyMismatch | ConversationInUse | StoreFailure

/** The token is not that of this session and generation. */
export class HookRefused extends Schema.TaggedError<HookRefused>()("HookRefused", { session: Schema.String }) {}

export type SendError =
  | ConversationInUse
  | Refused
  | SessionNotFound
  | PreconditionFailed
  | OverCapacity
  | Quarantined
  | IdempotencyMismatch
  | StoreFailure

/** What start-up found, one count per outcome; `expected` is their sum. */
export interface RecoveryReport {
  readonly expected: number
  readonly adopted: number
  readonly exited: number
  readonly lost: number
  readonly rebooted: number
  readonly respawned: number
  readonly resting: number
  readonly failed: number
  /** Launch directories that the log knows nothing of: shown, never killed. */
  readonly quarantinedHolders: number
  readonly tookMs: number
}

/** `says`: what is wrong with a session's launch, and what to do, in one sentence. */
export interface Trouble {
  readonly session: string
  readonly says: string
}

export class Sessions extends Context.Service<
  Sessions,
  {
    readonly create: (request: CreateRequest, asking: Asking) => Effect.Effect<Answer, CreateError>
    /** A new session whose agent begins with the parent's history, or without it where there is none (`lineage.degraded`). */
    readonly fork: (
      id: string,
      request: ForkRequest,
      asking: Asking
    ) => Effect.Effect<Answer, CreateError | SendError | MessageNotFound | ConversationUnreadable>
    /** What the conversation's own file holds, oldest first. */
    readonly messages: (
      id: string
    ) => Effect.Effect<ConversationMessages, SessionNotFound | ConversationUnreadable | Quarantined | StoreFailure>
    /** The launch whose token it is; refused in the same way whatever is wrong with it. */
    readonly hookGeneration: (id: string, token: string) => Effect.Effect<number, HookRefused | Quarantined | StoreFailure>
    /** What one of the agent's hooks reports; `token` is the one that this session's agent was given. */
    readonly hook: (
      id: string,
      token: string,
      call: HookCall
    ) => Effect.Effect<void, HookRefused | SessionNotFound | OverCapacity | Quarantined | StoreFailure>
    /** Returns when the command's facts are durable. What they oblige follows: wait for it by the log. */
    readonly send: (id: string, command: Command, asking: Asking) => Effect.Effect<Answer, SendError>
    /** Changes what the session is asked to be; where and what it runs, between two launches. */
    readonly patch: (id: string, request: PatchRequest, asking: Asking) => Effect.Effect<Answer, SendError | PreflightFailed>
    /** Types into the session's terminal, once; returns when every byte has reached it. */
    readonly write: (id: string, bytes: Uint8Array, asking: Asking) => Effect.Effect<Answer, SendError | InputNotWritten>
    /** Returns when the prompt is durable; `changesOfPrompt` reports its fate. An id that another text had before is refused. */
    readonly prompt: (id: string, request: PromptRequest, asking: Asking) => Effect.Effect<PromptAnswer, SendError | InvalidRequest>
    /** Only while it is queued. */
    readonly editPrompt: (
      id: string,
      promptId: string,
      text: string,
      asking: Asking
    ) => Effect.Effect<PromptView, SendError | PromptNotFound>
    readonly promotePrompt: (id: string, promptId: string, asking: Asking) => Effect.Effect<PromptView, SendError | PromptNotFound>
    readonly cancelPrompt: (
      id: string,
      promptId: string,
      reason: string,
      asking: Asking
    ) => Effect.Effect<PromptView, SendError | PromptNotFound>
    /** What the agent runs beside itself, oldest first; none when no process is up. `KillTool` ends one. */
    readonly tools: (id: string) => Effect.Effect<ReadonlyArray<Tool>, SessionNotFound | Quarantined | StoreFailure>
    /** Every prompt that the session was ever given, oldest first. */
    readonly prompts: (id: string) => Effect.Effect<ReadonlyArray<PromptView>, SessionNotFound | Quarantined | StoreFailure>
    /** The prompt now, and again after each of its steps; ends when it is settled. */
    readonly changesOfPrompt: (
      id: string,
      promptId: string
    ) => Stream.Stream<PromptView, SessionNotFound | PromptNotFound | Quarantined | StoreFailure>
    readonly get: (id: string) => Effect.Effect<SessionView, SessionNotFound | Quarantined | StoreFailure>
    readonly attach: (
      id: string,
      client: string,
      mode: "control" | "view",
      asking: Asking
    ) => Effect.Effect<Attachment, SendError, Scope.Scope>
    /** The session now, and again after each of its facts; ends when the session's log cannot grow any more. */
    readonly changes: (id: string) => Stream.Stream<SessionView, SessionNotFound | Quarantined | StoreFailure>
    /** Null until start-up has settled every session it expected. */
    readonly recovery: Effect.Effect<RecoveryReport | null>
    /** Live sessions that are not wholly under control, as they are now. */
    readonly troubles: Effect.Effect<ReadonlyArray<Trouble>>
    /** How many actors are in memory. */
    readonly resident: Effect.Effect<number>
  }
>()("reprise/actors/Sessions") {}
