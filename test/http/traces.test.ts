import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { limits } from "../../src/domain/limits.ts"
import { traceFormat } from "../../src/domain/trace/format.ts"
import { verify } from "../../src/domain/trace/verify.ts"
import { HttpServer } from "../../src/http/server.ts"
import { stateHash } from "../../src/infra/log/state-hash.ts"
import { authorization, home, problemOf, type RawAnswer, raw, running } from "../support/http.ts"
import { edited, isStep, linesOf } from "../support/sealed.ts"

const get = Effect.fnUntraced(function* (path: string) {
  const { port } = yield* HttpServer
  return yield* raw({ port, path, headers: authorization })
})
const replay = Effect.fnUntraced(function* (body: string | Buffer, headers: Readonly<Record<string, string>> = {}) {
  const { port } = yield* HttpServer
  const sent = { ...authorization, "content-type": "application/x-ndjson", "content-length": String(Buffer.byteLength(body)), ...headers }
  return yield* raw({ port, path: "/v1/replays", method: "POST", headers: sent }, body)
})

/** A session with a past, over. */
const lived = Effect.gen(function* () {
  const { api, id, params } = yield* running(["cat"])
  yield* api.sessions.input({ params, headers: {}, payload: { text: "swordfish", keys: ["enter"] } })
  yield* api.prompts.create({ params, headers: {}, payload: { text: "a secret plan", id: "p1", deliver: "idle" } })
  for (let n = 0; n < 150; n++) yield* api.sessions.patch({ params, headers: {}, payload: { name: `name ${n}` } })
  yield* api.sessions.terminate({ params, headers: {}, payload: { reason: "enough" } })
  yield* api.sessions.wait({ params, query: { for: "terminated" } })
  return id
})

describe("the trace of a session", () => {
  layer(home, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.effect("is its whole log in the order in which it happened, and is decided again to the same", () =>
      Effect.gen(function* () {
        const id = yield* lived
        const { body, headers, status } = yield* get(`/v1/sessions/${id}/trace?title=a%20cat`)
        assert.deepStrictEqual([status, headers["content-type"]], [200, "application/x-ndjson"], body)
        const lines = linesOf(Buffer.from(body))
        assert.deepInclude(lines[0], { type: "header", format: traceFormat, session: id, provider: "command", title: "a cat" })
        const steps = lines.filter((line) => line.type === "step")
        const seqs = steps.flatMap(({ facts }) => facts.map(({ seq }) => seq))
        assert.deepStrictEqual(
          seqs,
          Array.from(seqs, (_, index) => index + 1)
        )
        assert.isAbove(seqs.length, 150)
        assert.deepInclude(lines.at(-1), { type: "end", steps: steps.length, facts: seqs.length, outputBytes: 0 })
        assert.isTrue(steps.every(({ effects, state }) => effects !== null && state !== null))
        assert.deepInclude(verify(Buffer.from(body), stateHash), { _tag: "Same", facts: seqs.length })
        assert.notMatch(body, /swordfish|secret plan/)
        const answer = yield* replay(body)
        assert.deepStrictEqual(JSON.parse(answer.body), {
          verdict: "same",
          title: "a cat",
          session: id,
          steps: steps.length,
          facts: seqs.length
        })
      }).pipe(Effect.scoped)
    )

    it.effect("has output and texts where they are asked for, and no other session's", () =>
      Effect.gen(function* () {
        const id = yield* lived
        const lines = linesOf(Buffer.from((yield* get(`/v1/sessions/${id}/trace?output=true&texts=true`)).body))
        const printed = lines.filter((line) => line.type === "output")
        const output = (yield* get(`/v1/sessions/${id}/output?from=0`)).body
        assert.strictEqual(Buffer.concat(printed.map(({ bytes }) => Buffer.from(bytes, "base64"))).toString(), output)
        assert.include(output, "swordfish")
        assert.deepInclude(lines.at(-1), { outputBytes: output.length })
        assert.isTrue(lines.some((line) => line.type === "resize"))
        assert.deepStrictEqual(
          lines.flatMap((line) => (line.type === "text" ? [line.text] : [])),
          ["a secret plan"]
        )
        const header = lines[0]
        assert(header?.type === "header")
        assert.notInclude(header.redactions.join(), "output")
      }).pipe(Effect.scoped)
    )

    it.effect("that was decided otherwise is answered with the place and what differs", () =>
      Effect.gen(function* () {
        const id = yield* lived
        const lines = linesOf(Buffer.from((yield* get(`/v1/sessions/${id}/trace`)).body))
        const index = lines.findIndex((line) => isStep(line) && line.facts[0].type === "LaunchIntended")
        const other = edited(lines, index, ({ facts }) => void Object.assign(facts[0]!.data, { executable: "/bin/other" }))
        const { body, status } = yield* replay(other)
        assert.strictEqual(status, 200, body)
        const answer = JSON.parse(body)
        assert.deepInclude(answer, { verdict: "diverged", line: index + 1, seq: 2, what: "facts", stateKnown: true })
        assert.deepStrictEqual(
          [answer.input.type, answer.recorded.facts[0].type, answer.present.facts[0].type],
          ["Prepared", "LaunchIntended", "LaunchIntended"]
        )
      }).pipe(Effect.scoped)
    )

    it.effect("that cannot be read, is too large or is something else is a problem of its own", () =>
      Effect.gen(function* () {
        const id = yield* lived
        const { body } = yield* get(`/v1/sessions/${id}/trace`)
        const told = (answer: RawAnswer, status: number) => {
          const { code, detail } = problemOf(answer, status)
          return `${code}: ${detail}`
        }
        assert.match(told(yield* replay(body.replace("name 7", "name 8")), 422), /^trace_damaged: line \d+: /)
        assert.match(told(yield* replay(body.slice(0, -200)), 422), /^trace_truncated: line \d+: /)
        assert.match(
          told(yield* replay(body.replace(`"format":${traceFormat}`, '"format":9')), 422),
          /^trace_newer_format: line 1: format 9/
        )
        assert.match(told(yield* replay("{}\n"), 422), /^trace_not_a_trace: line 1: /)
        assert.match(told(yield* replay("x".repeat(limits.traceLineChars + 70_000)), 422), /^trace_damaged: line 0: /)
        assert.match(told(yield* replay(body, { "content-type": "application/json" }), 415), /x-ndjson/)
        assert.match(told(yield* replay("", { "content-length": String(limits.replayBytes + 1) }), 413), /134217728/)
        assert.match(told(yield* get("/v1/sessions/s-000000000000/trace"), 404), /session_not_found/)
        assert.match(told(yield* get(`/v1/sessions/${id}/trace?verbose=1`), 400), /verbose/)
      }).pipe(Effect.scoped)
    )
  })
})
