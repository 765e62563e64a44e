import { assert, describe, it } from "@effect/vitest"
import type { Observation } from "../../../src/domain/observations.ts"
import { readHook } from "../../../src/domain/providers/hooks/index.ts"
import { sampleHooks, sampleLines } from "./samples.ts"

const brief = (seen: ReadonlyArray<Observation>) =>
  seen.map((one) =>
    one.type === "Activity" ? (one.question?.text ?? one.activity) : one.type === "TurnEnded" ? `${one.type} ${one.outcome}` : one.type
  )
const unknown = (seen: ReadonlyArray<Observation>) => seen.filter(({ type }) => type === "Unknown")

describe("Gemini's hooks", () => {
  const told = sampleHooks("gemini-hooks.jsonl").map(({ event, payload }) => ({ event, seen: readHook("gemini", event, payload) }))
  it("of a recorded run are all known", () => {
    assert.deepStrictEqual(unknown(told.flatMap(({ seen }) => seen)), [])
  })

  it("report a turn with its question", () => {
    const asked = told.findIndex(({ event }) => event === "Notification")
    assert.match(brief(told[asked]!.seen)[0]!, /touch perm/)
    const first = told.findIndex(({ event }) => event === "BeforeAgent")
    assert.deepStrictEqual(told[first]!.seen[0], { type: "PromptTaken", text: "hello one" })
    assert.deepStrictEqual(brief(told.find(({ event }) => event === "AfterAgent")!.seen), ["TurnEnded completed", "idle"])
  })

  it("do not take a look at the history for compacting it", () => {
    assert.deepStrictEqual(readHook("gemini", "PreCompress", { session_id: "s", trigger: "auto" }), [])
  })
})

describe("opencode's events", () => {
  const told = sampleLines("opencode-events.jsonl").map((line) => {
    const { properties, type } = JSON.parse(line)
    return { type, seen: readHook("opencode", type, { ...properties, subagent: false }) }
  })
  it("of a recorded run are all known", () => {
    assert.deepStrictEqual(unknown(told.flatMap(({ seen }) => seen)), [])
  })

  it("report a turn with its question and its cost", () => {
    const types = told.map(({ type }) => type)
    assert.deepStrictEqual(brief(told[types.indexOf("permission.asked")]!.seen), ["bash: touch perm.txt"])
    assert.deepStrictEqual(brief(told[types.indexOf("permission.replied")]!.seen), ["working"])
    const used = told.flatMap(({ seen }) => seen.filter((one) => one.type === "Used"))
    assert.deepInclude(used[0], {
      model: "scripted-model",
      usage: { inputTokens: 2_397, outputTokens: 12, cacheReadTokens: 0, cacheWriteTokens: 0 }
    })
  })

  it("report how a turn ended by the error that came before", () => {
    const ended = (error?: object) => readHook("opencode", "session.status", { sessionID: "s", status: { type: "idle" }, error })
    assert.deepStrictEqual(brief(ended()), ["TurnEnded completed", "idle"])
    assert.deepStrictEqual(brief(ended({ name: "MessageAbortedError" })), ["TurnEnded interrupted", "idle"])
    assert.deepStrictEqual(brief(ended({ name: "APIError", data: { message: "no" } })), ["TurnEnded failed", "idle"])
    const [refused] = readHook("opencode", "session.error", {
      sessionID: "s",
      error: { name: "APIError", data: { message: "no", statusCode: 401 } }
    })
    assert.deepStrictEqual(refused, { type: "Blocked", cause: "auth", until: null, detail: "no" })
  })

  it("of a subagent are no turn of ours", () => {
    for (const type of ["busy", "idle"])
      assert.deepStrictEqual(readHook("opencode", "session.status", { sessionID: "s", status: { type }, subagent: true }), [])
    assert.deepStrictEqual(readHook("opencode", "session.created", { info: { id: "s" }, subagent: true }), [])
  })
})

describe("pi's events", () => {
  const read = (event: string, payload = {}) => brief(readHook("pi", event, { sessionId: "s", sessionFile: "/f", ...payload }))
  it("report the whole of a turn, and its end when all tries are over", () => {
    assert.deepStrictEqual(readHook("pi", "session_start", { sessionId: "s", sessionFile: "/f" }), [
      { type: "Conversation", id: "s", transcript: "/f" }
    ])
    assert.deepStrictEqual(read("input", { text: "hello", source: "interactive" }), ["PromptTaken"])
    assert.deepStrictEqual(read("input", { text: "hello", source: "extension" }), [])
    assert.deepStrictEqual(read("agent_start"), ["working"])
    assert.deepStrictEqual(read("agent_settled", { stopReason: "stop" }), ["TurnEnded completed", "idle"])
    assert.deepStrictEqual(read("agent_settled", { stopReason: "aborted" }), ["TurnEnded interrupted", "idle"])
    assert.deepStrictEqual(read("agent_settled", { stopReason: "error", errorMessage: "x" }), ["TurnEnded failed", "idle"])
  })
})
