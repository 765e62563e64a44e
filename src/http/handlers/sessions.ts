/** The routes of sessions: translate, ask the session, translate its answer. */
import { randomUUID } from "node:crypto"
import { Clock, Effect, Option, Result, Stream } from "effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Sessions } from "../../actors/sessions.ts"
import type { Command } from "../../domain/inputs.ts"
import { limits } from "../../domain/limits.ts"
import { CreateRequest, PatchRequest, Size } from "../../domain/spec.ts"
import { EventReader } from "../../infra/log/event-store.ts"
import { Providers } from "../../infra/providers/providers.ts"
import { Screens } from "../../infra/screens/screens.ts"
import { jsonAnswer, notModified, unchanged, viewAnswer } from "../answers.ts"
import { EmptyRequest, ForkRequest, InputRequest, ModelRequest, ReasonRequest } from "../contract/sessions.ts"
import { Api } from "../contract.ts"
import { Draining } from "../draining.ts"
import { inputBytes } from "../input.ts"
import { plainKeys } from "../keys.ts"
import { listPage } from "../list.ts"
import { type Problem, problem } from "../problems.ts"
import { promptOf, queuedAnswer, textOf } from "../prompt.ts"
import { type InnerFailure, toProblem } from "../refusals.ts"
import { askingOf, type Body, bodyOf, invalidField } from "../request.ts"
import { durationMs, met, parseConditions } from "../wait.ts"

const ask = <A, E extends InnerFailure | Problem, R>(asked: Effect.Effect<A, E, R>) => Effect.mapError(asked, toProblem)

const create = bodyOf(CreateRequest)
const patch = bodyOf(PatchRequest)
const input = bodyOf(InputRequest)
const size = bodyOf(Size)
const reason = bodyOf(ReasonRequest)
const nothing = bodyOf(EmptyRequest)
const fork = bodyOf(ForkRequest)
const model = bodyOf(ModelRequest)

interface Asked {
  readonly request: HttpServerRequest
  readonly params: { readonly id: string }
  readonly headers: Parameters<typeof askingOf>[1]
}

/** The header says that nothing was done now: an earlier request with the same key was. */
const replayed = (repeated: boolean): Record<string, string> => (repeated ? { "idempotency-replayed": "true" } : {})

/** 202: the command is recorded, and what it obliges follows; 200: it is done. */
const command =
  <A>(read: (request: HttpServerRequest) => Effect.Effect<Body<A>, Problem>, build: (payload: A, by: string) => Command, status = 202) =>
  (asked: Asked) =>
    Effect.gen(function* () {
      const { raw, value } = yield* read(asked.request)
      const asking = yield* askingOf(asked.request, asked.headers, raw)
      const { repeated, view } = yield* ask((yield* Sessions).send(asked.params.id, build(value, asking.by), asking))
      return viewAnswer(view, status, replayed(repeated))
    })

/** As the program has asked for its keys; without a screen, as one that has asked for nothing. */
const keyModes = Effect.fnUntraced(function* (id: string) {
  const { size } = yield* ask(Effect.flatMap(Sessions, (sessions) => sessions.get(id)))
  return yield* Effect.orElseSucceed(
    Effect.flatMap(Screens, (screens) => screens.modes(id, size)),
    () => plainKeys
  )
})

export const sessionsLayer = HttpApiBuilder.group(Api, "sessions", (handlers) =>
  handlers
    .handleRaw("create", ({ headers, request }) =>
      Effect.gen(function* () {
        const { raw, value } = yield* create(request)
        yield* Effect.fromResult(textOf(value.prompt ?? ""))
        const asking = yield* askingOf(request, headers, raw)
        const { repeated, view } = yield* ask((yield* Sessions).create(value, asking))
        return viewAnswer(view, 201, { location: `/v1/sessions/${view.id}`, ...replayed(repeated) })
      })
    )
    .handle("list", ({ query }) =>
      Effect.map(ask(Effect.flatMap(EventReader, (reader) => listPage(reader, query))), (page) => jsonAnswer(page))
    )
    .handle("get", ({ headers, params }) =>
      Effect.gen(function* () {
        const view = yield* ask((yield* Sessions).get(params.id))
        return notModified(view, headers["if-none-match"]) ? unchanged(view) : viewAnswer(view, 200)
      })
    )
    .handleRaw("patch", ({ headers, params, request }) =>
      Effect.gen(function* () {
        const { raw, value } = yield* patch(request)
        const asking = yield* askingOf(request, headers, raw)
        const { repeated, view } = yield* ask((yield* Sessions).patch(params.id, value, asking))
        return viewAnswer(view, 200, replayed(repeated))
      })
    )
    .handleRaw("input", ({ headers, params, request }) =>
      Effect.gen(function* () {
        const { raw, value } = yield* input(request)
        const bytes = yield* Effect.fromResult(inputBytes(value, value.keys === undefined ? plainKeys : yield* keyModes(params.id)))
        const asking = yield* askingOf(request, headers, raw)
        const { repeated, view } = yield* ask((yield* Sessions).write(params.id, bytes, asking))
        return viewAnswer(view, 200, replayed(repeated))
      })
    )
    .handleRaw(
      "resize",
      command(size, (size, by) => ({ type: "Resize", size, by }))
    )
    .handleRaw(
      "interrupt",
      command(nothing, (_, by) => ({ type: "Interrupt", writeId: randomUUID(), by }))
    )
    .handleRaw(
      "stop",
      command(reason, ({ reason = "" }, by) => ({ type: "Stop", reason, by }))
    )
    .handleRaw(
      "kill",
      command(reason, ({ reason = "" }, by) => ({ type: "Kill", reason, by }))
    )
    .handle("tools", ({ params }) =>
      Effect.map(ask(toolsOf(params.id)), (tools) =>
        jsonAnswer({ data: tools.map((tool) => ({ ...tool, startedAt: new Date(tool.startedAt).toISOString() })) })
      )
    )
    .handleRaw("killTool", (asked) =>
      Effect.gen(function* () {
        const { id, pgid } = asked.params
        const tools = yield* ask(toolsOf(id))
        if (!tools.some((tool) => tool.pgid === pgid)) {
          const { state } = yield* ask(Effect.flatMap(Sessions, ({ get }) => get(id)))
          if (state === "streaming")
            return yield* problem("tool_not_found", `session ${id} has no tool in process group ${pgid}`, { session: id })
        }
        return yield* command(nothing, (_, by) => ({ type: "KillTool", pgid, by }))(asked)
      })
    )
    .handleRaw(
      "continue",
      command(nothing, (_, by) => ({ type: "Continue", by }))
    )
    .handleRaw(
      "resume",
      command(nothing, (_, by) => ({ type: "Resume", by }))
    )
    .handleRaw(
      "reload",
      command(reason, ({ reason = "" }, by) => ({ type: "Reload", reason, by }))
    )
    .handleRaw("fork", ({ headers, params, request }) =>
      Effect.gen(function* () {
        const { raw, value } = yield* fork(request)
        yield* Effect.fromResult(textOf(value.prompt ?? ""))
        const asking = yield* askingOf(request, headers, raw)
        const { repeated, view } = yield* ask((yield* Sessions).fork(params.id, value, asking))
        return viewAnswer(view, 201, { location: `/v1/sessions/${view.id}`, ...replayed(repeated) })
      })
    )
    .handle("messages", ({ params }) =>
      Effect.map(ask(Effect.flatMap(Sessions, ({ messages }) => messages(params.id))), (list) => jsonAnswer(list))
    )
    .handleRaw("model", ({ headers, params, request }) =>
      Effect.gen(function* () {
        const { raw, value } = yield* model(request)
        const { get, prompt } = yield* Sessions
        const { provider, seq, state } = yield* ask(get(params.id))
        const line = (yield* Providers).of(provider).model
        if (line === null)
          return yield* problem("refused", `the provider ${provider} has no command that switches the model`, {
            ...{ as: "model_not_switchable", session: params.id, seq, state }
          })
        const wanted = yield* Effect.fromResult(promptOf({ text: line.replaceAll("{model}", () => value.model) }))
        return queuedAnswer(yield* ask(prompt(params.id, wanted, yield* askingOf(request, headers, raw))))
      })
    )
    .handleRaw(
      "archive",
      command(nothing, (_, by) => ({ type: "Archive", by }))
    )
    .handleRaw(
      "unarchive",
      command(nothing, (_, by) => ({ type: "Unarchive", by }))
    )
    .handleRaw(
      "terminate",
      command(reason, ({ reason = "" }, by) => ({ type: "Terminate", reason, by }))
    )
    .handle("wait", ({ params, query }) => waitFor(params.id, query))
)

const toolsOf = (id: string) => Effect.flatMap(Sessions, ({ tools }) => tools(id))

const waitFor = Effect.fn("http.wait")(function* (id: string, query: { readonly for: string; readonly timeout?: string }) {
  const conditions = yield* Result.match(parseConditions(query.for), {
    onFailure: (name) => Effect.fail(invalidField("for", `there is no condition "${name}"`)),
    onSuccess: (conditions) => Effect.succeed(conditions)
  })
  const timeoutMs = durationMs(query.timeout ?? "30s")
  if (timeoutMs > limits.waitMs) return yield* invalidField("timeout", `at most ${limits.waitMs / 1_000}s`)
  const sessions = yield* Sessions
  const since = yield* ask(sessions.get(id))
  let latest = since
  const deadline = (yield* Clock.currentTimeMillis) + timeoutMs
  const found = yield* ask(
    sessions.changes(id).pipe(
      Stream.map((view) => {
        latest = view
        return met(conditions, view, since)
      }),
      Stream.filter((name) => name !== null),
      Stream.runHead
    )
  ).pipe(
    Effect.raceFirst(Effect.andThen((yield* Draining).begun, Effect.fail(shuttingDown))),
    Effect.timeoutOption(deadline - (yield* Clock.currentTimeMillis))
  )
  if (Option.isNone(found)) return { satisfied: false, met: null, reason: "timeout" as const, session: latest }
  if (Option.isNone(found.value)) return { satisfied: false, met: null, reason: "over" as const, session: latest }
  return { satisfied: true, met: found.value.value, reason: "satisfied" as const, session: latest }
})

/** The daemon comes back with the session: the client asks again. */
const shuttingDown = problem("shutting_down", "the daemon is shutting down; ask again", { retryAfterMs: 1_000 })
