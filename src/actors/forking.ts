/** A session that begins where another one is: branched by the provider, cut at a message by us, or, where nothing can be taken over, new. */
import { dirname, join } from "node:path"
import { Effect } from "effect"
import { uuidOf } from "../domain/decide/conversation.ts"
import type { Beginning, Lineage } from "../domain/facts.ts"
import { SessionId } from "../domain/ids.ts"
import { agentOf } from "../domain/providers/index.ts"
import { canBeCut, type HistoryKind } from "../domain/providers/transcripts/history.ts"
import type { SessionContext } from "../domain/session-context.ts"
import { iso } from "../domain/time.ts"
import { BootClock } from "../infra/boot-clock.ts"
import { type Found, Transcripts, type TranscriptUnreadable } from "../infra/evidence/transcripts.ts"
import { StoreFailure } from "../infra/log/event-store.ts"
import { Secrets } from "../infra/secrets.ts"
import { type Planned, planFork } from "./creation.ts"
import type { HandsServices } from "./hands.ts"
import type { Residents } from "./residents.ts"
import {
  type Answer,
  type Asking,
  ConversationUnreadable,
  type CreateError,
  InvalidRequest,
  MessageNotFound,
  Refused,
  type Sessions
} from "./sessions.ts"

export type Admit = (id: SessionId, planned: Planned, prompt: string | undefined, asking: Asking) => Effect.Effect<Answer, CreateError>

interface Asked {
  readonly actor: Residents["actor"]
  readonly admit: Admit
  readonly repeated: (
    asking: Asking
  ) => Effect.Effect<Answer | null, Extract<CreateError, { readonly _tag: "IdempotencyMismatch" | "StoreFailure" }>>
}

type Forking = Pick<Sessions["Service"], "fork" | "messages">

export const makeForking = Effect.fn("makeForking")(function* ({ actor, admit, repeated }: Asked) {
  const clock = yield* BootClock
  const secrets = yield* Secrets
  const transcripts = yield* Transcripts
  const services = yield* Effect.context<HandsServices>()

  const environmentOf = (id: string) =>
    Effect.mapError(
      secrets.environment(id),
      ({ cause, code }) => new StoreFailure({ operation: "read the environment", code, outcome: "absent", cause })
    )

  const unreadable =
    (session: string) =>
    ({ code, path }: Pick<TranscriptUnreadable, "code" | "path">) =>
      new ConversationUnreadable({ session, path, code })

  const fork: Forking["fork"] = Effect.fn("Sessions.fork")(function* (parentId, request, asking) {
    const before = yield* repeated(asking)
    if (before !== null) return before
    const parent = yield* actor(parentId)
    const { context } = parent.session()
    const { seq, state } = parent.view()
    // Its environment was erased: a fork would be another agent than it was.
    if (state === "terminated")
      return yield* new Refused({
        ...{ session: parentId, seq, state, input: "Fork", code: "terminated", allowed: [] },
        detail: "Fork is not possible while the session is terminated"
      })
    const environment = yield* environmentOf(parentId)
    const id = SessionId.make(yield* clock.sessionId)
    const history = historyOf(transcripts, context, environment)
    const lineage = (degraded: Lineage["degraded"]): Lineage => ({
      parent: SessionId.make(parentId),
      seq,
      conversation: context.conversation?.id ?? null,
      atMessage: request.atMessage ?? null,
      degraded
    })
    const plan = (beginning: Beginning | null, degraded: Lineage["degraded"] = null) =>
      Effect.provideContext(
        planFork(id, context, environment, request, { lineage: lineage(degraded), ...(beginning === null ? {} : { beginning }) }),
        services
      )
    // A new conversation would lose what is there.
    if (history?.problem != null) return yield* unreadable(parentId)(history.problem)
    if (history === null && request.atMessage !== undefined)
      return yield* new MessageNotFound({ session: parentId, message: request.atMessage })
    if (history === null) return yield* Effect.flatMap(plan(null, "no_history"), (planned) => admit(id, planned, request.prompt, asking))
    const flag = agentOf(context).conversation?.fork ?? null
    if (request.atMessage === undefined && flag !== null) {
      const planned = yield* plan({ kind: "fork", id: null, parent: history.conversation })
      return yield* admit(id, planned, request.prompt, asking)
    }
    const { file } = history
    if (file === null) {
      if (request.atMessage !== undefined)
        return yield* new InvalidRequest({
          field: "atMessage",
          message: `conversations of ${context.spec.provider} cannot be cut at a message`
        })
      return yield* Effect.flatMap(plan(null, "provider_cannot_fork"), (planned) => admit(id, planned, request.prompt, asking))
    }
    const conversation = uuidOf((yield* clock.moment(0)).nonce)
    const planned = yield* plan({ kind: "resume", id: conversation, parent: null })
    const path = pathOf(file, conversation, (yield* clock.moment(0)).wallMs)
    const made = yield* Effect.mapError(
      transcripts.branch({ ...file, atMessage: request.atMessage ?? null, newId: conversation, target: path }),
      (failure) =>
        diskErrors.has(failure.code)
          ? new StoreFailure({ operation: "write the branch", code: failure.code, outcome: "absent", cause: failure })
          : unreadable(parentId)(failure)
    )
    if (made === "no_such_message") return yield* new MessageNotFound({ session: parentId, message: request.atMessage ?? "" })
    // No process would ever read it.
    return yield* Effect.tapError(admit(id, planned, request.prompt, asking), () => transcripts.removeBranch(path))
  })

  const messages: Forking["messages"] = Effect.fn("Sessions.messages")(function* (id) {
    const found = yield* actor(id)
    if (found.view().state === "terminated") return { ...noMessages, state: "none" }
    const { context } = found.session()
    if (agentOf(context).evidence.transcript === null) return { ...noMessages, state: "not_kept" }
    const history = historyOf(transcripts, context, yield* environmentOf(id))
    if (history === null) return { ...noMessages, state: "none" }
    const { file, path, problem } = history
    if (problem !== null) return yield* unreadable(id)(problem)
    // Of some agents the file's place is not known before they have said it.
    if (path === null) return { ...noMessages, state: canBeCut(agentOf(context).evidence.transcript) ? "none" : "not_listed" }
    if (file === null) {
      yield* Effect.mapError(transcripts.look(path), unreadable(id))
      return { ...noMessages, state: "not_listed" }
    }
    const listed = yield* Effect.mapError(transcripts.list(file.path, file.kind), unreadable(id))
    const data = listed.messages.map(({ at, ...message }) => ({ ...message, at: at === null ? null : iso(at) }))
    return { data, state: data.length === 0 ? "none" : "listed", omitted: listed.omitted, skipped: listed.skipped }
  })

  return { fork, messages } satisfies Forking
})

const noMessages = { data: [], omitted: 0, skipped: 0 }

/** What the disk says of the copy, and not of the conversation. */
const diskErrors: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EROFS"])

interface HistoryFile {
  readonly kind: HistoryKind
  readonly path: string
}

/**
 * Null where nothing was said yet. `file`: where it is one that we can read and write. `problem`: something else stands where the
 * conversation's file should be.
 */
const historyOf = (
  { admit, find, sizeOf }: Transcripts["Service"],
  context: SessionContext,
  environment: Readonly<Record<string, string>>
) => {
  const { conversation, spec } = context
  if (conversation === null || conversation.id === null) return null
  const kind = agentOf(context).evidence.transcript
  const sought = { conversation: conversation.id, cwd: spec.cwd, environment }
  const told = kind === null || conversation.transcript === null ? null : admit(kind, conversation.transcript, environment)
  const found: Found | null =
    kind === null ? null : told !== null && sizeOf(told) !== null ? { path: told, problem: null } : find(kind, sought)
  if (!conversation.begun && found === null) return null
  if (found !== null && found.problem !== null)
    return { conversation: conversation.id, file: null, path: found.path, problem: { code: found.problem, path: found.path } }
  const file: HistoryFile | null = found !== null && canBeCut(kind) ? { kind, path: found.path } : null
  return { conversation: conversation.id, file, path: found?.path ?? null, problem: null }
}

/** Beside its parent's, named as the agent names its own. */
const pathOf = ({ kind, path }: HistoryFile, conversation: string, wallMs: number): string =>
  join(dirname(path), kind === "pi" ? `${iso(wallMs).replaceAll(/[:.]/g, "-")}_${conversation}.jsonl` : `${conversation}.jsonl`)
