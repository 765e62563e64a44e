/** The routes of prompts: queue one, read its fate, change it while it waits, or give one to many. */
import { Effect, Option, Schema, Stream } from "effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { type Asking, Sessions } from "../../actors/sessions.ts"
import { limits } from "../../domain/limits.ts"
import { hasReached, PromptState, type PromptView } from "../../domain/prompt-view.ts"
import { jsonAnswer } from "../answers.ts"
import { uploaded, withAttachments } from "../attachments.ts"
import { broadcast } from "../broadcast.ts"
import { continued } from "../continuing.ts"
import { BroadcastRequest, type PromptListQuery, PromptPatch, type PromptQuery, PromptRequest } from "../contract/prompts.ts"
import { EmptyRequest } from "../contract/sessions.ts"
import { Api } from "../contract.ts"
import { Draining } from "../draining.ts"
import { type Problem, problem } from "../problems.ts"
import { promptOf, queuedAnswer, textOf } from "../prompt.ts"
import { type InnerFailure, toProblem } from "../refusals.ts"
import { askingOf, bodyOf, invalid, invalidField } from "../request.ts"
import { durationMs } from "../wait.ts"

const ask = <A, E extends InnerFailure | Problem, R>(asked: Effect.Effect<A, E, R>) => Effect.mapError(asked, toProblem)

const prompt = bodyOf(PromptRequest)
const patch = bodyOf(PromptPatch)
const many = bodyOf(BroadcastRequest)
const nothing = bodyOf(EmptyRequest)

export const promptsLayer = HttpApiBuilder.group(Api, "prompts", (handlers) =>
  handlers
    .handleRaw("create", ({ headers, params, request }) =>
      Effect.gen(function* () {
        const { raw, value } = yield* prompt(request)
        const wanted = yield* withAttachments(params.id, yield* Effect.fromResult(promptOf(value)), value.attachments)
        const asking = yield* askingOf(request, headers, raw)
        return queuedAnswer(yield* ask((yield* Sessions).prompt(params.id, wanted, asking)))
      })
    )
    .handle("list", ({ params, query }) => Effect.map(page(params.id, query), (listed) => jsonAnswer(listed)))
    .handle("get", ({ params, query }) => Effect.map(found(params.id, params.promptId, query), (view) => jsonAnswer(view)))
    .handleRaw("patch", ({ headers, params: { id, promptId }, request }) =>
      Effect.gen(function* () {
        const { raw, value } = yield* patch(request)
        const text = value.text === undefined ? undefined : yield* Effect.fromResult(textOf(value.text))
        const { ifMatch, ...asking } = yield* askingOf(request, headers, raw)
        const conditional = ifMatch === undefined ? asking : { ...asking, ifMatch }
        const { editPrompt, promotePrompt } = yield* Sessions
        if (text === undefined) return jsonAnswer(yield* ask(promotePrompt(id, promptId, conditional)))
        const edited = yield* ask(editPrompt(id, promptId, text, conditional))
        if (value.place === undefined) return jsonAnswer(edited)
        // With its new text it may be on its way before it could be moved: no place is further in front.
        const promoted = yield* Effect.catchIf(
          ask(promotePrompt(id, promptId, asking)),
          ({ code }) => code === "prompt_under_way",
          () => Effect.succeed(edited)
        )
        return jsonAnswer(promoted)
      })
    )
    .handle("cancel", ({ headers, params, query, request }) =>
      Effect.gen(function* () {
        const asking = yield* askingOf(request, headers, query)
        return jsonAnswer(yield* ask((yield* Sessions).cancelPrompt(params.id, params.promptId, query.reason ?? "", asking)))
      })
    )
    .handle("clear", ({ headers, params, query, request }) =>
      Effect.gen(function* () {
        // A condition is on the session as the caller saw it: the first to be cancelled is the one that it holds for.
        const { idempotency: _, ...asking } = yield* askingOf(request, headers, query)
        return jsonAnswer(yield* cleared(params.id, query.reason ?? "", asking))
      })
    )
    .handleRaw("continue", ({ headers, params: { id, promptId }, request }) =>
      Effect.gen(function* () {
        const { raw } = yield* nothing(request)
        return queuedAnswer(yield* continued(id, promptId, yield* askingOf(request, headers, raw)))
      })
    )
    .handleRaw("attach", ({ params, request }) => Effect.map(uploaded(params.id, request), (kept) => jsonAnswer(kept, 201)))
    .handleRaw("broadcast", ({ headers, request }) =>
      Effect.gen(function* () {
        const { raw, value } = yield* many(request)
        const wanted = yield* Effect.fromResult(promptOf(value.prompt))
        const asking = yield* askingOf(request, headers, raw)
        return jsonAnswer({ results: yield* ask(broadcast(value.to, wanted, asking)) })
      })
    )
)

const isState = Schema.is(PromptState)

/** Oldest first. The cursor is the seq at which a page's last prompt was queued: no later prompt shifts it. */
const page = Effect.fn("http.prompts")(function* (id: string, query: typeof PromptListQuery.Type) {
  const states = (query.state ?? []).flatMap((words) => words.split(","))
  const unknown = states.filter((state) => !isState(state))
  if (unknown.length > 0) return yield* invalid(unknown.map((word) => ({ field: "state", message: `there is no state "${word}"` })))
  const all = yield* ask((yield* Sessions).prompts(id))
  const after = query.cursor ?? 0
  const rest = all.filter((view) => queuedAt(view) > after && (states.length === 0 || states.includes(view.state)))
  const limit = query.limit ?? limits.pageSize.default
  const data = rest.slice(0, limit)
  const hasMore = rest.length > limit
  return { data, nextCursor: hasMore ? queuedAt(data.at(-1)!) : null, hasMore }
})

/** Those that wait; what is being typed goes on. One that is typed in the meantime is not among them. */
const cleared = Effect.fn("http.clearPrompts")(function* (id: string, reason: string, { ifMatch, ...asking }: Asking) {
  const { cancelPrompt, prompts } = yield* Sessions
  const waiting = (yield* ask(prompts(id))).filter(({ state }) => state === "queued")
  const data: Array<PromptView> = []
  for (const [place, { id: promptId }] of waiting.entries()) {
    const conditional = place === 0 && ifMatch !== undefined ? { ...asking, ifMatch } : asking
    const cancelled = yield* cancelPrompt(id, promptId, reason, conditional).pipe(
      Effect.catchIf(
        (error) => error._tag === "Refused",
        () => Effect.succeed(null)
      ),
      ask
    )
    if (cancelled !== null) data.push(cancelled)
  }
  return { data, nextCursor: null, hasMore: false }
})

const queuedAt = ({ steps }: PromptView) => steps[0]?.seq ?? 0

const found = Effect.fn("http.prompt")(function* (id: string, promptId: string, { timeout, wait }: typeof PromptQuery.Type) {
  if (wait === undefined && timeout !== undefined) return yield* invalidField("timeout", "has a meaning with wait alone")
  const timeoutMs = durationMs(timeout ?? "30s")
  if (timeoutMs > limits.waitMs) return yield* invalidField("timeout", `at most ${limits.waitMs / 1_000}s`)
  const changes = (yield* Sessions).changesOfPrompt(id, promptId)
  // The first is the present, so there is one whatever happens next.
  const latest = { view: Option.getOrThrow(yield* ask(Stream.runHead(changes))) }
  if (wait === undefined || hasReached(latest.view, wait)) return latest.view
  yield* ask(
    changes.pipe(
      Stream.takeUntil((view) => {
        latest.view = view
        return hasReached(view, wait)
      }),
      Stream.runDrain
    )
  ).pipe(Effect.raceFirst(Effect.andThen((yield* Draining).begun, Effect.fail(shuttingDown))), Effect.timeoutOption(timeoutMs))
  return latest.view
})

/** What was queued is still queued when the daemon is back: the client asks again. */
const shuttingDown = problem("shutting_down", "the daemon is shutting down; ask again", { retryAfterMs: 1_000 })
