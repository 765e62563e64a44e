/** Prompts of a session: their texts kept beside the log before it speaks of them, their fates read back from it. */
import { Effect, Result, Stream } from "effect"
import type { Fact, FactOf, Prompt } from "../domain/facts.ts"
import type { Command } from "../domain/inputs.ts"
import { type PromptView, promptViews, settledStates } from "../domain/prompt-view.ts"
import { waitOf } from "../domain/prompt-wait.ts"
import { unlessAnswer } from "../domain/providers/answering.ts"
import { agentOf } from "../domain/providers/index.ts"
import { deadlineIn } from "../domain/time.ts"
import { decodeFact } from "../domain/upcast.ts"
import { BootClock } from "../infra/boot-clock.ts"
import { type Entry, EventReader, StoreFailure } from "../infra/log/event-store.ts"
import { Texts } from "../infra/texts.ts"
import { makeKeyedLock } from "./keyed-lock.ts"
import type { Residents } from "./residents.ts"
import {
  type Answer,
  type Asking,
  IdempotencyMismatch,
  InvalidRequest,
  PromptNotFound,
  Refused,
  SessionNotFound,
  type Sessions
} from "./sessions.ts"
import { isCommand } from "./typed-text.ts"

type Prompting = Pick<Sessions["Service"], "prompt" | "editPrompt" | "promotePrompt" | "cancelPrompt" | "prompts" | "changesOfPrompt">

/** What it needs of the sessions themselves. `repeated`: the answer to an earlier request with the same idempotency key. */
interface Asked extends Pick<Sessions["Service"], "send" | "get"> {
  readonly actor: Residents["actor"]
  readonly repeated: (asking: Asking) => Effect.Effect<Answer | null, IdempotencyMismatch | StoreFailure>
}

const pageSize = 500

interface Told {
  readonly seq: number
  readonly fact: Fact
}

export const makePrompting = Effect.fn("makePrompting")(function* ({ actor, get, repeated, send }: Asked) {
  const clock = yield* BootClock
  const texts = yield* Texts
  const reader = yield* EventReader
  const underPrompt = yield* makeKeyedLock

  const keep = (text: string) =>
    Effect.catchTag(texts.keep(text), "TextNotKept", ({ cause, code }) =>
      Effect.fail(new StoreFailure({ operation: "keep the prompt's text", code, outcome: "absent", cause }))
    )

  /** All facts of the session's prompts, and the seq of the newest of them. */
  const history = Effect.fnUntraced(function* (id: string, promptId?: string) {
    // An id is of letters that stand in JSON as they are.
    const naming = promptId === undefined ? {} : { naming: `"${promptId}"` }
    const facts: Array<Told> = []
    for (let after = 0; ; ) {
      const page: ReadonlyArray<Entry> = yield* reader.ofType(id, "Prompt", { after, limit: pageSize, ...naming })
      // An unreadable fact is another's affair: the actor has quarantined the session by then.
      for (const entry of page) facts.push(...told(entry))
      after = page.at(-1)?.seq ?? after
      if (after === 0 && (yield* reader.row(id)) === null) return yield* new SessionNotFound({ session: id })
      if (page.length < pageSize) return { facts, seq: after }
    }
  })

  /** With what keeps them from being typed now, which is not of their own facts. */
  const explained = Effect.fnUntraced(function* (id: string, views: ReadonlyArray<PromptView>) {
    if (!views.some(({ state }) => state === "queued")) return views
    const session = (yield* actor(id)).session()
    return views.map((view) => {
      const waits = view.state === "queued" ? waitOf(session, view.id) : null
      return waits === null ? view : { ...view, waits }
    })
  })

  const viewOf = (id: string, promptId: string) =>
    Effect.gen(function* () {
      const { facts } = yield* history(id, promptId)
      return (yield* explained(id, promptViews(id, facts))).find((view) => view.id === promptId)
    })

  /** A prompt that the log has just taken. Where it cannot be read back now, the caller must not learn that nothing was done. */
  const recorded = (id: string, promptId: string) =>
    viewOf(id, promptId).pipe(
      Effect.map((view) => view!),
      Effect.mapError((error) =>
        error._tag === "StoreFailure"
          ? new StoreFailure({ operation: error.operation, code: error.code, outcome: "unknown", cause: error })
          : error
      )
    )

  /** A repeat of an unnamed prompt is known by its idempotency key, and so its prompt is too. */
  const nameFor = (id: string, asking: Asking) =>
    asking.idempotency === undefined
      ? Effect.map(clock.inputId, (inputId) => inputId.replace(/^i/, "p"))
      : Effect.succeed(`p-${texts.hash([id, asking.idempotency.scope, asking.idempotency.key].join("\0")).slice(0, 20)}`)

  /** Kept beside the log, and what the log says of it. */
  const described = Effect.fnUntraced(function* (id: string, text: string) {
    const { context } = (yield* actor(id)).session()
    const hash = yield* keep(text)
    return { hash, bytes: Buffer.byteLength(text), ...(isCommand(context, text) ? { command: true as const } : {}) }
  })

  const queue = Effect.fnUntraced(function* (id: string, promptId: string, request: Parameters<Prompting["prompt"]>[1], asking: Asking) {
    const { expiresInMs, id: named, text, ...rest } = request
    yield* repeated(asking)
    const { facts } = yield* history(id, promptId)
    const before = facts.map(({ fact }) => fact).find((fact) => isQueued(fact) && fact.prompt.id === promptId) as
      | FactOf<"PromptQueued">
      | undefined
    if (before !== undefined) {
      // The same id with the same text is the same prompt, however often a client had to ask, and however it was edited since.
      if (before.prompt.hash === texts.hash(text)) return { prompt: yield* recorded(id, promptId), repeated: true }
      if (named === undefined) return yield* new IdempotencyMismatch({ key: asking.idempotency?.key ?? "" })
      return yield* refused(id, "Prompt", "prompt_exists", `a prompt ${promptId} with another text was there before`)
    }
    if (request.answers !== undefined) yield* takenBy(id, request.answers, text)
    const moment = yield* clock.moment(0)
    const queued: Prompt = {
      ...rest,
      id: promptId,
      ...(yield* described(id, text)),
      expires: expiresInMs === null ? null : deadlineIn(moment, expiresInMs)
    }
    yield* send(id, { type: "Prompt", by: asking.by, prompt: queued }, asking)
    return { prompt: yield* recorded(id, promptId), repeated: false }
  })

  /** The caller that answers learns at once that there is no such choice. Whether the question is open is not for here. */
  const takenBy = Effect.fnUntraced(function* (id: string, question: string, text: string) {
    const { context } = (yield* actor(id)).session()
    const { asked } = context.activity
    if (asked === undefined || asked.id !== question) return
    const known = unlessAnswer(agentOf(context), asked, text)
    if (known === null) return
    return yield* new InvalidRequest({ field: "text", message: `the question takes ${known.join(", ")}, or a choice's number` })
  })

  const refused = Effect.fnUntraced(function* (id: string, input: string, code: string, detail: string) {
    const { seq, state } = yield* get(id)
    return yield* new Refused({ session: id, seq, state, input, code, detail, allowed: [] })
  })

  /** The session remembers open prompts alone: what it does not know may be settled, or may never have been. */
  const change = Effect.fnUntraced(function* (id: string, promptId: string, command: Command, asking: Asking) {
    return yield* send(id, command, asking).pipe(
      Effect.andThen(recorded(id, promptId)),
      Effect.catchIf(
        (error) => error._tag === "Refused" && error.code === "prompt_not_found",
        Effect.fnUntraced(function* () {
          const view = yield* viewOf(id, promptId)
          if (view === undefined) return yield* new PromptNotFound({ session: id, prompt: promptId })
          // A client that cancels twice, without the first answer, has what it asked for.
          if (command.type === "CancelPrompt" && view.state === "cancelled") return view
          return yield* refused(id, command.type, "prompt_settled", `prompt ${promptId} is ${view.state} already`)
        })
      )
    )
  })

  /** Begins with the present: what the prompt went through before is among its steps. */
  const changes = Effect.fnUntraced(function* (id: string, promptId: string) {
    const { facts, seq } = yield* history(id)
    const about = facts.filter(({ fact }) => concerns(fact, promptId))
    const [present] = yield* explained(id, promptViews(id, about))
    if (present === undefined) return yield* new PromptNotFound({ session: id, prompt: promptId })
    const news = reader.follow({ stream: id, after: seq }).pipe(
      Stream.mapAccum(
        () => about as ReadonlyArray<Told>,
        (before, entry) => {
          const more = told(entry).filter(({ fact }) => concerns(fact, promptId))
          const all = [...before, ...more]
          return [all, more.length === 0 ? [] : promptViews(id, all)] as const
        }
      )
    )
    return Stream.concat(Stream.succeed(present), news).pipe(Stream.takeUntil(({ state }) => settledStates.has(state)))
  })

  return {
    prompt: Effect.fn("Sessions.prompt")(function* (id, request, asking) {
      const promptId = request.id ?? (yield* nameFor(id, asking))
      // Between the look and the queueing no other caller may queue a prompt of this name.
      return yield* underPrompt(`${id} ${promptId}`)(queue(id, promptId, request, asking))
    }),
    editPrompt: Effect.fn("Sessions.editPrompt")(function* (id, promptId, text, asking) {
      return yield* change(id, promptId, { type: "EditPrompt", by: asking.by, promptId, ...(yield* described(id, text)) }, asking)
    }),
    promotePrompt: (id, promptId, asking) => change(id, promptId, { type: "PromotePrompt", by: asking.by, promptId }, asking),
    cancelPrompt: (id, promptId, reason, asking) => change(id, promptId, { type: "CancelPrompt", by: asking.by, promptId, reason }, asking),
    prompts: Effect.fn("Sessions.prompts")((id) => Effect.flatMap(history(id), ({ facts }) => explained(id, promptViews(id, facts)))),
    changesOfPrompt: (id, promptId) => Stream.unwrap(changes(id, promptId))
  } satisfies Prompting
})

const isQueued = (fact: Fact): fact is FactOf<"PromptQueued"> => fact.type === "PromptQueued"

const concerns = (fact: Fact, promptId: string): boolean =>
  isQueued(fact) ? fact.prompt.id === promptId : "promptId" in fact && fact.promptId === promptId

const told = (entry: Entry): ReadonlyArray<Told> => {
  if (!entry.type.startsWith("Prompt")) return []
  const fact = decodeFact(entry)
  return Result.isSuccess(fact) ? [{ seq: entry.seq, fact: fact.success }] : []
}
