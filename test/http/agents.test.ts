/** What is asked of agents beside prompts and a stop, over a provider that a user described: forks, reloads, reports, models, answers. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { PromptView } from "../../src/domain/prompt-view.ts"
import type { SessionView } from "../../src/domain/view.ts"
import type { ProviderList } from "../../src/http/contract/providers.ts"
import { HttpServer } from "../../src/http/server.ts"
import { AgentFiles } from "../../src/infra/agents/agent-files.ts"
import { HookTokens } from "../../src/infra/hook/tokens.ts"
import { authorization, client, homeWith, problemOf, raw, toCreate } from "../support/http.ts"
import { describeProviders, scriptedProvider } from "../support/scripted-provider.ts"

const asking = ["asks=risky", "offers=Yes|No, never|Ask later", "bracketed"]

const home = homeWith((path) => {
  describeProviders(path, [
    scriptedProvider("scripted", [...asking, `answers=${join(path, "answers.jsonl")}`]),
    scriptedProvider("unswitchable", [], { model: null }),
    scriptedProvider("broken", [], { submit: { bracketed: "yes" } })
  ])
})

describe("an agent of the user's own", () => {
  layer(home, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    const asked = Effect.fnUntraced(function* (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const { port } = yield* HttpServer
      const type = body === undefined ? {} : { "content-type": "application/json" }
      return yield* raw(
        { port, method, path, headers: { ...authorization, ...type, ...headers } },
        body === undefined ? undefined : JSON.stringify(body)
      )
    })
    const sessionOf = ({ body }: { readonly body: string }) => JSON.parse(body) as SessionView
    const promptOf = ({ body }: { readonly body: string }) => JSON.parse(body) as PromptView
    const look = (id: string) => Effect.map(asked("GET", `/v1/sessions/${id}`), sessionOf)
    const reaches = (id: string, wanted: (view: SessionView) => boolean) =>
      Effect.gen(function* () {
        for (let tries = 0; tries < 400; tries++) {
          const view = yield* look(id)
          if (wanted(view)) return view
          yield* Effect.sleep("25 millis")
        }
        return assert.fail(`${id} never got there: ${JSON.stringify(yield* look(id))}`)
      })
    const up = Effect.fnUntraced(function* (more: Record<string, unknown> = {}) {
      const api = yield* client
      const { id } = yield* api.sessions.create({ headers: {}, payload: toCreate({ provider: "scripted", cwd: "/tmp", ...more }) })
      const { met } = yield* api.sessions.wait({ params: { id }, query: { for: "idle,ended" } })
      assert.strictEqual(met, "idle")
      return id
    })
    const answered = (id: string, promptId: string) =>
      Effect.map(asked("GET", `/v1/sessions/${id}/prompts/${promptId}?wait=answered&timeout=20s`), promptOf)

    it.effect("is listed with what it can do, and files that were not taken with every reason", () =>
      Effect.gen(function* () {
        const { data, problems } = JSON.parse((yield* asked("GET", "/v1/providers")).body) as ProviderList
        assert.includeMembers(
          data.map(({ id }) => id),
          ["command", "claude-code", "codex", "pi", "opencode", "gemini", "scripted", "unswitchable"]
        )
        const scripted = data.find(({ id }) => id === "scripted")
        assert.deepInclude(scripted, {
          builtIn: false,
          installed: { path: process.execPath, version: "1.2.3", confirmed: true },
          confirmed: ["1.2.3"],
          capabilities: { resume: true, fork: true, forkAtMessage: false, hooks: false, transcript: false, model: true, answers: true }
        })
        assert.deepInclude(data.find(({ id }) => id === "claude-code")?.capabilities, { hooks: true, forkAtMessage: true, resume: true })
        assert.deepInclude(
          data.find(({ id }) => id === "command"),
          { installed: null, install: null, builtIn: true }
        )
        assert.isTrue(problems.some(({ field, file }) => file === "broken.json" && field === "submit.bracketed"))
      })
    )

    it.effect("is refused with the known names, where its name is not known", () =>
      Effect.gen(function* () {
        const told = problemOf(yield* asked("POST", "/v1/sessions", { provider: "nobody", cwd: "/tmp" }), 400)
        assert.deepStrictEqual(
          told.errors?.map(({ field }) => field),
          ["provider"]
        )
        assert.include(told.detail, "scripted")
      })
    )

    it.effect("is created with its first prompt, which is answered", () =>
      Effect.gen(function* () {
        const id = yield* up({ prompt: "begin" })
        assert.strictEqual((yield* answered(id, "first")).state, "answered")
        const long = yield* asked("POST", "/v1/sessions", { provider: "scripted", cwd: "/tmp", prompt: "x".repeat(262_145) })
        assert.strictEqual(problemOf(long, 413).code, "prompt_too_large")
      }).pipe(Effect.scoped)
    )

    it.effect("is forked with its conversation, and without one says that it begins a new one", () =>
      Effect.gen(function* () {
        const id = yield* up({ name: "parent", labels: { a: "b" }, prompt: "something to remember" })
        yield* answered(id, "first")
        const parent = yield* look(id)
        const key = { "idempotency-key": "fork-1" }
        const made = yield* asked("POST", `/v1/sessions/${id}/fork`, { name: "child", prompt: "go on" }, key)
        assert.strictEqual(made.status, 201, made.body)
        const child = sessionOf(made)
        assert.deepStrictEqual([made.headers.location, made.headers.etag], [`/v1/sessions/${child.id}`, `"${child.seq}"`])
        assert.deepInclude(child, { name: "child", labels: { a: "b" }, provider: "scripted" })
        assert.deepInclude(child.lineage, { parent: id, conversation: parent.conversation?.id ?? null, degraded: null, atMessage: null })
        assert.strictEqual((yield* answered(child.id, "first")).state, "answered")
        const { body } = yield* asked("GET", `/v1/sessions/${child.id}/output?from=0`)
        assert.include(body, `parent=${parent.conversation?.id}`)
        const repeated = yield* asked("POST", `/v1/sessions/${id}/fork`, { name: "child", prompt: "go on" }, key)
        assert.deepStrictEqual([sessionOf(repeated).id, repeated.headers["idempotency-replayed"]], [child.id, "true"])

        const fresh = yield* up()
        const degraded = sessionOf(yield* asked("POST", `/v1/sessions/${fresh}/fork`, {}))
        assert.strictEqual(degraded.lineage?.degraded, "no_history")
      }).pipe(Effect.scoped)
    )

    it.effect("is not forked at a message that there is not, nor where it cannot be cut", () =>
      Effect.gen(function* () {
        const fresh = yield* up()
        const missing = problemOf(yield* asked("POST", `/v1/sessions/${fresh}/fork`, { atMessage: "m-1" }), 404)
        assert.strictEqual(missing.code, "message_not_found")
        yield* asked("POST", `/v1/sessions/${fresh}/prompts`, { id: "p", text: "hello" })
        yield* answered(fresh, "p")
        const uncut = problemOf(yield* asked("POST", `/v1/sessions/${fresh}/fork`, { atMessage: "m-1" }), 400)
        assert.deepStrictEqual(
          uncut.errors?.map(({ field }) => field),
          ["atMessage"]
        )
        assert.deepStrictEqual(JSON.parse((yield* asked("GET", `/v1/sessions/${fresh}/messages`)).body), {
          data: [],
          state: "not_kept",
          omitted: 0,
          skipped: 0
        })
        const fields = (body: unknown) =>
          Effect.map(asked("POST", `/v1/sessions/${fresh}/fork`, body), (answer) =>
            problemOf(answer, 400).errors?.map(({ field }) => field)
          )
        assert.deepStrictEqual(yield* fields({ atMessage: "a b" }), ["atMessage"])
        assert.deepStrictEqual(yield* fields({ atMesage: "a" }), ["atMesage"])
        assert.deepStrictEqual(yield* fields({ prompt: "a\0b" }), ["prompt"])
        problemOf(yield* asked("POST", "/v1/sessions/s-0123456789ab/fork", {}), 404)
        problemOf(yield* asked("GET", "/v1/sessions/s-0123456789ab/messages"), 404)
      }).pipe(Effect.scoped)
    )

    it.effect("is reloaded with the same conversation, and not in a turn", () =>
      Effect.gen(function* () {
        const id = yield* up({ args: ["work=2000"], prompt: "work" })
        yield* reaches(id, ({ activity }) => activity === "working")
        assert.strictEqual(problemOf(yield* asked("POST", `/v1/sessions/${id}/reload`, {}), 409).code, "turn_running")
        yield* answered(id, "first")
        const before = yield* look(id)
        const taken = yield* asked("POST", `/v1/sessions/${id}/reload`, { reason: "a new version" })
        assert.strictEqual(taken.status, 202, taken.body)
        const after = yield* reaches(id, ({ activity, generation }) => generation === 2 && activity === "idle")
        assert.strictEqual(after.conversation?.id, before.conversation?.id)
        assert.include((yield* asked("GET", `/v1/sessions/${id}/output?from=0`)).body, `resume=${before.conversation?.id}`)
      }).pipe(Effect.scoped)
    )

    it.effect("asks, and is answered by a choice while the question is open, and never after", () =>
      Effect.gen(function* () {
        const { directoryOf } = yield* AgentFiles
        const id = yield* up()
        yield* asked("POST", `/v1/sessions/${id}/prompts`, { id: "p", text: "risky business" })
        const { question } = yield* reaches(id, (view) => view.question !== null && view.question.choices.length === 3)
        assert.deepInclude(question, { kind: "permission", text: "may I?", choices: ["Yes", "No, never", "Ask later"] })
        const wrong = problemOf(yield* asked("POST", `/v1/sessions/${id}/prompts`, { text: "Yes", answers: "1.999" }), 409)
        assert.strictEqual(wrong.code, "question_closed")
        // Typed with Enter after it, it would confirm the choice that is marked.
        const unknown = problemOf(yield* asked("POST", `/v1/sessions/${id}/prompts`, { text: "perhaps", answers: question?.id }), 400)
        assert.deepInclude(unknown, { code: "invalid_request" })
        assert.match(JSON.stringify(unknown), /"field":"text".*allow, deny, Yes, No, never, Ask later/)
        const sent = yield* asked("POST", `/v1/sessions/${id}/prompts`, { id: "a", text: "Ask later", answers: question?.id })
        assert.strictEqual(promptOf(sent).answers, question?.id)
        assert.strictEqual((yield* answered(id, "a")).state, "answered")
        assert.strictEqual((yield* answered(id, "p")).state, "answered")
        const home = directoryOf(id).split("/sessions/")[0]!
        assert.strictEqual(readFileSync(join(home, "answers.jsonl"), "utf8"), '"Ask later"\n')
        const late = problemOf(yield* asked("POST", `/v1/sessions/${id}/prompts`, { text: "Yes", answers: question?.id }), 409)
        assert.strictEqual(late.code, "question_closed")
      }).pipe(Effect.scoped)
    )

    it.effect("waits for a person to say whether its folder can be trusted, and is answered where that was said before", () =>
      Effect.gen(function* () {
        const api = yield* client
        const launched = (more: Record<string, unknown>) =>
          api.sessions.create({ headers: {}, payload: toCreate({ provider: "scripted", cwd: "/tmp", args: ["distrusts"], ...more }) })
        const asks = (id: string) => reaches(id, ({ question }) => question?.kind === "trust" && question.choices.length === 2)
        const { id } = yield* launched({})
        const { question } = yield* asks(id)
        assert.strictEqual((yield* look(id)).prompts.queued, 0)
        yield* asked("POST", `/v1/sessions/${id}/prompts`, { id: "a", text: "allow", answers: question?.id })
        assert.strictEqual((yield* answered(id, "a")).state, "answered")
        yield* reaches(id, ({ activity }) => activity === "idle")

        const trusting = yield* launched({ trustFolder: true, prompt: "hello" })
        assert.isTrue(trusting.trustFolder)
        assert.strictEqual((yield* answered(trusting.id, "first")).state, "answered")
        const told = yield* answered(trusting.id, "trust-1.1")
        assert.deepInclude(told, { state: "answered", from: "trustFolder" })

        const wrong = yield* asked("POST", "/v1/sessions", { provider: "scripted", cwd: "/tmp", trustFolder: "yes" })
        assert.match(JSON.stringify(problemOf(wrong, 400)), /"field":"trustFolder"/)
      }).pipe(Effect.scoped)
    )

    it.effect("is switched to another model by its own command, where it has one", () =>
      Effect.gen(function* () {
        const id = yield* up()
        const sent = yield* asked("POST", `/v1/sessions/${id}/model`, { model: "opus[1m]" })
        assert.strictEqual(sent.status, 202, sent.body)
        const { id: promptId } = promptOf(sent)
        assert.strictEqual(sent.headers.location, `/v1/sessions/${id}/prompts/${promptId}`)
        assert.strictEqual((yield* answered(id, promptId)).bytes, "/model opus[1m]".length)
        const { body } = yield* asked("GET", `/v1/sessions/${id}/events?after=0`)
        const { data } = JSON.parse(body) as { readonly data: ReadonlyArray<{ readonly type: string; readonly data: unknown }> }
        assert.deepNestedInclude(data.find(({ type }) => type === "PromptQueued")?.data as object, { "prompt.command": true })
        for (const model of ["", " x", "a\nb", "x".repeat(129), 7])
          problemOf(yield* asked("POST", `/v1/sessions/${id}/model`, { model }), 400)
        const other = yield* up({ provider: "unswitchable" })
        assert.strictEqual(problemOf(yield* asked("POST", `/v1/sessions/${other}/model`, { model: "x" }), 409).code, "model_not_switchable")
      }).pipe(Effect.scoped)
    )

    it.effect("reports of itself with its own token, newest first, and of no other session", () =>
      Effect.gen(function* () {
        const { tokenOf } = yield* HookTokens
        const id = yield* up()
        const other = yield* up()
        const own = { authorization: `Bearer ${tokenOf(id, 1)}` }
        const path = `/v1/sessions/${id}/reports`
        const first = yield* asked("POST", path, { seq: 5, phase: "testing", task: "the tests", needsInput: true }, own)
        assert.strictEqual(first.status, 200, first.body)
        assert.deepInclude(sessionOf(first).report, { seq: 5, phase: "testing", task: "the tests", blocker: null, needsInput: true })
        assert.isUndefined(first.headers["x-reprise-ignored"])
        assert.strictEqual(first.headers.etag, `"${sessionOf(first).seq}"`)
        const again = yield* asked("POST", path, { seq: 5, phase: "testing", task: "the tests", needsInput: true }, own)
        assert.isUndefined(again.headers["x-reprise-ignored"])
        for (const seq of [5, 4, 0]) {
          const older = yield* asked("POST", path, { seq, phase: "older" })
          assert.deepStrictEqual([older.status, older.headers["x-reprise-ignored"]], [200, "true"])
          assert.strictEqual(sessionOf(older).report?.phase, "testing")
        }
        const by = yield* asked("GET", `/v1/sessions/${id}/events?limit=1000`)
        const told = (JSON.parse(by.body).data as ReadonlyArray<{ type: string; data: { by: string } }>).filter(
          ({ type }) => type === "StateReported"
        )
        assert.deepStrictEqual(
          told.map(({ data }) => data.by),
          ["agent"]
        )
        for (const seq of [-1, 1.5, "6", null, undefined, 2 ** 53]) {
          const told = problemOf(yield* asked("POST", path, { seq, phase: "x" }, own), 400)
          assert.deepStrictEqual([...new Set(told.errors?.map(({ field }) => field))], ["seq"])
        }
        assert.strictEqual(problemOf(yield* asked("POST", path, { seq: 9, phase: "a\x1b[2J" }, own), 400).errors?.[0]?.field, "phase")
        for (const foreign of [{ authorization: `Bearer ${tokenOf(other, 1)}` }, { authorization: `Bearer ${tokenOf(id, 2)}` }])
          problemOf(yield* asked("POST", path, { seq: 9 }, foreign), 401)
        problemOf(yield* asked("GET", `/v1/sessions/${id}`, undefined, own), 401)
      }).pipe(Effect.scoped)
    )

    it.effect("is offered its prompt again when it died in the turn, once, and nothing else", () =>
      Effect.gen(function* () {
        const id = yield* up({ args: ["work=60000"] })
        const path = `/v1/sessions/${id}/prompts`
        yield* asked("POST", path, { id: "lost", text: "a long one" })
        yield* reaches(id, ({ activity }) => activity === "working")
        assert.strictEqual(problemOf(yield* asked("POST", `${path}/lost/continue`, {}), 409).code, "prompt_not_abandoned")
        yield* asked("POST", `/v1/sessions/${id}/kill`, {})
        const ended = yield* reaches(id, ({ state }) => state === "ended")
        assert.strictEqual(ended.abandoned?.prompt, "lost")
        const again = yield* asked("POST", `${path}/lost/continue`, {})
        assert.strictEqual(again.status, 202, again.body)
        assert.deepInclude(promptOf(again), { id: "lost.again", bytes: 10, deliver: "turn_boundary" })
        const twice = yield* asked("POST", `${path}/lost/continue`, {})
        assert.deepStrictEqual([promptOf(twice).id, twice.headers["idempotency-replayed"]], ["lost.again", "true"])
        yield* reaches(id, ({ activity, generation }) => generation === 2 && activity === "working")
        assert.strictEqual(problemOf(yield* asked("POST", `${path}/never/continue`, {}), 404).code, "prompt_not_found")
        problemOf(yield* asked("POST", `${path}/${"x".repeat(125)}/continue`, {}), 400)
        problemOf(yield* asked("GET", `${path}/${"x".repeat(128)}`), 404)
        problemOf(yield* asked("GET", `${path}/${"x".repeat(129)}`), 400)
      }).pipe(Effect.scoped)
    )
  })
})
