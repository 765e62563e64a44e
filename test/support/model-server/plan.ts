/**
 * What the model does, chosen by the last thing that a person said. A word in brackets anywhere in it decides:
 *   [slow 3000]    the answer takes so many milliseconds
 *   [hang]         no answer, and no end of the connection
 *   [stall]        the first words, then nothing
 *   [cut]          the first words, then the connection is gone
 *   [run COMMAND]  calls the shell tool that was offered; what it printed is repeated in the answer that follows
 *   [call NAME {}] calls the tool of that name with these fields; what else it requires is filled in. NAME may be several, by `|`
 *   [fail 429 5]   an HTTP error, with a `retry-after` of so many seconds where one is given
 *   [recall]       answers with everything the person said so far, which proves that a conversation was resumed
 * `[cut 1]` or `[fail 500 0 1]`: only for the first so many requests with this text; a repeated one is answered. Anything else is echoed,
 * in words that differ from one answer to the next: an agent that looks for loops must not find one.
 */
import type { Answer, Asked, OfferedTool, Schema } from "./asked.ts"

export type Plan =
  | { readonly _tag: "Say"; readonly answer: Answer; readonly overMs: number }
  | { readonly _tag: "Hang" }
  | { readonly _tag: "Stall"; readonly answer: Answer }
  | { readonly _tag: "Cut"; readonly answer: Answer }
  | { readonly _tag: "Fail"; readonly status: number; readonly retryAfterS: number }

/** A turn of the conversation, or what an agent asks for its own ends. */
export type Kind = "turn" | "title" | "summary" | "fields"

export const kindOf = ({ instructions, schema, tools, turns }: Asked): Kind => {
  if (schema !== null) return "fields"
  if (tools.length > 0) return "turn"
  const purpose = `${instructions}\n${turns.at(-1)?.text ?? ""}`
  if (/\btitle\b/i.test(purpose)) return "title"
  return /\bsummar(?:y|ize|ise)\b/i.test(purpose) ? "summary" : "turn"
}

/** `number` counts the requests; `attempt` those with the same last text, from 1. */
export const planOf = (asked: Asked, number: number, attempt: number): Plan => {
  const say = (text: string, overMs = 0): Plan => ({ _tag: "Say", answer: { _tag: "Text", text }, overMs })
  const kind = kindOf(asked)
  if (kind === "fields") return say(JSON.stringify(filled(asked.schema!, number)))
  if (kind === "title") return say(`Conversation number ${number}`)
  if (kind === "summary") return say(`A talk of ${asked.turns.length} turns`)

  const last = asked.turns.at(-1)
  const text = lastSaid(asked)
  if (last?.from === "tool") return say(`The command is over (${number}). It printed: ${cut(last.text)}`)
  const [, calls, fields, other, words] = directive.exec(text) ?? []
  const [verb = "", rest = ""] = [calls ?? other, fields ?? words]
  const figures = rest.trim().split(/\s+/).map(Number)
  const upTo = (attempts: number | undefined) => attempts === undefined || attempt <= attempts
  const echo = `${openings[number % openings.length]} (${number}) ${cut(text)} ${endings[number % endings.length]}`
  const answer: Answer = { _tag: "Text", text: echo }

  switch (verb) {
    case "slow":
      return say(echo, figures[0] ?? 0)
    case "hang":
      return { _tag: "Hang" }
    case "stall":
      return { _tag: "Stall", answer }
    case "cut":
      return rest.trim() === "" || upTo(figures[0]) ? { _tag: "Cut", answer } : say(echo)
    case "fail":
      return upTo(figures[2]) ? { _tag: "Fail", status: figures[0] ?? 500, retryAfterS: figures[1] ?? 0 } : say(echo)
    case "run": {
      const tool = shellTool(asked.tools)
      if (tool === undefined) return say(`No shell among ${asked.tools.map(({ name }) => name).join(", ")} (${number})`)
      return { _tag: "Say", answer: { _tag: "Call", tool, input: shellInput(tool, rest.trim()) }, overMs: 0 }
    }
    case "call": {
      const [, names = "", fields = "{}"] = /^\s*(\S+)\s*(\{.*\})?\s*$/s.exec(rest) ?? []
      const tool = asked.tools.find(({ name }) => names.split("|").includes(name))
      if (tool === undefined) return say(`No ${names} among ${asked.tools.map(({ name }) => name).join(", ")} (${number})`)
      const input = { ...(filled(tool.schema ?? {}, 0) as object), ...JSON.parse(fields) }
      return { _tag: "Say", answer: { _tag: "Call", tool, input }, overMs: 0 }
    }
    case "recall":
      return say(`I recall: ${saidIn(asked).join(" | ")}`)
    default:
      return say(echo)
  }
}

export const saidIn = ({ turns }: Asked): ReadonlyArray<string> => turns.filter(({ from }) => from === "user").map(({ text }) => text)

const lastSaid = (asked: Asked) => saidIn(asked).at(-1) ?? ""

/** The fields of a call are JSON and may have brackets: it ends with the text. */
const directive = /\[(?:(call)\b(.*)|(slow|hang|stall|cut|fail|run|recall)\b([^\]]*))\]/s

/** Agents draw every word on their screens: a long text comes back shortened. */
const cut = (text: string) => (text.length <= 200 ? text : `${text.slice(0, 200)}… (${text.length} characters)`)

const openings = ["Heard.", "Understood:", "You said:", "Taken down:", "As you wish:", "Noted.", "So it was:"]
const endings = ["Done.", "What else?", "That is all I have to say.", "It took no time.", "Ask me another.", "I am through with it."]

const shells = ["Bash", "bash", "run_shell_command", "exec_command", "shell_command", "shell", "local_shell"]

const shellTool = (tools: ReadonlyArray<OfferedTool>) =>
  shells.map((name) => tools.find((tool) => tool.name === name)).find((tool) => tool !== undefined)

/** The command goes where the tool's own schema has a place for it; what else it requires is filled in. */
const shellInput = (tool: OfferedTool, command: string): Readonly<Record<string, unknown>> | string => {
  if (tool.schema === null) return command
  const input = filled(tool.schema, 0) as Record<string, unknown>
  const place = ["cmd", "command"].find((name) => tool.schema?.properties?.[name] !== undefined) ?? "command"
  input[place] = tool.schema.properties?.[place]?.type === "array" ? ["bash", "-lc", command] : command
  // Codex asks its user only about a command that wants out of the sandbox.
  if (tool.schema.properties?.sandbox_permissions !== undefined) {
    Object.assign(input, { sandbox_permissions: "require_escalated", justification: "Scripted words" })
  }
  return input
}

/** The least that satisfies a schema, with words in it that say where they come from. */
const filled = (schema: Schema, number: number): unknown => {
  const type = typeof schema.type === "string" ? schema.type : (schema.type?.[0] ?? "object")
  if (schema.enum !== undefined) return schema.enum[0]
  if (type === "object") {
    const names = schema.required ?? Object.keys(schema.properties ?? {})
    return Object.fromEntries(names.map((name) => [name, filled(schema.properties?.[name] ?? { type: "string" }, number)]))
  }
  if (type === "array") return []
  if (type === "boolean") return false
  return type === "string" ? `Scripted words ${number}` : 1
}
