/** A session that begins where another one is: branched by the provider, cut at a message by us, or, where nothing can be taken over, anew. */
import { dirname, join } from "node:path"
import { Effect } from "effect"
import { uuidOf } from "../domain/decide/conversation.ts"
import type { Beginning, Lineage } from "../domain/facts.ts"
import { SessionId } from "../domain/ids.ts"
import { agentOf } from "../domain/providers/index.ts"
import { canBeCut, type HistoryKind, messages as messagesOf, prune } from "../domain/providers/transcripts/history.ts"
import type { SessionContext } from "../domain/session-context.ts"
import { iso } from "../domain/time.ts"
import { BootClock } from "../infra/boot-clock.ts"
import { Transcripts } from "../infra/evidence/transcripts.ts"
import { StoreFailure } from "../infra/log/event-store.ts"
import { Secrets } from "../infra/secrets.ts"
import { type Planned, planFork } from "./creation.ts"
import type { HandsServices } from "./hands.ts"
import type { Residents } from "./residents.ts"
import {
  type Answer,
  type Asking,
  type CreateError,
  type ForkRequest,
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

  const linesOf = (path: string) =>
    Effect.mapError(
      transcripts.linesOf(path),
      ({ cause, code }) => new StoreFailure({ operation: "read the conversation", code, outcome: "absent", cause })
    )

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
    const branch = branchOf(file.kind, yield* linesOf(file.path), request, conversation)
    if (branch === "no_such_message") return yield* new MessageNotFound({ session: parentId, message: request.atMessage ?? "" })
    const path = pathOf(file, conversation, (yield* clock.moment(0)).wallMs)
    yield* Effect.mapError(
      transcripts.writeBranch(path, branch),
      ({ cause, code }) => new StoreFailure({ operation: "write the branch", code, outcome: "absent", cause })
    )
    // Nobody would ever read it.
    return yield* Effect.tapError(admit(id, planned, request.prompt, asking), () => transcripts.removeBranch(path))
  })

  const messages: Forking["messages"] = Effect.fn("Sessions.messages")(function* (id) {
    const found = yield* actor(id)
    if (found.view().state === "terminated") return []
    const { context } = found.session()
    const file = historyOf(transcripts, context, yield* environmentOf(id))?.file ?? null
    return file === null
      ? []
      : messagesOf(file.kind, yield* linesOf(file.path)).map(({ at, ...message }) => ({
          ...message,
          at: at === null ? null : iso(at)
        }))
  })

  return { fork, messages } satisfies Forking
})

interface HistoryFile {
  readonly kind: HistoryKind
  readonly path: string
}

/** Null where nothing was said yet; `file`: where it is one that we can read and write. */
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
  const path = kind === null ? null : told !== null && sizeOf(told) !== null ? told : find(kind, sought)
  if (!conversation.begun && path === null) return null
  const file: HistoryFile | null = path !== null && canBeCut(kind) ? { kind, path } : null
  return { conversation: conversation.id, file }
}

/** All of it where no message is named. */
const branchOf = (kind: HistoryKind, lines: ReadonlyArray<string>, { atMessage }: ForkRequest, conversation: string) => {
  const last = atMessage ?? messagesOf(kind, lines).at(-1)?.id
  return last === undefined ? "no_such_message" : prune(kind, lines, last, conversation)
}

/** Beside its parent's, named as the agent names its own. */
const pathOf = ({ kind, path }: HistoryFile, conversation: string, wallMs: number): string =>
  join(dirname(path), kind === "pi" ? `${iso(wallMs).replaceAll(/[:.]/g, "-")}_${conversation}.jsonl` : `${conversation}.jsonl`)
