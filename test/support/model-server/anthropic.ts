/** Anthropic's Messages, as Claude Code speaks it. */
import { type Answered, type Dialect, type Fields, inPieces, spoken, sse, type Turn } from "./asked.ts"

export const anthropic: Dialect = {
  name: "anthropic",
  read: (body) => ({
    model: String(body.model),
    stream: body.stream === true,
    instructions: blocks(body.system)
      .map((block) => String(block.text ?? ""))
      .join("\n"),
    turns: (body.messages as ReadonlyArray<Fields>).flatMap(turnsOf),
    tools: ((body.tools ?? []) as ReadonlyArray<Fields>).map((tool) => ({
      name: String(tool.name),
      schema: tool.input_schema ?? null
    })),
    schema: body.output_config?.format?.schema ?? null
  }),
  plain: (answered) => ({
    ...message(answered),
    content: [content(answered)],
    stop_reason: stopReason(answered),
    stop_sequence: null,
    usage: usage(answered)
  }),
  frames: (answered) => {
    const event = (type: string, fields: Fields) => sse({ type, ...fields }, type)
    const { answer } = answered
    const deltas =
      answer._tag === "Text"
        ? inPieces(answer.text).map((text) => ({ type: "text_delta", text }))
        : [{ type: "input_json_delta", partial_json: JSON.stringify(answer.input) }]
    return {
      opening:
        event("message_start", {
          message: {
            ...message(answered),
            content: [],
            stop_reason: null,
            stop_sequence: null,
            usage: { ...usage(answered), output_tokens: 1 }
          }
        }) +
        event("content_block_start", {
          index: 0,
          content_block: answer._tag === "Text" ? { type: "text", text: "" } : { ...content(answered), input: {} }
        }),
      pieces: deltas.map((delta) => event("content_block_delta", { index: 0, delta })),
      closing:
        event("content_block_stop", { index: 0 }) +
        event("message_delta", { delta: { stop_reason: stopReason(answered), stop_sequence: null }, usage: usage(answered) }) +
        event("message_stop", {})
    }
  },
  failure: (status, message) => ({ type: "error", error: { type: failures[status] ?? "api_error", message } })
}

const blocks = (content: unknown): ReadonlyArray<Fields> =>
  typeof content === "string" ? [{ type: "text", text: content }] : ((content ?? []) as ReadonlyArray<Fields>)

const turnsOf = ({ content, role }: Fields): ReadonlyArray<Turn> =>
  blocks(content).flatMap((block): ReadonlyArray<Turn> => {
    if (block.type === "tool_result") {
      const text = blocks(block.content)
        .map((part) => String(part.text ?? ""))
        .join("")
      return [{ from: "tool", text }]
    }
    const text = block.type !== "text" ? "" : role === "user" ? spoken(block.text) : String(block.text)
    return text === "" || (role !== "user" && role !== "assistant") ? [] : [{ from: role, text }]
  })

const message = ({ model, number }: Answered) => ({ id: `msg_${number}`, type: "message", role: "assistant", model })

const content = ({ answer, number }: Answered): Fields =>
  answer._tag === "Text"
    ? { type: "text", text: answer.text }
    : { type: "tool_use", id: `toolu_${number}`, name: answer.tool.name, input: answer.input }

const stopReason = ({ answer }: Answered) => (answer._tag === "Text" ? "end_turn" : "tool_use")

const usage = ({ usage }: Answered) => ({
  input_tokens: usage.inputTokens,
  output_tokens: usage.outputTokens,
  cache_read_input_tokens: usage.cacheReadTokens,
  cache_creation_input_tokens: 0
})

const failures: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  429: "rate_limit_error",
  500: "api_error",
  529: "overloaded_error"
}
