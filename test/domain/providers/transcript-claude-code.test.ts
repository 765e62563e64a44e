import { assert, describe, it } from "@effect/vitest"
import { messages, prune } from "../../../src/domain/providers/transcripts/history.ts"
import { readTranscript } from "../../../src/domain/providers/transcripts/index.ts"
import { sampleLines } from "./samples.ts"

const read = (line: string) => readTranscript("claude-code", line)

describe("Claude Code's transcript", () => {
  const told = sampleLines("claude-code-transcript.jsonl").flatMap(read)

  it("of a recorded run is all known", () => {
    assert.deepStrictEqual(
      told.filter(({ type }) => type === "Unknown"),
      []
    )
  })

  it("reports which prompts were taken, in the words that were submitted", () => {
    assert.deepStrictEqual(
      told.flatMap((one) => (one.type === "PromptTaken" ? one.text : [])),
      [
        "hello one",
        "please [run touch perm.txt]",
        "deny [run touch perm2.txt]",
        "long [slow 20000]",
        "long [slow 20000]early [hang]",
        "auth [fail 401]",
        "rate [fail 429 3600]",
        "bad [fail 400]",
        "last words"
      ]
    )
  })

  it("reports how the turns ended that it holds", () => {
    assert.deepStrictEqual(
      told.flatMap((one) => (one.type === "TurnEnded" ? one.outcome : [])),
      ["completed", "completed", "interrupted", "interrupted", "failed", "failed", "completed"]
    )
  })

  it("counts the tokens of each call, and none where no model was asked", () => {
    const used = told.filter((one) => one.type === "Used")
    assert.deepStrictEqual(used[1], {
      type: "Used",
      call: "msg_2",
      model: "claude-opus-5-5",
      usage: { inputTokens: 1_870, outputTokens: 7, cacheReadTokens: 12, cacheWriteTokens: 0 }
    })
    assert.deepStrictEqual(
      used.map(({ call }) => call),
      ["msg_1", "msg_2", "msg_3", "msg_4", "msg_18"]
    )
  })

  it("says nothing of a subagent's turns, and counts its tokens", () => {
    const line = sampleLines("claude-code-transcript.jsonl").find((text) => text.includes('"id":"msg_1"'))!
    const aside = JSON.stringify({ ...JSON.parse(line), isSidechain: true })
    assert.deepStrictEqual(
      read(aside).map(({ type }) => type),
      ["Used"]
    )
  })

  it("is read back as a person typed it where a command was typed", () => {
    const content =
      "<command-name>/review</command-name>\n<command-message>review</command-message>\n<command-args>src tests</command-args>"
    assert.deepStrictEqual(read(JSON.stringify({ type: "user", message: { role: "user", content } })), [
      { type: "PromptTaken", text: "/review src tests" }
    ])
  })

  it("that is torn or changed is reported, and breaks nothing", () => {
    assert.deepStrictEqual(read(""), [])
    assert.deepStrictEqual(read('{"type":"user"'), [{ type: "Unknown", kind: "transcript", raw: '{"type":"user"' }])
    assert.deepStrictEqual(read('{"type":"brand-new"}'), [{ type: "Unknown", kind: "transcript brand-new", raw: '{"type":"brand-new"}' }])
    for (const type of ["user", "assistant", "system"])
      for (const message of [null, 1, "x", {}, { content: 7 }, { content: [null, 3] }])
        assert.doesNotThrow(() => read(JSON.stringify({ type, message })))
  })
})

describe("a fork at a message of Claude Code", () => {
  const lines = sampleLines("claude-code-forked.jsonl")
  const child = "55555555-5555-4555-8555-555555555555"
  const said = messages("claude-code", lines)
  const cutAt = (text: string) => {
    const cut = prune("claude-code", lines, said.find((message) => message.text.startsWith(text))!.id, child)
    assert.isArray(cut)
    return cut as ReadonlyArray<string>
  }

  it("is offered at each thing that was said", () => {
    assert.deepStrictEqual(
      said.map(({ role, text }) => `${role}: ${text.slice(0, 30)}`),
      [
        "user: the boat is blue",
        "assistant: Understood: (1) the boat is bl",
        "user: words [slow 12000]",
        "assistant: You said: (2)",
        "user: tool [run touch t3; tail -f /d",
        "user: kite [slow 30000]",
        "user: [recall]",
        "assistant: I recall: the boat is blue | w"
      ]
    )
    assert.strictEqual(said[0]!.at, Date.parse(JSON.parse(lines.find((line) => line.includes("the boat is blue"))!).timestamp))
  })

  it("holds what was said up to there, under the new id alone", () => {
    const cut = cutAt("You said")
    assert.deepStrictEqual(
      messages("claude-code", cut).map(({ text }) => text),
      said.slice(0, 4).map(({ text }) => text)
    )
    for (const line of cut) assert.notInclude(line, "33333333")
    assert.strictEqual(JSON.parse(cut.at(-1)!).message.role, "assistant")
  })

  it("keeps the results of tools that were called before", () => {
    const cut = cutAt("kite").map((line) => JSON.parse(line))
    const blocks = cut.flatMap(({ message }) => (Array.isArray(message?.content) ? message.content : []))
    assert.deepStrictEqual(
      blocks.filter(({ type }) => type === "tool_use").map(({ id }) => id),
      blocks.filter(({ type }) => type === "tool_result").map(({ tool_use_id }) => tool_use_id)
    )
  })

  it("leaves no line that hangs from one that is not there", () => {
    for (const { id } of said) {
      const cut = (prune("claude-code", lines, id, child) as ReadonlyArray<string>).map((line) => JSON.parse(line))
      const ids = new Set(cut.map(({ uuid }) => uuid))
      assert.deepStrictEqual(
        cut.filter(({ parentUuid }) => parentUuid && !ids.has(parentUuid)).map(({ uuid }) => uuid),
        []
      )
    }
  })

  it("finds the beginning of what stands before it in the file", () => {
    const [prompt, answer] = [lines.findIndex((line) => line.includes("kite")), lines.findIndex((line) => line.includes("[recall]"))]
    const shuffled = lines.toSpliced(prompt, 1).toSpliced(answer, 0, lines[prompt]!)
    const cut = prune("claude-code", shuffled, said.at(-2)!.id, child)
    assert.includeMembers(
      messages("claude-code", cut as ReadonlyArray<string>).map(({ text }) => text),
      ["kite [slow 30000]", "[recall]"]
    )
  })

  it("at a message that is not there is refused", () => {
    assert.strictEqual(prune("claude-code", lines, "no", child), "no_such_message")
  })
})
