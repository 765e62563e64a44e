/** What a provider's rules say of the lines of a screen, or of a title. The first rule that matches counts; null: none does. */
import { limits } from "../limits.ts"
import type { Observation } from "../observations.ts"
import { shown } from "./json.ts"
import { type Expression, expression } from "./patterns.ts"
import type { Rule } from "./provider.ts"

type Rules = ReadonlyArray<Rule>

export const readScreen = (rules: Rules, lines: ReadonlyArray<string>): Observation | null =>
  read(
    rules,
    lines
      .map((line) => line.trimEnd())
      .join("\n")
      .slice(-limits.screenRuleChars)
  )

export const readTitle = (rules: Rules, title: string): Observation | null => read(rules, title)

const read = (rules: Rules, text: string): Observation | null => {
  for (const { activity, choices, expression, question } of compiled(rules)) {
    const match = expression.first(text)
    if (match === null) continue
    if (question === undefined) return { type: "Activity", activity, question: null }
    const offered = choices === null ? [] : choices.all(text, match.end, limits.choices)
    return {
      type: "Activity",
      activity,
      question: { kind: question, text: plain(match.text), choices: offered.map(plain) }
    }
  }
  return null
}

interface Compiled extends Pick<Rule, "activity" | "question"> {
  readonly expression: Expression
  readonly choices: Expression | null
}

const compiled = (rules: Rules): ReadonlyArray<Compiled> => {
  const known = expressions.get(rules)
  if (known !== undefined) return known
  const made = rules.map(
    ({ choices, pattern, ...rule }): Compiled => ({
      ...rule,
      expression: expression(pattern),
      choices: choices === undefined ? null : expression(choices)
    })
  )
  expressions.set(rules, made)
  return made
}
/** Rules are data that is never changed: what they were compiled to is kept for as long as they are. */
const expressions = new WeakMap<Rules, ReadonlyArray<Compiled>>()

/** Frames are drawn with lines of box characters. */
const plain = (text: string) => shown(text.replaceAll(/[\u2500-\u259f]+/g, " "))
