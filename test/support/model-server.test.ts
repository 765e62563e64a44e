/** The scripted model over real HTTP, in each wire format that an agent may speak. */
import { assert, describe, it } from "@effect/vitest"
import { until } from "./daemon.ts"
import { ModelServer } from "./model-server.ts"

/** One conversation in each format: the messages, the tool as it is offered, and where the answer's text stands. */
const formats = [
  {
    name: "anthropic",
    path: "/v1/messages?beta=true",
    body: (texts: ReadonlyArray<string>) => ({
      messages: texts.map((text) => ({
        role: "user",
        content: [
          { type: "text", text: "<system-reminder>ours</system-reminder>" },
          { type: "text", text }
        ]
      })),
      tools: [
        {
          name: "Bash",
          input_schema: { type: "object", properties: { command: { type: "string" } }, required: ["command", "description"] }
        }
      ]
    }),
    result: { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "four files" }] }
  },
  {
    name: "chat",
    path: "/v1/chat/completions",
    body: (texts: ReadonlyArray<string>) => ({
      messages: [{ role: "system", content: "be brief" }, ...texts.map((content) => ({ role: "user", content }))],
      tools: [{ type: "function", function: { name: "bash", parameters: { type: "object", properties: { command: { type: "string" } } } } }]
    }),
    result: { role: "tool", tool_call_id: "call_1", content: "four files" }
  },
  {
    name: "responses",
    path: "/v1/responses",
    body: (texts: ReadonlyArray<string>) => ({
      instructions: "be brief",
      input: [
        { type: "message", role: "user", content: [{ type: "input_text", text: "<environment_context>theirs</environment_context>" }] },
        ...texts.map((text) => ({ type: "message", role: "user", content: [{ type: "input_text", text }] }))
      ],
      tools: [{ type: "function", name: "exec_command", parameters: { type: "object", properties: { cmd: { type: "string" } } } }]
    }),
    result: { type: "function_call_output", call_id: "call_1", output: "four files" }
  },
  {
    name: "gemini",
    path: "/v1beta/models/scripted-model:streamGenerateContent?alt=sse",
    body: (texts: ReadonlyArray<string>) => ({
      contents: texts.map((text) => ({ role: "user", parts: [{ text }] })),
      tools: [
        { functionDeclarations: [{ name: "run_shell_command", parametersJsonSchema: { properties: { command: { type: "string" } } } }] }
      ]
    }),
    result: { role: "user", parts: [{ functionResponse: { name: "run_shell_command", response: { output: "four files" } } }] }
  }
] as const

type Format = (typeof formats)[number]

const ask = (model: ModelServer, format: Format, texts: ReadonlyArray<string>, more: ReadonlyArray<unknown> = [], plain = false) => {
  const body: Record<string, unknown> = { model: "scripted-model", stream: !plain, ...format.body(texts) }
  const place = format.name === "gemini" ? "contents" : format.name === "responses" ? "input" : "messages"
  body[place] = [...(body[place] as ReadonlyArray<unknown>), ...more]
  const path = plain ? format.path.replace("streamGenerateContent?alt=sse", "generateContent") : format.path
  return fetch(`${model.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(5_000)
  })
}

/** What a client puts together from a stream: every delta of text, and the input of a call. */
const heard = (stream: string): string =>
  stream
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice(6)))
    .map(
      (event) =>
        event.delta?.text ??
        event.delta?.partial_json ??
        (typeof event.delta === "string" ? event.delta : undefined) ??
        event.choices?.[0]?.delta?.content ??
        event.choices?.[0]?.delta?.tool_calls?.[0]?.function.arguments ??
        (event.type === "response.output_item.done" ? event.item.arguments : undefined) ??
        event.candidates?.[0]?.content.parts[0]?.text ??
        (event.candidates?.[0]?.content.parts[0] && JSON.stringify(event.candidates[0].content.parts[0].functionCall.args)) ??
        ""
    )
    .join("")

describe.each(formats)("a scripted model that speaks $name", (format) => {
  it("streams an echo, and remembers what the person said without the agent's own remarks", async () => {
    await using model = await ModelServer.started()
    const answer = await ask(model, format, ["hello there"])
    assert.strictEqual(answer.headers.get("content-type"), "text/event-stream")
    assert.include(heard(await answer.text()), "hello there")
    const [request, ...others] = model.requests
    assert.deepStrictEqual(
      [request?.dialect, request?.kind, request?.said, request?.end],
      [format.name, "turn", ["hello there"], "answered"]
    )
    assert.deepStrictEqual(others, [])
  })

  it("answers the same whole, where no stream is wanted", async () => {
    await using model = await ModelServer.started()
    const answer = await ask(model, format, ["hello there"], [], true)
    assert.include(answer.headers.get("content-type"), "application/json")
    assert.include(JSON.stringify(await answer.json()), "hello there")
  })

  it("never answers twice in the same words", async () => {
    await using model = await ModelServer.started()
    const answers = new Set<string>()
    for (let round = 0; round < 8; round += 1) answers.add(heard(await (await ask(model, format, ["again"])).text()))
    assert.strictEqual(answers.size, 8)
  })

  it("calls the shell by the name that was offered, then repeats what it printed", async () => {
    await using model = await ModelServer.started()
    const called = await (await ask(model, format, ["please [run ls -l /]"])).text()
    const { name } = {
      anthropic: { name: "Bash" },
      chat: { name: "bash" },
      responses: { name: "exec_command" },
      gemini: { name: "run_shell_command" }
    }[format.name]
    assert.include(called, `"${name}"`)
    const input = JSON.parse(heard(called)) as Record<string, unknown>
    assert.strictEqual(input.cmd ?? input.command, "ls -l /")
    assert.include(heard(await (await ask(model, format, ["please [run ls -l /]"], [format.result])).text()), "four files")
  })

  it("recalls the whole conversation", async () => {
    await using model = await ModelServer.started()
    const answer = heard(await (await ask(model, format, ["a blue boat", "a red kite", "[recall]"])).text())
    assert.include(answer, "a blue boat | a red kite")
  })

  it("fails with a status, and says when to come back", async () => {
    await using model = await ModelServer.started()
    const refused = await ask(model, format, ["[fail 429 7 1]"])
    assert.deepStrictEqual([refused.status, refused.headers.get("retry-after")], [429, "7"])
    assert.include(JSON.stringify(await refused.json()), "scripted failure")
    assert.strictEqual((await ask(model, format, ["[fail 429 7 1]"])).status, 200)
    assert.deepStrictEqual(
      [(await ask(model, format, ["[fail 401]"])).status, (await ask(model, format, ["[fail 401]"])).status],
      [401, 401]
    )
  })

  it("cuts the connection after the first words", async () => {
    await using model = await ModelServer.started()
    const answer = await ask(model, format, ["[cut] a long text with many words in it"])
    const cut = await answer.text().catch(() => "broken off")
    assert.strictEqual(cut, "broken off")
    assert.strictEqual(model.requests[0]?.end, "broken")
  })

  it("keeps its silence until the agent goes away, and knows that it went", async () => {
    await using model = await ModelServer.started()
    for (const text of ["[hang]", "[stall]", "[slow 60000]"]) {
      const giveUp = new AbortController()
      const body = JSON.stringify({ model: "scripted-model", stream: true, ...format.body([text]) })
      const answer = fetch(`${model.url}${format.path}`, { method: "POST", body, signal: giveUp.signal }).then((response) =>
        response.text()
      )
      await until(`${text} was asked`, () => model.requests.at(-1)?.said.at(-1) === text)
      giveUp.abort()
      assert.strictEqual(await answer.catch((cause) => cause.name), "AbortError")
      await until(`${text} is known to be aborted`, () => model.requests.at(-1)?.end === "aborted")
    }
  })

  it("takes its time when the plan says so", async () => {
    await using model = await ModelServer.started()
    const startedAt = performance.now()
    const answer = await ask(model, format, ["[slow 200]"])
    assert.include(heard(await answer.text()), "[slow 200]")
    assert.isAtLeast(performance.now() - startedAt, 190)
  })
})

describe("a scripted model", () => {
  const post = async (model: ModelServer, path: string, body: unknown) => {
    const answer = await fetch(`${model.url}${path}`, { method: "POST", body: JSON.stringify(body) })
    return { status: answer.status, body: await answer.text() }
  }

  it("counts tokens, lists models and says that it is there", async () => {
    await using model = await ModelServer.started()
    assert.strictEqual((await fetch(model.url, { method: "HEAD" })).status, 200)
    assert.match((await post(model, "/v1/messages/count_tokens", { messages: [] })).body, /"input_tokens":\d/)
    assert.match((await post(model, "/v1beta/models/m:countTokens", { contents: [] })).body, /"totalTokens":\d/)
    for (const path of ["/v1/models", "/v1beta/models"]) assert.include(await (await fetch(`${model.url}${path}`)).text(), "scripted-model")
    assert.deepStrictEqual(model.unknown, [])
  })

  it("gives a title, a summary or filled-in fields to an agent that asks for its own ends", async () => {
    await using model = await ModelServer.started()
    const user = (content: string) => ({ model: "m", messages: [{ role: "user", content }] })
    const schema = {
      type: "object",
      properties: { title: { type: "string" }, complexity_score: { type: "integer" } },
      required: ["title", "complexity_score"]
    }
    const title = await post(model, "/v1/chat/completions", user("Generate a title for this conversation:\n[hang]"))
    const summary = await post(model, "/v1/chat/completions", user("Write a summary of it: [fail 500]"))
    const fields = await post(model, "/v1/messages", { ...user("[hang]"), output_config: { format: { type: "json_schema", schema } } })
    assert.deepStrictEqual([title.status, summary.status, fields.status], [200, 200, 200])
    const { complexity_score, title: named } = JSON.parse(JSON.parse(fields.body).content[0].text)
    assert.isString(named)
    assert.isNumber(complexity_score)
    assert.deepStrictEqual(
      model.requests.map(({ kind }) => kind),
      ["title", "summary", "fields"]
    )
    assert.deepStrictEqual(model.turns, [])
  })

  it("names what has no answer", async () => {
    await using model = await ModelServer.started()
    assert.strictEqual((await post(model, "/v1/embeddings", {})).status, 404)
    assert.deepStrictEqual(model.unknown, ["POST /v1/embeddings"])
  })
})
