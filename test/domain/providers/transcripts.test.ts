import { assert, describe, it } from "@effect/vitest"
import { providers } from "../../../src/domain/providers/index.ts"
import { readScreen } from "../../../src/domain/providers/screen.ts"
import { messages, prune } from "../../../src/domain/providers/transcripts/history.ts"
import { readTranscript, type TranscriptKind, writtenAt } from "../../../src/domain/providers/transcripts/index.ts"
import { transcriptPlace } from "../../../src/domain/providers/transcripts/place.ts"
import { sampleLines } from "./samples.ts"

const read = (kind: TranscriptKind, sample: string) => {
  const told = sampleLines(sample).flatMap((line) => readTranscript(kind, line))
  return {
    unknown: told.filter(({ type }) => type === "Unknown"),
    conversation: told.flatMap((one) => (one.type === "Conversation" ? one.id : [])),
    prompts: told.flatMap((one) => (one.type === "PromptTaken" ? one.text : [])),
    ends: told.flatMap((one) => (one.type === "TurnEnded" ? one.outcome : [])),
    used: told.filter((one) => one.type === "Used")
  }
}

describe("Codex's transcript", () => {
  const told = read("codex", "codex-rollout.jsonl")
  it("of a recorded run is all known, and names its conversation", () => {
    assert.deepStrictEqual(told.unknown, [])
    assert.deepStrictEqual(told.conversation, ["01a1fc03-2056-7812-b542-ce4bb5739c5e"])
  })

  it("reports which prompts were taken and how their turns ended", () => {
    assert.deepStrictEqual(told.prompts, [
      "hello one",
      "work [slow 5000]",
      "please [run touch perm.txt]",
      "long [slow 20000]",
      "early [hang]",
      "after [recall]",
      "auth [fail 401]",
      "rate [fail 429 3600]"
    ])
    assert.deepStrictEqual(told.ends, [
      "completed",
      "completed",
      "completed",
      "interrupted",
      "interrupted",
      "completed",
      "interrupted",
      "interrupted"
    ])
  })

  it("counts each call once, what was cached apart from what was not, and names the model", () => {
    const calls = told.used.filter(({ call }) => call !== null)
    assert.deepStrictEqual(
      calls.map(({ call }) => call),
      ["resp_1", "resp_3", "resp_4", "resp_5", "resp_8"]
    )
    assert.deepStrictEqual(calls[1]!.usage, { inputTokens: 4, outputTokens: 10, cacheReadTokens: 12, cacheWriteTokens: 0 })
    assert.strictEqual(told.used[0]!.model, "scripted-model")
  })
})

describe("pi's transcript", () => {
  const told = read("pi", "pi-session.jsonl")
  const lines = sampleLines("pi-session.jsonl")
  it("of a recorded run is all known, and names its conversation", () => {
    assert.deepStrictEqual(told.unknown, [])
    assert.deepStrictEqual(told.conversation, ["55555555-5555-4555-8555-555555555555"])
  })

  it("reports which prompts were taken, how turns ended and what they cost", () => {
    assert.include(told.prompts, "please [run touch perm.txt]")
    assert.deepStrictEqual(told.ends, ["completed", "completed", "completed", "interrupted", "interrupted", "completed"])
    assert.deepStrictEqual(told.used[1], {
      type: "Used",
      call: "57331ca9",
      model: "scripted-model",
      usage: { inputTokens: 670, outputTokens: 13, cacheReadTokens: 12, cacheWriteTokens: 0 }
    })
  })

  it("says when each line was written", () => {
    assert.strictEqual(writtenAt(lines[0]!), Date.parse("2026-11-21T02:54:01.663Z"))
    assert.isNull(writtenAt("torn {"))
  })

  it("is cut at any of its messages, under another id, with every ancestor there", () => {
    for (const { id } of messages("pi", lines)) {
      const cut = prune("pi", lines, id, "new")
      assert.isArray(cut)
      const entries = (cut as ReadonlyArray<string>).map((line) => JSON.parse(line))
      assert.deepInclude(entries[0], { type: "session", id: "new" })
      assert.strictEqual(entries.at(-1).id, id)
      const ids = new Set(entries.map((entry) => entry.id))
      assert.isTrue(entries.every(({ parentId }) => parentId === undefined || parentId === null || ids.has(parentId)))
    }
    assert.strictEqual(prune("pi", lines, "none", "new"), "no_such_message")
  })
})

describe("Gemini's transcript", () => {
  const told = read("gemini", "gemini-chat.jsonl")
  it("of a recorded run is all known, and names its conversation", () => {
    assert.deepStrictEqual(told.unknown, [])
    assert.deepStrictEqual([...new Set(told.conversation)], ["77777777-7777-4777-8777-777777777777"])
  })

  it("reports prompts, cancelled turns, and a call by its own id however often it is written", () => {
    assert.include(told.prompts, "hello one")
    assert.include(told.ends, "interrupted")
    const repeated = told.used.filter(({ call }, index) => told.used.findIndex((one) => one.call === call) !== index)
    for (const again of repeated)
      assert.deepStrictEqual(
        again,
        told.used.find(({ call }) => call === again.call)
      )
    assert.isAbove(told.used.length, 1)
  })
})

describe("the place of a transcript", () => {
  const of = (kind: TranscriptKind, cwd: string, environment = {}) =>
    transcriptPlace(kind, { conversation: "c", cwd, environment, home: "/home/user" })

  it("follows from directory and conversation where the agent lets it", () => {
    assert.deepStrictEqual(of("claude-code", "/home/ada/project"), {
      directory: "/home/user/.claude/projects/-home-ada-project",
      name: { type: "exact", text: "c.jsonl" }
    })
    assert.deepStrictEqual(of("pi", "/home/ada/my.project"), {
      directory: "/home/user/.pi/agent/sessions/--home-ada-my.project--",
      name: { type: "ending", text: "_c.jsonl" }
    })
    assert.strictEqual(of("claude-code", "/w", { CLAUDE_CONFIG_DIR: "/c" })?.directory, "/c/projects/-w")
  })

  it("is not guessed where it does not", () => {
    assert.isNull(of("codex", "/w"))
    assert.isNull(of("gemini", "/w"))
    assert.isNull(of("claude-code", `/${"x".repeat(250)}`))
  })
})

describe("a built-in rule for screens", () => {
  it("is read in no time, whatever stands there", () => {
    const hostile = [
      "",
      " ",
      "│ ● 1. ",
      "› 1. ",
      "❯ ",
      "─".repeat(1_000),
      "  Worked for",
      "■",
      "     /",
      "Would you like to x?",
      "⠋ ".repeat(500)
    ]
    const lines = Array.from({ length: 1_000 }, (_, row) => hostile[(row * 7) % hostile.length]!)
    for (const [name, { evidence }] of providers)
      for (const screen of [
        lines,
        lines.map(() => ""),
        lines.map(() => "     /x"),
        lines.map(() => "■"),
        lines.map(() => " ".repeat(200))
      ]) {
        const from = performance.now()
        readScreen(evidence.screen, { lines: screen, highlights: [] })
        // A pattern that goes back on itself takes minutes here.
        assert.isBelow(performance.now() - from, 2_000, name)
      }
  })
})
