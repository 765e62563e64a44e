/** What an agent asked of a model and what it is answered, whatever the wire format they speak. */

export interface Turn {
  readonly from: "user" | "assistant" | "tool"
  readonly text: string
}

export interface OfferedTool {
  readonly name: string
  /** JSON Schema of its input; null for a tool that takes plain text. */
  readonly schema: Schema | null
}

export interface Schema {
  readonly type?: string | ReadonlyArray<string>
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: ReadonlyArray<string>
  readonly enum?: ReadonlyArray<unknown>
}

export interface Asked {
  readonly model: string
  readonly stream: boolean
  readonly instructions: string
  /** In order, without what agents add to a person's words. */
  readonly turns: ReadonlyArray<Turn>
  readonly tools: ReadonlyArray<OfferedTool>
  /** What the answer must be, where the agent wants JSON. */
  readonly schema: Schema | null
}

export type Answer =
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "Call"; readonly tool: OfferedTool; readonly input: Readonly<Record<string, unknown>> | string }

export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheReadTokens: number
}

export interface Answered {
  /** Counts the requests of one server, from 1. */
  readonly number: number
  readonly model: string
  readonly answer: Answer
  readonly usage: Usage
}

/** What goes over the wire of an answer that is streamed: `pieces` hold the text, as many as there are to pace. */
export interface Frames {
  readonly opening: string
  readonly pieces: ReadonlyArray<string>
  readonly closing: string
}

export interface Dialect {
  readonly name: "anthropic" | "chat" | "responses" | "gemini"
  readonly read: (body: Fields, url: URL) => Asked
  readonly plain: (answered: Answered) => unknown
  readonly frames: (answered: Answered) => Frames
  readonly failure: (status: number, message: string) => unknown
}

/** JSON of a shape that another program decides. */
// biome-ignore lint/suspicious/noExplicitAny: four vendors' formats, read field by field
export type Fields = Record<string, any>

export const sse = (fields: unknown, event?: string) =>
  `${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(fields)}\n\n`

/** The text word by word, as a model would say it; joined they are the text. */
export const inPieces = (text: string): ReadonlyArray<string> => text.match(/\s*\S+\s*/g) ?? []

/** Only what a person said: agents put their own remarks into the user's message, each in an element of its own. */
export const spoken = (text: string): string => {
  let rest = text
  for (const name of remarks) rest = rest.replace(new RegExp(`<${name}(?:\\s[^>]*)?>[\\s\\S]*?</${name}>`, "g"), "")
  rest = rest.trim()
  return interruptions.test(rest) ? "" : rest
}

/** What agents put in the person's mouth when a turn was broken off. */
const interruptions = /^\[Request interrupted by user[^\]]*\]$/

const remarks = [
  "system-reminder",
  "environment_context",
  "user_instructions",
  "permissions instructions",
  "session_context",
  "current_datetime",
  "recommended_plugins",
  "turn_aborted",
  "INSTRUCTIONS"
]
