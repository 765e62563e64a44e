/** What a provider's rules say of the lines of a screen, or of a title. The first rule that matches counts; null: none does. */
import { limits } from "../limits.ts"
import type { Observation } from "../observations.ts"
import type { ScreenRows } from "../screen-rows.ts"
import { choicesFrom } from "./choice-list.ts"
import { shown } from "./json.ts"
import { type Expression, expression } from "./patterns.ts"
import type { Rule } from "./provider.ts"

type Rules = ReadonlyArray<Rule>

export const readScreen = (rules: Rules, screen: ScreenRows): Observation | null => {
  const whole = screen.lines.map((line) => line.trimEnd()).join("\n")
  const text = whole.slice(-limits.screenRuleChars)
  const above = whole.slice(0, whole.length - text.length)
  return read(rules, text, (end) => choicesFrom(screen, rowAfter(`${above}${text.slice(0, end)}`)))
}

export const readTitle = (rules: Rules, title: string): Observation | null => read(rules, title, () => [])

/** The row in which this text ends where nothing of it stands there; else the one below. */
const rowAfter = (text: string): number => text.split("\n").length - (text.endsWith("\n") ? 1 : 0)

/** `listed`: the choices below the place where the question ends, for rules that do not say how theirs look. */
const read = (rules: Rules, text: string, listed: (end: number) => ReadonlyArray<string>): Observation | null => {
  for (const { activity, choices, expression, question } of compiled(rules)) {
    const match = expression.first(text)
    if (match === null) continue
    if (question === undefined) return { type: "Activity", activity, question: null }
    const offered = choices === null ? listed(match.end) : choices.all(text, match.end, limits.choices)
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
