import { assert, describe, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import type { PromptView } from "../../src/domain/prompt-view.ts"
import type { PromptPage } from "../../src/http/contract/prompts.ts"
import { HttpServer } from "../../src/http/server.ts"
import { authorization, client, home, problemOf, raw, running, toCreate } from "../support/http.ts"

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
const nobody = "s-0123456789ab"

describe("the interface to prompts", () => {
  layer(home, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    const asked = Effect.fnUntraced(function* (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const { port } = yield* HttpServer
      const type = body === undefined ? {} : { "content-type": "application/json" }
      return yield* raw(
        { port, method, path, headers: { ...authorization, ...type, ...headers } },
        body === undefined ? undefined : JSON.stringify(body)
      )
    })
    const viewOf = ({ body }: { readonly body: string }) => JSON.parse(body) as PromptView
    const fields = (answer: Parameters<typeof problemOf>[0]) => (problemOf(answer, 400).errors ?? []).map(({ field }) => field).sort()
    const statesOf = ({ steps }: PromptView) => steps.map(({ state }) => state)

    /** An agent that is not ready for as long as the test runs: what is sent to it waits. */
    const unready = Effect.fnUntraced(function* (labels: Record<string, string> = {}) {
      const api = yield* client
      const relaunching = { mode: "always", baseMs: 86_400_000, capMs: 86_400_000 }
      const payload = toCreate({ command: ["false"], cwd: "/tmp", labels, keepalive: relaunching })
      const { id } = yield* api.sessions.create({ headers: {}, payload })
      yield* api.sessions.wait({ params: { id }, query: { for: "ended" } })
      return id
    })

    const shows = Effect.fnUntraced(function* (id: string, text: string) {
      for (let tries = 0; tries < 400; tries++) {
        if ((yield* asked("GET", `/v1/sessions/${id}/screen`)).body.includes(text)) return
        yield* Effect.sleep("25 millis")
      }
      assert.fail(`the screen never showed ${text}`)
    })

    it.effect("types one in the marks of a paste exactly while the program asks for them", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["sh", "-c", "printf 'plain '; read line; printf '\\033[?2004hmarked '; exec cat -v"])
        yield* shows(id, "plain")
        yield* asked("POST", `/v1/sessions/${id}/prompts`, { text: "first" })
        yield* shows(id, "marked")
        assert.notInclude((yield* asked("GET", `/v1/sessions/${id}/screen`)).body, "200~")
        yield* asked("POST", `/v1/sessions/${id}/prompts`, { text: "second\nthird" })
        yield* shows(id, "^[[200~second\nthird^[[201~")
      }).pipe(Effect.scoped)
    )

    it.effect("presses an arrow as the program of the session has asked for it", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["sh", "-c", "printf 'plain '; read line; printf '\\033[?1hasked '; exec cat -v"])
        yield* shows(id, "plain")
        yield* asked("POST", `/v1/sessions/${id}/input`, { keys: ["Up", "return"] })
        yield* shows(id, "^[[A")
        yield* shows(id, "asked")
        yield* asked("POST", `/v1/sessions/${id}/input`, { keys: ["Up", "return"] })
        yield* shows(id, "^[OA")
      }).pipe(Effect.scoped)
    )

    it.effect("believes a status mark that knows the secret of its launch, and none that is only shown", () =>
      Effect.gen(function* () {
        const activity = (id: string) => Effect.map(asked("GET", `/v1/sessions/${id}`), ({ body }) => JSON.parse(body).activity as string)
        const becomes = Effect.fnUntraced(function* (id: string, wanted: string) {
          for (let tries = 0; tries < 400; tries++) {
            if ((yield* activity(id)) === wanted) return
            yield* Effect.sleep("25 millis")
          }
          assert.fail(`the agent was never ${wanted}`)
        })
        const mark = (state: string, more = "") => `printf '\\033]7501;state=${state}:app=x${more}\\033\\\\'`
        const secret = `:nonce='"$REPRISE_NONCE"'`
        const speaks = `set -m; ${mark("working")}; sh -c "printf spoken; read l"; sh -c ${quoted(`${mark("idle", secret)}; ${mark("working", ":nonce=wrong")}; printf ' again'; read l`)}; printf ' over'; exec sleep 1000`
        const { id } = yield* running(["bash", "-c", speaks])
        yield* shows(id, "spoken")
        assert.strictEqual(yield* activity(id), "unknown")
        yield* asked("POST", `/v1/sessions/${id}/input`, { keys: ["enter"] })
        yield* becomes(id, "idle")
        yield* shows(id, "again")
        assert.strictEqual(yield* activity(id), "idle")
        // The program that said so is gone, and the shell said nothing.
        yield* asked("POST", `/v1/sessions/${id}/input`, { keys: ["enter"] })
        yield* becomes(id, "unknown")
      }).pipe(Effect.scoped)
    )

    it.effect("types one with one end to each of its lines, whatever ends they had", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["cat", "-A"])
        yield* asked("POST", `/v1/sessions/${id}/prompts`, { text: "one\r\ntwo\rthree" })
        // What was read, with a $ at each end: the echo comes before it or between its lines.
        yield* shows(id, "three$")
        const { body } = yield* asked("GET", `/v1/sessions/${id}/output?from=0`)
        const read = body.split("\n").flatMap((line) => /(one|two|three|^)\$\r?$/.exec(line)?.[1] ?? [])
        assert.deepStrictEqual(read, ["one", "two", "three"])
      }).pipe(Effect.scoped)
    )

    it.effect("types one, presses Enter once, and names the source", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["cat"])
        const sent = yield* asked("POST", `/v1/sessions/${id}/prompts`, { text: "héllo", from: "a person", threadId: "t-1" })
        assert.strictEqual(sent.status, 202)
        const { id: promptId } = viewOf(sent)
        const path = `/v1/sessions/${id}/prompts/${promptId}`
        assert.strictEqual(sent.headers.location, path)
        const submitted = viewOf(yield* asked("GET", `${path}?wait=submitted&timeout=10s`))
        assert.deepInclude(submitted, { session: id, bytes: 6, deliver: "turn_boundary", onUncertain: "report", from: "a person" })
        assert.deepStrictEqual(statesOf(submitted), ["queued", "claimed", "written", "submitted"])
        assert.deepStrictEqual(
          submitted.steps.map(({ source }) => source),
          ["api", "reprise", "holder", "holder"]
        )
        // The terminal's echo, and then what cat says on Enter.
        yield* shows(id, "héllo\nhéllo")
        assert.notInclude((yield* asked("GET", `/v1/sessions/${id}/events`)).body, "héllo")
      }).pipe(Effect.scoped)
    )

    it.effect("presses Enter alone for an empty text", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["sh", "-c", 'read -r line; echo "read [$line]"; exec cat'])
        const { id: promptId } = viewOf(yield* asked("POST", `/v1/sessions/${id}/prompts`, { text: "" }))
        yield* shows(id, "read []")
        assert.strictEqual(viewOf(yield* asked("GET", `/v1/sessions/${id}/prompts/${promptId}`)).bytes, 0)
      }).pipe(Effect.scoped)
    )

    it.effect("calls uncertain what no source reports, and answers a client that waits for more", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["cat"])
        const { id: promptId } = viewOf(yield* asked("POST", `/v1/sessions/${id}/prompts`, { text: "anybody?" }))
        const fate = viewOf(yield* asked("GET", `/v1/sessions/${id}/prompts/${promptId}?wait=answered&timeout=30s`))
        assert.strictEqual(fate.state, "uncertain")
        // What it went through on the way is known still.
        const later = viewOf(yield* asked("GET", `/v1/sessions/${id}/prompts/${promptId}?wait=submitted&timeout=1ms`))
        assert.deepStrictEqual(later, fate)
        const told = problemOf(yield* asked("DELETE", `/v1/sessions/${id}/prompts/${promptId}`), 409)
        assert.strictEqual(told.code, "prompt_settled")
      }).pipe(Effect.scoped)
    )

    it.effect("is the same one by its id, and by its key", () =>
      Effect.gen(function* () {
        const id = yield* unready()
        const path = `/v1/sessions/${id}/prompts`
        const named = { id: "my:prompt-1.x_y", text: "once" }
        const answers = yield* Effect.all(
          Array.from({ length: 6 }, () => asked("POST", path, named)),
          { concurrency: 6 }
        )
        assert.deepStrictEqual(
          answers.map(({ status }) => status),
          [202, 202, 202, 202, 202, 202]
        )
        assert.strictEqual(answers.filter(({ headers }) => headers["idempotency-replayed"] === "true").length, 5)
        assert.strictEqual(new Set(answers.map(({ body }) => body)).size, 1)
        assert.strictEqual(problemOf(yield* asked("POST", path, { ...named, text: "twice" }), 409).code, "prompt_exists")

        const key = { "idempotency-key": "prompt-key" }
        const keyed = yield* Effect.all(
          Array.from({ length: 4 }, () => asked("POST", path, { text: "keyed" }, key)),
          { concurrency: 4 }
        )
        assert.strictEqual(new Set(keyed.map((answer) => viewOf(answer).id)).size, 1)
        assert.strictEqual(keyed.filter(({ headers }) => headers["idempotency-replayed"] === "true").length, 3)
        const other = yield* asked("POST", path, { text: "keyed otherwise" }, key)
        assert.strictEqual(problemOf(other, 422).code, "idempotency_mismatch")
        assert.strictEqual(JSON.parse((yield* asked("GET", path)).body).data.length, 2)
      }).pipe(Effect.scoped)
    )

    it.effect("is taken out of the queue with all that wait, and nothing else is", () =>
      Effect.gen(function* () {
        const path = `/v1/sessions/${yield* unready()}/prompts`
        for (const id of ["a", "b"]) yield* asked("POST", path, { id, text: id, deliver: "idle" })
        const cleared = yield* asked("DELETE", `${path}?reason=enough`)
        const { data } = JSON.parse(cleared.body) as PromptPage
        assert.deepStrictEqual(
          data.map(({ id, state }) => [id, state]),
          [
            ["a", "cancelled"],
            ["b", "cancelled"]
          ]
        )
        assert.deepStrictEqual((JSON.parse((yield* asked("DELETE", path)).body) as PromptPage).data, [])
      }).pipe(Effect.scoped)
    )

    it.effect("stays itself after it was edited and settled", () =>
      Effect.gen(function* () {
        const id = yield* unready()
        const path = `/v1/sessions/${id}/prompts`
        const first = viewOf(yield* asked("POST", path, { id: "p1", text: "before" }))
        const edited = viewOf(yield* asked("PATCH", `${path}/p1`, { text: "after" }))
        assert.notStrictEqual(edited.hash, first.hash)
        assert.strictEqual(viewOf(yield* asked("POST", path, { id: "p1", text: "before" })).hash, edited.hash)
        const cancelled = yield* asked("DELETE", `${path}/p1?reason=enough`, undefined, { "x-reprise-client": "tester" })
        assert.deepStrictEqual([cancelled.status, viewOf(cancelled).state], [200, "cancelled"])
        assert.deepInclude(viewOf(cancelled).steps.at(-1), { source: "tester", detail: "enough" })
        const again = yield* asked("DELETE", `${path}/p1`)
        assert.deepStrictEqual([again.status, viewOf(again)], [200, viewOf(cancelled)])
        assert.strictEqual(viewOf(yield* asked("POST", path, { id: "p1", text: "before" })).state, "cancelled")
        assert.strictEqual(problemOf(yield* asked("POST", path, { id: "p1", text: "another" }), 409).code, "prompt_exists")
        assert.strictEqual(problemOf(yield* asked("PATCH", `${path}/p1`, { text: "late" }), 409).code, "prompt_settled")
      }).pipe(Effect.scoped)
    )

    it.effect("waits in the queue, in the order that its user gives it", () =>
      Effect.gen(function* () {
        const id = yield* unready()
        const path = `/v1/sessions/${id}/prompts`
        for (const promptId of ["a", "b", "c"]) yield* asked("POST", path, { id: promptId, text: promptId })
        const moved = yield* asked("PATCH", `${path}/c`, { text: "CC", place: "front" })
        assert.deepStrictEqual([moved.status, viewOf(moved).bytes], [200, 2])
        yield* asked("DELETE", `${path}/a`)
        const session = JSON.parse((yield* asked("GET", `/v1/sessions/${id}`)).body)
        assert.deepStrictEqual(session.prompts, { queued: 2 })
        const { data } = JSON.parse((yield* asked("GET", `/v1/sessions/${id}/events`)).body) as { data: Array<{ type: string }> }
        assert.deepStrictEqual(
          data.map(({ type }) => type).filter((type) => type.startsWith("Prompt")),
          ["PromptQueued", "PromptQueued", "PromptQueued", "PromptEdited", "PromptPromoted", "PromptCancelled"]
        )
      }).pipe(Effect.scoped)
    )

    it.effect("is listed page by page, newest last, and by state", () =>
      Effect.gen(function* () {
        const id = yield* unready()
        const path = `/v1/sessions/${id}/prompts`
        const names = ["p0", "p1", "p2", "p3", "p4"]
        for (const name of names) yield* asked("POST", path, { id: name, text: name })
        yield* asked("DELETE", `${path}/p1`)
        const seen: Array<string> = []
        let cursor: number | null = 0
        for (let pages = 0; cursor !== null && pages < 5; pages++) {
          const page: { data: Array<PromptView>; nextCursor: number | null; hasMore: boolean } = JSON.parse(
            (yield* asked("GET", `${path}?limit=2&cursor=${cursor}`)).body
          )
          assert.isAtMost(page.data.length, 2)
          assert.strictEqual(page.hasMore, page.nextCursor !== null)
          seen.push(...page.data.map((view) => view.id))
          cursor = page.nextCursor
        }
        assert.deepStrictEqual(seen, names)
        const listed = (query: string) =>
          Effect.map(asked("GET", `${path}?${query}`), ({ body }) => (JSON.parse(body).data as Array<PromptView>).map((view) => view.id))
        assert.deepStrictEqual(yield* listed("state=cancelled"), ["p1"])
        assert.deepStrictEqual(yield* listed("state=queued,cancelled"), names)
        assert.deepStrictEqual(yield* listed("state=answered&state=cancelled&limit=1"), ["p1"])
        assert.deepStrictEqual(fields(yield* asked("GET", `${path}?state=lost`)), ["state"])
      }).pipe(Effect.scoped)
    )

    it.effect("ends the wait of every client when it is cancelled, and no wait by something else", () =>
      Effect.gen(function* () {
        const id = yield* unready()
        const path = `/v1/sessions/${id}/prompts`
        yield* asked("POST", path, { id: "waited", text: "x" })
        const late = viewOf(yield* asked("GET", `${path}/waited?wait=accepted&timeout=50ms`))
        assert.strictEqual(late.state, "queued")
        const waiting = yield* Effect.forkChild(asked("GET", `${path}/waited?wait=accepted&timeout=20s`), { startImmediately: true })
        yield* asked("POST", path, { id: "other", text: "y" })
        yield* asked("DELETE", `${path}/other`)
        yield* asked("DELETE", `${path}/waited`)
        assert.strictEqual(viewOf(yield* Fiber.join(waiting)).state, "cancelled")
      }).pipe(Effect.scoped)
    )

    it.effect("is refused by name when it cannot be typed as it is", () =>
      Effect.gen(function* () {
        const path = `/v1/sessions/${nobody}/prompts`
        const refused = (body: unknown) => Effect.map(asked("POST", path, body), fields)
        assert.deepStrictEqual(yield* refused({ text: "a\0b" }), ["text"])
        assert.deepStrictEqual(yield* refused({ text: "a\x1b[201~rm -rf ~" }), ["text"])
        assert.deepStrictEqual(yield* refused({ text: "a\x9b201~rm -rf ~" }), ["text"])
        assert.deepStrictEqual(yield* refused({ text: "\ud800" }), ["text"])
        assert.deepStrictEqual(yield* refused({}), ["text"])
        assert.deepStrictEqual(yield* refused({ text: "x", id: "", deliver: "soon", colour: "red", expiresInMs: 1, from: "a\nb" }), [
          "colour",
          "deliver",
          "expiresInMs",
          "from",
          "id"
        ])
        for (const id of ["..", ".", "a b", "a/b", "é", "x".repeat(129)]) assert.deepStrictEqual(yield* refused({ text: "x", id }), ["id"])
        const large = problemOf(yield* asked("POST", path, { text: "é".repeat(131_073) }), 413)
        assert.deepInclude({ ...large } as object, { code: "prompt_too_large", limit: "promptBytes", maximum: 262_144 })
        assert.strictEqual(problemOf(yield* asked("POST", path, { text: "x" }), 404).code, "session_not_found")
        const patch = (body: unknown) => asked("PATCH", `${path}/p1`, body)
        assert.deepStrictEqual(fields(yield* patch({})), ["body"])
        assert.deepStrictEqual(fields(yield* patch({ place: "back" })), ["place"])
        assert.deepStrictEqual(fields(yield* asked("GET", `${path}/p1?wait=soon`)), ["wait"])
        assert.deepStrictEqual(fields(yield* asked("GET", `${path}/p1?wait=accepted&timeout=301s`)), ["timeout"])
        assert.deepStrictEqual(fields(yield* asked("GET", `${path}/p1?timeout=1s`)), ["timeout"])
      })
    )

    it.effect("is not found where no session was given it, and its largest text is typed whole", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["sh", "-c", "stty raw -echo; echo ready; head -c 262145 | wc -c; exec sleep 300"])
        yield* shows(id, "ready")
        const path = `/v1/sessions/${id}/prompts`
        for (const [method, body] of [["GET"], ["PATCH", { place: "front" }], ["DELETE"]] as const)
          assert.strictEqual(problemOf(yield* asked(method, `${path}/nothing`, body), 404).code, "prompt_not_found")
        yield* asked("POST", path, { text: "x".repeat(262_144) })
        yield* shows(id, "262145")
      }).pipe(Effect.scoped)
    )

    it.effect("is refused by a full queue, and by an agent that is gone for good", () =>
      Effect.gen(function* () {
        const id = yield* unready()
        const path = `/v1/sessions/${id}/prompts`
        for (let n = 0; n < 100; n++) assert.strictEqual((yield* asked("POST", path, { text: String(n) })).status, 202)
        assert.strictEqual(problemOf(yield* asked("POST", path, { text: "one more" }), 409).code, "queue_full")
        yield* asked("POST", `/v1/sessions/${id}/terminate`)
        const { data } = JSON.parse((yield* asked("GET", `${path}?state=cancelled&limit=1000`)).body)
        assert.strictEqual(data.length, 100)
        assert.strictEqual(problemOf(yield* asked("POST", path, { text: "x" }), 409).code, "terminated")
        const { api, params } = yield* running(["cat"])
        yield* api.sessions.kill({ params, headers: {}, payload: {} })
        yield* api.sessions.wait({ params, query: { for: "ended" } })
        assert.strictEqual(problemOf(yield* asked("POST", `/v1/sessions/${params.id}/prompts`, { text: "x" }), 409).code, "no_conversation")
      }).pipe(Effect.scoped)
    )

    it.effect("expires when it could not be typed in time", () =>
      Effect.gen(function* () {
        const id = yield* unready()
        const path = `/v1/sessions/${id}/prompts`
        yield* asked("POST", path, { id: "brief", text: "x", expiresInMs: 1_000 })
        const fate = viewOf(yield* asked("GET", `${path}/brief?wait=submitted&timeout=20s`))
        assert.deepStrictEqual(statesOf(fate), ["queued", "expired"])
      }).pipe(Effect.scoped)
    )

    it.effect("goes to many, and each says what became of it", () =>
      Effect.gen(function* () {
        const api = yield* client
        const labels = { team: "blue" }
        const first = yield* running(["cat"], { labels })
        const waiting = yield* unready(labels)
        const over = yield* running(["cat"], { labels })
        yield* api.sessions.kill({ params: over.params, headers: {}, payload: {} })
        yield* api.sessions.wait({ params: over.params, query: { for: "ended" } })
        const send = (to: unknown, headers: Record<string, string> = {}) =>
          asked("POST", "/v1/prompts", { to, prompt: { text: "all hands" } }, headers)
        const results = (answer: { readonly body: string }) =>
          JSON.parse(answer.body).results as Array<{ session: string; status: string; prompt?: PromptView; problem?: { code: string } }>

        const key = { "idempotency-key": "to-blue" }
        const sent = yield* send({ labels }, key)
        assert.strictEqual(sent.status, 200)
        assert.deepStrictEqual(
          results(sent).map(({ session, status }) => [session, status]),
          [
            [first.id, "queued"],
            [waiting, "queued"]
          ]
        )
        const named = results(yield* send({ ids: [over.id, nobody, over.id] }))
        assert.deepStrictEqual(
          named.map(({ problem, session, status }) => [session, status, problem?.code]),
          [
            [over.id, "refused", "no_conversation"],
            [nobody, "refused", "session_not_found"]
          ]
        )
        const again = results(yield* send({ labels }, key))
        assert.deepStrictEqual(
          again.map(({ prompt }) => prompt?.id),
          results(sent).map(({ prompt }) => prompt?.id)
        )
        assert.strictEqual(JSON.parse((yield* asked("GET", `/v1/sessions/${waiting}/prompts`)).body).data.length, 1)
        const all = results(yield* send({ all: true })).map(({ session }) => session)
        assert.includeMembers(all, [first.id, waiting])
        assert.notInclude(all, over.id)

        for (const to of [{}, { ids: [] }, { labels: {} }, { all: false }, { ids: ["x"] }, { all: true, labels }])
          assert.isTrue(fields(yield* send(to)).every((field) => field.startsWith("to")))
        assert.deepStrictEqual(fields(yield* asked("POST", "/v1/prompts", { to: { all: true }, prompt: { text: "\0" } })), ["prompt.text"])
        const typed = yield* api.prompts.broadcast({ headers: {}, payload: { to: { ids: [over.id] }, prompt: { text: "x" } } })
        assert.deepInclude(typed.results[0], { session: over.id, status: "refused" })
      }).pipe(Effect.scoped)
    )
  })
})
