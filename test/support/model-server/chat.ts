/** OpenAI's Chat Completions, as pi, opencode and most others speak it. */
import { type Answered, type Dialect, type Fields, inPieces, type OfferedTool, spoken, sse, type Turn } from "./asked.ts"

export const chat: Dialect = {
  name: "chat",
  read: (body) => {
    const messages = body.messages as ReadonlyArray<Fields>
    return {
      model: String(body.model),
      stream: body.stream === true,
      instructions: messages
        .filter(({ role }) => role === "system" || role === "developer")
        .map(({ content }) => textOf(content))
        .join("\n"),
      turns: messages.flatMap(turnsOf),
      tools: ((body.tools ?? []) as ReadonlyArray<Fields>).map(
        (tool): OfferedTool => ({ name: String(tool.function?.name), schema: tool.function?.parameters ?? null })
      ),
      schema: body.response_format?.json_schema?.schema ?? null
    }
  },
  plain: (answered) => ({
    ...completion(answered, "chat.completion"),
    choices: [{ index: 0, message: { role: "assistant", ...delta(answered) }, finish_reason: finish(answered) }],
    usage: usage(answered)
  }),
  frames: (answered) => {
    const chunk = (choice: Fields, more: Fields = {}) =>
      sse({ ...completion(answered, "chat.completion.chunk"), choices: [{ index: 0, finish_reason: null, ...choice }], ...more })
    const { answer } = answered
    const deltas = answer._tag === "Text" ? inPieces(answer.text).map((content) => ({ content })) : [delta(answered)]
    return {
      opening: chunk({ delta: { role: "assistant", content: "" } }),
      pieces: deltas.map((delta) => chunk({ delta })),
      closing: `${chunk({ delta: {}, finish_reason: finish(answered) }, { usage: usage(answered) })}data: [DONE]\n\n`
    }
  },
  failure: (status, message) => ({
    error: { message, type: status === 429 ? "rate_limit_exceeded" : "api_error", param: null, code: String(status) }
  })
}

const textOf = (content: unknown): string =>
  typeof content === "string"
    ? content
    : ((content ?? []) as ReadonlyArray<Fields>).map((part) => (part.type === "text" ? String(part.text) : "")).join("\n")

const turnsOf = ({ content, role }: Fields): ReadonlyArray<Turn> => {
  const text = role === "user" ? spoken(textOf(content)) : textOf(content)
  if (role === "tool") return [{ from: "tool", text }]
  return text === "" || (role !== "user" && role !== "assistant") ? [] : [{ from: role, text }]
}

const completion = ({ model, number }: Answered, object: string) => ({ id: `chatcmpl-${number}`, object, created: 1_700_000_000, model })

const delta = ({ answer, number }: Answered): Fields =>
  answer._tag === "Text"
    ? { content: answer.text }
    : {
        content: null,
        tool_calls: [
          {
            index: 0,
            id: `call_${number}`,
            type: "function",
            function: { name: answer.tool.name, arguments: JSON.stringify(answer.input) }
          }
        ]
      }

const finish = ({ answer }: Answered) => (answer._tag === "Text" ? "stop" : "tool_calls")

/** Here the cached tokens are among the prompt's. */
const usage = ({ usage: { cacheReadTokens, inputTokens, outputTokens } }: Answered) => ({
  prompt_tokens: inputTokens + cacheReadTokens,
  completion_tokens: outputTokens,
  total_tokens: inputTokens + cacheReadTokens + outputTokens,
  prompt_tokens_details: { cached_tokens: cacheReadTokens }
})
