import { readdirSync, renameSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { checkpointFormat } from "../../src/domain/session.ts"
import type { Explanation, PastState } from "../../src/http/contract/travel.ts"
import { HttpServer } from "../../src/http/server.ts"
import { EventReader } from "../../src/infra/log/event-store.ts"
import { Milestones } from "../../src/infra/log/milestones.ts"
import { Upkeep } from "../../src/infra/log/upkeep.ts"
import { authorization, home, problemOf, raw, running } from "../support/http.ts"

const get = Effect.fnUntraced(function* (path: string) {
  const { port } = yield* HttpServer
  return yield* raw({ port, path, headers: authorization })
})

const stateAt = Effect.fnUntraced(function* (id: string, at: string | number) {
  const { body, status } = yield* get(`/v1/sessions/${id}/state?at=${encodeURIComponent(at)}`)
  assert.strictEqual(status, 200, body)
  return JSON.parse(body) as PastState
})

describe("the state of a session in the past", () => {
  layer(home, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.effect("is what it was at every fact, by its number and by its time, also when the session is over", () =>
      Effect.gen(function* () {
        const { api, id, params } = yield* running(["cat"], { idleStopMs: 600_000 })
        const views = new Map<number, unknown>()
        for (let n = 0; n < 40; n++) {
          const view = yield* api.sessions.patch({ params, headers: {}, payload: { name: `name ${n}` } })
          views.set(view.seq, JSON.parse(JSON.stringify(view)))
        }
        yield* api.prompts.create({ params, headers: {}, payload: { text: "later", id: "p1", deliver: "idle" } })
        yield* api.sessions.terminate({ params, headers: {}, payload: { reason: "enough" } })
        yield* api.sessions.wait({ params, query: { for: "terminated" } })
        const head = (yield* (yield* EventReader).row(id))!.seq
        const entries = yield* (yield* EventReader).stream(id, { after: 0, limit: 1_000 })
        for (const entry of entries) {
          const past = yield* stateAt(id, entry.seq)
          assert.deepStrictEqual([past.seq, past.head, past.fact.type, past.agrees], [entry.seq, head, entry.type, true])
          assert.strictEqual(past.stateHash, entry.stateHash)
          if (views.has(entry.seq)) assert.deepStrictEqual(past.view, views.get(entry.seq))
          const byTime = yield* stateAt(id, past.at)
          assert.strictEqual(byTime.seq, entries.findLast(({ wallMs }) => wallMs <= entry.wallMs)?.seq)
        }
        const queued = entries.find(({ type }) => type === "PromptQueued")!.seq
        assert.deepStrictEqual(
          (yield* stateAt(id, queued)).prompts.map(({ id, stage }) => [id, stage]),
          [["p1", "queued"]]
        )
        assert.deepStrictEqual((yield* stateAt(id, queued - 1)).prompts, [])
        const stopping = yield* stateAt(id, entries.find(({ type }) => type === "StopRequested")!.seq)
        assert.deepInclude(stopping.state.value as object, { stopping: "asked" })
        const due = stopping.deadlines.find(({ name }) => name === "stop")
        assert.isAbove(due?.inMs ?? 0, 0)
        assert.isTrue(stopping.deadlines.every(({ inMs }, index, all) => index === 0 || inMs >= all[index - 1]!.inMs))
        assert.strictEqual((yield* stateAt(id, head)).view.state, "terminated")
        const now = JSON.parse((yield* get(`/v1/sessions/${id}/state`)).body) as PastState
        assert.strictEqual(now.seq, head)
      }).pipe(Effect.scoped)
    )

    it.effect("needs no checkpoint, and leaves some behind where the way was long", () =>
      Effect.gen(function* () {
        const { api, id, params } = yield* running(["cat"])
        for (let n = 0; n < 600; n++) yield* api.sessions.patch({ params, headers: {}, payload: { labels: { n: `${n}` } } })
        const before = yield* stateAt(id, 590)
        const milestones = yield* Milestones
        assert.isNotNull(yield* milestones.nearest(id, 590, checkpointFormat))
        yield* (yield* Upkeep).deleteCheckpoints
        assert.isNull(yield* milestones.nearest(id, 590, checkpointFormat))
        assert.deepStrictEqual(yield* stateAt(id, 590), before)
        assert.isNotNull(yield* milestones.nearest(id, 590, checkpointFormat))
        assert.deepStrictEqual(yield* stateAt(id, 590), before)
      }).pipe(Effect.scoped)
    )

    it.effect("is refused by name where there is none, and nothing is written", () =>
      Effect.gen(function* () {
        const { id } = yield* running(["cat"])
        const reader = yield* EventReader
        const head = yield* reader.head
        const seq = (yield* reader.row(id))!.seq
        const path = `/v1/sessions/${id}/state?at=`
        const future = new Date(Date.now() + 3_600_000).toISOString()
        for (const [at, code] of [
          [String(seq + 1), "at_ahead"],
          ["999999999999999", "at_ahead"],
          [future, "at_ahead"],
          ["0", "at_before_first"],
          ["2001-01-01T00:00:00Z", "at_before_first"],
          ["", "invalid_request"],
          ["-1", "invalid_request"],
          ["1.5", "invalid_request"],
          ["yesterday", "invalid_request"],
          ["2026-11-21", "invalid_request"],
          ["2026-11-21T09:30:00", "invalid_request"],
          ["2026-13-41T09:30:00Z", "invalid_request"]
        ] as const) {
          const told = problemOf(yield* get(path + encodeURIComponent(at)), 400)
          assert.strictEqual(told.code, code, at)
          if (code === "invalid_request") assert.strictEqual(told.errors?.[0]?.field, "at")
        }
        assert.strictEqual(problemOf(yield* get("/v1/sessions/s-000000000000/state?at=1"), 404).code, "session_not_found")
        assert.strictEqual(problemOf(yield* get(`/v1/sessions/${id}/state?when=1`), 400).code, "invalid_request")
        assert.strictEqual(yield* reader.head, head)
      }).pipe(Effect.scoped)
    )
  })
})

const explanationAt = Effect.fnUntraced(function* (id: string, at: string | number) {
  const { body, status } = yield* get(`/v1/sessions/${id}/explain?at=${encodeURIComponent(at)}`)
  assert.strictEqual(status, 200, body)
  return JSON.parse(body) as Explanation
})

describe("the explanation of a fact", () => {
  layer(home, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.effect("goes back to the request, the bytes or the process that it came of, over the real log", () =>
      Effect.gen(function* () {
        const { api, id, params } = yield* running(["bash", "-c", "read; echo; exit 3"], {
          keepalive: { mode: "on_crash", baseMs: 100, capMs: 100, maxAttempts: 1 }
        })
        yield* api.sessions.input({ params, headers: { "x-reprise-client": "ada" }, payload: { keys: ["enter"] } })
        const reader = yield* EventReader
        const relaunched = Effect.map(api.sessions.get({ params, headers: {} }), ({ generation }) => generation === 2)
        while (!(yield* relaunched)) yield* Effect.sleep("20 millis")
        yield* api.sessions.wait({ params, query: { for: "ready" } })
        yield* api.sessions.stop({ params, headers: { "x-reprise-client": "bob" }, payload: { reason: "enough" } })
        yield* api.sessions.wait({ params, query: { for: "ended" } })
        const head = yield* reader.head
        const entries = yield* reader.stream(id, { after: 0, limit: 1_000 })
        const links = new Map<string, ReadonlyArray<Explanation["links"][number]>>()
        for (const { seq, type } of entries) {
          const told = yield* explanationAt(id, seq)
          assert.strictEqual(told.rooted, true, JSON.stringify(told.links.at(-1)))
          links.set(type, told.links)
        }
        const kinds = (type: string) =>
          links
            .get(type)!
            .map((link) => (link.kind === "fact" ? link.type : link.kind === "origin" ? `${link.kind} ${link.source}` : link.kind))
        assert.deepStrictEqual(kinds("RelaunchStarted"), [
          "RelaunchStarted",
          "input",
          "deadline",
          "RelaunchScheduled",
          "input",
          "after",
          "ProcessExited",
          "input",
          "origin process"
        ])
        assert.deepStrictEqual(kinds("GenerationEnded"), ["GenerationEnded", "input", "effect", "StopRequested", "input", "origin request"])
        assert.match(links.get("GenerationEnded")!.at(-1)!.sentence, /^bob asked/)
        assert.match(links.get("InputWritten")!.at(-1)!.sentence, /^ada asked/)
        assert.strictEqual(problemOf(yield* get(`/v1/sessions/${id}/explain?at=${entries.length + 1}`), 400).code, "at_ahead")
        assert.strictEqual(problemOf(yield* get("/v1/sessions/s-000000000000/explain"), 404).code, "session_not_found")
        assert.strictEqual(yield* reader.head, head)
      }).pipe(Effect.scoped)
    )
  })
})

describe("the screen of a session in the past", () => {
  layer(home, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.effect("is what it showed when a fact happened, or at a time, and is refused by name where there is none", () =>
      Effect.gen(function* () {
        const script = "for n in 1 2 3; do read; printf '\\033[2J\\033[H\\033[31mpage %s\\033[0m' $n; done"
        const { api, id, params } = yield* running(["bash", "-c", script])
        const path = `/v1/sessions/${id}/screen`
        const shows = Effect.fnUntraced(function* (text: string) {
          while (!(yield* get(path)).body.includes(text)) yield* Effect.sleep("20 millis")
        })
        const seen: Array<{ readonly text: string; readonly at: string; readonly seq: number }> = []
        for (const n of [1, 2, 3]) {
          yield* api.sessions.input({ params, headers: {}, payload: { keys: ["enter"] } })
          yield* shows(`page ${n}`)
          const { seq } = yield* api.sessions.patch({ params, headers: {}, payload: { name: `page ${n}` } })
          seen.push({ text: `page ${n}\n`, at: new Date().toISOString(), seq })
          yield* Effect.sleep("20 millis")
        }
        yield* api.sessions.wait({ params, query: { for: "ended" } })
        yield* api.sessions.terminate({ params, headers: {}, payload: {} })
        for (const { at, seq, text } of seen) {
          assert.strictEqual((yield* get(`${path}?at=${at}`)).body, text)
          const byFact = yield* get(`${path}?at=${seq}`)
          assert.deepStrictEqual(
            [byFact.body, byFact.headers["x-reprise-seq"], byFact.headers["x-reprise-exact"]],
            [text, String(seq), "true"]
          )
          const figures = JSON.parse((yield* get(`${path}?at=${seq}&format=json`)).body)
          assert.deepStrictEqual([figures.lines[0], figures.exact, figures.seq], [text.trim(), true, seq])
          assert.include((yield* get(`${path}?at=${seq}&format=ansi`)).body, "\x1b[31m")
        }
        assert.strictEqual((yield* get(`${path}?at=1`)).body.trim(), "")
        for (const [at, status, code] of [
          ["99999", 400, "at_ahead"],
          ["0", 400, "at_before_first"],
          ["noon", 400, "invalid_request"]
        ] as const) {
          assert.strictEqual(problemOf(yield* get(`${path}?at=${at}`), status).code, code)
        }
        assert.strictEqual(problemOf(yield* get("/v1/sessions/s-000000000000/screen?at=1"), 404).code, "session_not_found")
        const { socketPath } = yield* HttpServer
        const directory = join(dirname(socketPath), "sessions", id, "output")
        const [bytes] = readdirSync(directory).filter((name) => name.endsWith(".out"))
        // As retention leaves it: the oldest segment is gone, and the next one begins later.
        for (const name of readdirSync(directory))
          renameSync(join(directory, name), join(directory, name.replace(/^\d+/, "0000000000010000")))
        assert.isDefined(bytes)
        const told = problemOf(yield* get(`${path}?at=${seen[2]!.seq}`), 410) as unknown as { code: string; availableFrom: number }
        assert.deepStrictEqual([told.code, told.availableFrom], ["output_dropped", 65_536])
      }).pipe(Effect.scoped)
    )
  })
})
