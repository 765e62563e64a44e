/** What a provider's rules say of the lines of a screen, or of a title. The first rule that matches counts; null: none does. */
import { limits } from "../limits.ts"
import type { Observation } from "../observations.ts"
import type { Rule } from "./provider.ts"

type Rules = ReadonlyArray<Rule>

export const readScreen = (rules: Rules, lines: ReadonlyArray<string>): Observation | null =>
  read(rules, lines.map((line) => line.trimEnd()).join("\n"))

export const readTitle = (rules: Rules, title: string): Observation | null => read(rules, title)

const read = (rules: Rules, text: string): Observation | null => {
  for (const { activity, expression, question } of compiled(rules)) {
    const match = expression.exec(text)
    if (match === null) continue
    const asked = question === undefined ? null : { kind: question, text: plain(match[0]), choices: [] }
    return { type: "Activity", activity, question: asked }
  }
  return null
}

const compiled = (rules: Rules): ReadonlyArray<Rule & { readonly expression: RegExp }> => {
  const known = expressions.get(rules)
  if (known !== undefined) return known
  const made = rules.map((rule) => ({ ...rule, expression: new RegExp(rule.pattern, "mu") }))
  expressions.set(rules, made)
  return made
}
/** Rules are data that is never changed: what they were compiled to is kept for as long as they are. */
const expressions = new WeakMap<Rules, ReadonlyArray<Rule & { readonly expression: RegExp }>>()

const plain = (text: string) => text.replaceAll(/\s+/g, " ").trim().slice(0, limits.questionChars)
