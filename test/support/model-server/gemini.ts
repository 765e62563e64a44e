/** Google's generateContent and streamGenerateContent, as Gemini CLI speaks them. */
import { type Answered, type Dialect, type Fields, inPieces, type OfferedTool, spoken, sse, type Turn } from "./asked.ts"

export const gemini: Dialect = {
  name: "gemini",
  read: (body, url) => ({
    model: /models\/([^:]+):/.exec(url.pathname)?.[1] ?? "",
    stream: url.pathname.endsWith(":streamGenerateContent"),
    instructions: textOf(body.systemInstruction),
    turns: ((body.contents ?? []) as ReadonlyArray<Fields>).flatMap(turnsOf),
    tools: ((body.tools ?? []) as ReadonlyArray<Fields>)
      .flatMap((tool) => (tool.functionDeclarations ?? []) as ReadonlyArray<Fields>)
      .map((tool): OfferedTool => ({ name: String(tool.name), schema: tool.parametersJsonSchema ?? tool.parameters ?? null })),
    schema: body.generationConfig?.responseJsonSchema ?? body.generationConfig?.responseSchema ?? null
  }),
  plain: (answered) => chunk(answered, part(answered), true),
  frames: (answered) => {
    const { answer } = answered
    const parts = answer._tag === "Text" ? inPieces(answer.text).map((text) => ({ text })) : [part(answered)]
    return { opening: "", pieces: parts.map((one) => sse(chunk(answered, one, false))), closing: sse(chunk(answered, null, true)) }
  },
  failure: (status, message) => ({ error: { code: status, message, status: failures[status] ?? "INTERNAL" } })
}

const textOf = (content: Fields | undefined): string =>
  ((content?.parts ?? []) as ReadonlyArray<Fields>).map((one) => String(one.text ?? "")).join("\n")

const turnsOf = ({ parts, role }: Fields): ReadonlyArray<Turn> =>
  ((parts ?? []) as ReadonlyArray<Fields>).flatMap((one): ReadonlyArray<Turn> => {
    if (one.functionResponse !== undefined) return [{ from: "tool", text: JSON.stringify(one.functionResponse.response) }]
    const text = role === "model" ? String(one.text ?? "") : spoken(String(one.text ?? ""))
    return text === "" ? [] : [{ from: role === "model" ? "assistant" : "user", text }]
  })

const part = ({ answer }: Answered): Fields =>
  answer._tag === "Text" ? { text: answer.text } : { functionCall: { name: answer.tool.name, args: answer.input } }

const chunk = ({ model, number, usage }: Answered, one: Fields | null, last: boolean) => ({
  candidates: [{ index: 0, content: { role: "model", parts: one === null ? [] : [one] }, ...(last ? { finishReason: "STOP" } : {}) }],
  modelVersion: model,
  responseId: `r${number}`,
  // Here the cached tokens are among the prompt's.
  usageMetadata: {
    promptTokenCount: usage.inputTokens + usage.cacheReadTokens,
    candidatesTokenCount: usage.outputTokens,
    cachedContentTokenCount: usage.cacheReadTokens,
    totalTokenCount: usage.inputTokens + usage.cacheReadTokens + usage.outputTokens
  }
})

const failures: Readonly<Record<number, string>> = { 400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED" }
