/** OpenAI's Responses, as Codex speaks it. */
import { type Answered, type Dialect, type Fields, inPieces, type OfferedTool, spoken, sse, type Turn } from "./asked.ts"

export const responses: Dialect = {
  name: "responses",
  read: (body) => ({
    model: String(body.model),
    stream: body.stream === true,
    instructions: String(body.instructions ?? ""),
    turns: typeof body.input === "string" ? [{ from: "user", text: body.input }] : items(body.input).flatMap(turnsOf),
    tools: items(body.tools).flatMap(toolsOf),
    schema: body.text?.format?.schema ?? null
  }),
  plain: (answered) => response(answered, "completed"),
  frames: (answered) => {
    let sequence = 0
    const event = (type: string, fields: Fields) => sse({ type, sequence_number: sequence++, ...fields }, type)
    const item = output(answered)
    const place = { item_id: item.id, output_index: 0, content_index: 0 }
    const { answer } = answered
    const opened = event("response.created", { response: response(answered, "in_progress") })
    if (answer._tag === "Call") {
      return {
        opening: opened,
        pieces: [event("response.output_item.added", { output_index: 0, item: { ...item, status: "in_progress" } })],
        closing:
          event("response.output_item.done", { output_index: 0, item }) +
          event("response.completed", { response: response(answered, "completed") })
      }
    }
    const part = (text: string) => ({ type: "output_text", text, annotations: [] })
    return {
      opening:
        opened +
        event("response.output_item.added", { output_index: 0, item: { ...item, status: "in_progress", content: [] } }) +
        event("response.content_part.added", { ...place, part: part("") }),
      pieces: inPieces(answer.text).map((delta) => event("response.output_text.delta", { ...place, delta })),
      closing:
        event("response.output_text.done", { ...place, text: answer.text }) +
        event("response.content_part.done", { ...place, part: part(answer.text) }) +
        event("response.output_item.done", { output_index: 0, item }) +
        event("response.completed", { response: response(answered, "completed") })
    }
  },
  failure: (status, message) => ({
    error: { message, type: status === 429 ? "rate_limit_exceeded" : "server_error", code: String(status) }
  })
}

const items = (list: unknown) => (list ?? []) as ReadonlyArray<Fields>

const turnsOf = (item: Fields): ReadonlyArray<Turn> => {
  if (item.type === "function_call_output" || item.type === "custom_tool_call_output") {
    const { output } = item
    return [{ from: "tool", text: typeof output === "string" ? output : JSON.stringify(output) }]
  }
  const { content, role } = item
  if (role !== "user" && role !== "assistant") return []
  return (typeof content === "string" ? [{ text: content }] : items(content)).flatMap((part): ReadonlyArray<Turn> => {
    const text = role === "user" ? spoken(String(part.text ?? "")) : String(part.text ?? "")
    return text === "" ? [] : [{ from: role, text }]
  })
}

const toolsOf = (tool: Fields): ReadonlyArray<OfferedTool> => {
  if (tool.type === "function") return [{ name: String(tool.name), schema: tool.parameters ?? null }]
  return tool.type === "custom" ? [{ name: String(tool.name), schema: null }] : []
}

const output = ({ answer, number }: Answered): Fields => {
  if (answer._tag === "Text") {
    const content = [{ type: "output_text", text: answer.text, annotations: [] }]
    return { id: `msg_${number}`, type: "message", role: "assistant", status: "completed", content }
  }
  const call = { id: `item_${number}`, call_id: `call_${number}`, name: answer.tool.name, status: "completed" }
  return typeof answer.input === "string"
    ? { ...call, type: "custom_tool_call", input: answer.input }
    : { ...call, type: "function_call", arguments: JSON.stringify(answer.input) }
}

const response = (answered: Answered, status: "in_progress" | "completed") => ({
  id: `resp_${answered.number}`,
  object: "response",
  created_at: 1_700_000_000,
  status,
  model: answered.model,
  output: status === "completed" ? [output(answered)] : [],
  usage: status === "completed" ? usage(answered) : null
})

/** Here the cached tokens are among the input's. */
const usage = ({ usage: { cacheReadTokens, inputTokens, outputTokens } }: Answered) => ({
  input_tokens: inputTokens + cacheReadTokens,
  input_tokens_details: { cached_tokens: cacheReadTokens },
  output_tokens: outputTokens,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: inputTokens + cacheReadTokens + outputTokens
})
