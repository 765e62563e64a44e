/** The daemon's log: one line for each entry. Words of agents and clients stand in it as text that no terminal acts on. */
import { Cause, Formatter, Logger, References } from "effect"
import { limits } from "../domain/limits.ts"
import { escapedJson } from "../domain/terminal/deceptive.ts"

/** Every control character, and every character that reorders, hides or breaks text, is a `\u` escape (logfmt, brandur.org/logfmt). */
export const logLine: Logger.Logger<unknown, string> = Logger.make(({ cause, date, fiber, logLevel, message }) => {
  const fields: Array<readonly [string, unknown]> = [
    ["timestamp", date.toISOString()],
    ["level", logLevel.toUpperCase()],
    ["fiber", `#${fiber.id}`]
  ]
  for (const part of Array.isArray(message) ? message : [message]) fields.push(["message", part])
  if (cause.reasons.length > 0) fields.push(["cause", Cause.pretty(cause)])
  for (const [label, startedAt] of fiber.getRef(References.CurrentLogSpans)) fields.push([label, `${date.getTime() - startedAt}ms`])
  fields.push(...Object.entries(fiber.getRef(References.CurrentLogAnnotations)))
  return line(fields)
})

const line = (fields: ReadonlyArray<readonly [string, unknown]>): string => {
  let text = ""
  for (const [place, [label, value]] of fields.entries()) {
    const field = `${place === 0 ? "" : " "}${label.slice(0, longestLabel).replaceAll(/[^\w.:/-]/g, "_")}=${quoted(textOf(value))}`
    if (text.length + field.length > limits.logLineChars) return `${text} fields_left_out=${fields.length - place}`
    text += field
  }
  return text
}

const longestLabel = 64

const textOf = (value: unknown): string => {
  const text = typeof value === "string" ? value : Formatter.format(value)
  const over = text.length - limits.logValueChars
  return over > 0 ? `${text.slice(0, limits.logValueChars)}… (${over} more)` : text
}

/** Bare where that can be read in one way only. */
const quoted = (text: string): string => {
  const json = escapedJson(JSON.stringify(text))
  return json === `"${text}"` && /^[^\s=]+$/.test(text) ? text : json
}
