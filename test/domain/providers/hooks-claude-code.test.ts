import { assert, describe, it } from "@effect/vitest"
import { readHook } from "../../../src/domain/providers/hooks/index.ts"
import { sampleHooks } from "./samples.ts"

const id = "22222222-2222-4222-8222-222222222222"
const read = (event: string, payload: object) => readHook("claude-code", event, { session_id: id, ...payload })
const [idle] = read("Notification", { notification_type: "idle_prompt" })

describe("Claude Code's hooks", () => {
  const told = sampleHooks("claude-code-hooks.jsonl").map(({ event, payload }) => ({
    event,
    seen: readHook("claude-code", event, payload)
  }))

  it("of a recorded run are all known", () => {
    assert.deepStrictEqual(
      told.flatMap(({ seen }) => seen).filter(({ type }) => type === "Unknown"),
      []
    )
  })

  it("name the conversation and its transcript, and do not call the agent ready", () => {
    assert.deepStrictEqual(told[0], {
      event: "SessionStart",
      seen: [{ type: "Conversation", id, transcript: `/home/user/.claude/projects/-home-ada-project/${id}.jsonl` }]
    })
  })

  it("report a turn from its prompt over its question to its end", () => {
    const [from, to] = [
      told.findIndex(({ event }) => event === "PermissionRequest"),
      told.findIndex(({ event }) => event === "PostToolUse")
    ]
    assert.deepStrictEqual(told[from]!.seen, [
      { type: "Activity", activity: "waiting", question: { kind: "permission", text: "Bash: touch perm.txt", choices: [] } }
    ])
    assert.deepStrictEqual(told[from - 2]!.seen, [
      { type: "PromptTaken", text: "please [run touch perm.txt]" },
      { type: "Activity", activity: "working", question: null }
    ])
    assert.deepStrictEqual(told[to]!.seen, [{ type: "Activity", activity: "working", question: null }])
    assert.deepStrictEqual(told[to + 1]!.seen, [
      { type: "TurnEnded", outcome: "completed", detail: "" },
      { type: "Activity", activity: "idle", question: null }
    ])
  })

  it("report why a turn failed, and when more than the turn has", () => {
    const failures = told.filter(({ event }) => event === "StopFailure").map(({ seen }) => seen)
    const detail = "API Error: Request rejected (429) · scripted failure 429"
    assert.deepStrictEqual(failures[0], [
      { type: "TurnEnded", outcome: "failed", detail },
      { type: "Blocked", cause: "rate_limited", until: null, detail },
      idle!
    ])
    assert.deepStrictEqual(failures[1], [{ type: "TurnEnded", outcome: "failed", detail: "API Error: 400 scripted failure 400" }, idle!])
    assert.deepInclude(read("StopFailure", { error: "authentication_failed" })[1], { type: "Blocked", cause: "auth" })
  })

  it("say what a question of the agent's own offers", () => {
    const questions = [{ question: "Which?", options: [{ label: "Red" }, { label: "Blue" }] }]
    assert.deepStrictEqual(read("PreToolUse", { tool_name: "AskUserQuestion", tool_input: { questions } }), [
      { type: "Activity", activity: "waiting", question: { kind: "input", text: "Which?", choices: ["Red", "Blue"] } }
    ])
  })

  it("do not take what a timer says for a person's prompt", () => {
    assert.deepStrictEqual(
      read("UserPromptSubmit", { prompt: "wake", source: "schedule_wakeup" }).map(({ type }) => type),
      ["Activity"]
    )
  })

  it("show nothing that could move a cursor", () => {
    const [asked] = read("PermissionRequest", { tool_name: "Bash", tool_input: { command: "printf '\x1b[2J'\nls" } })
    assert.deepNestedInclude(asked, { "question.text": "Bash: printf ' [2J' ls" })
  })
})

describe("a hook of no known kind", () => {
  it("is kept as it came, cut short, whatever it is", () => {
    for (const kind of ["claude-code", "gemini", "opencode", "pi"] as const)
      for (const payload of [undefined, null, 7, "text", [], {}, { session_id: 1, sessionId: {} }, { session_id: "s", sessionId: "s" }]) {
        const [seen, ...more] = readHook(kind, "NoSuchEvent", payload)
        assert.deepStrictEqual(more, [])
        assert.deepStrictEqual(seen, {
          type: "Unknown",
          kind: "NoSuchEvent",
          raw: payload === "text" ? "text" : (JSON.stringify(payload) ?? "")
        })
      }
    const [long] = readHook("pi", "x", { sessionId: "s", text: "y".repeat(5_000) })
    assert.strictEqual(long?.type === "Unknown" && long.raw.length, 2_048)
  })
})
