/** What a provider's rules say of the lines of a screen, or of a title. The first rule that matches counts, and of a question its lowest match; null: none does. */
import { limits } from "../limits.ts"
import type { Observation } from "../observations.ts"
import type { ScreenRows } from "../screen-rows.ts"
import { choicesFrom } from "./choice-list.ts"
import { shown } from "./json.ts"
import { panelsOf } from "./panel.ts"
import { type Expression, expression } from "./patterns.ts"
import type { Rule } from "./provider.ts"

type Rules = ReadonlyArray<Rule>

export const readScreen = (rules: Rules, screen: ScreenRows): Observation | null => {
  let panels: ReadonlyArray<Place> | null = null
  return read(rules, placeOf(screen, false), () => (panels ??= panelsOf(screen).map((panel) => placeOf(panel, true))))
}

export const readTitle = (rules: Rules, title: string): Observation | null => {
  const place: Place = { text: title, listed: () => [] }
  return read(rules, place, () => [place])
}

interface Place {
  readonly text: string
  /** The choices below the place where the question ends, for rules that do not say how theirs look. */
  readonly listed: (end: number) => ReadonlyArray<string>
}

const placeOf = (screen: ScreenRows, isPanel: boolean): Place => {
  const whole = screen.lines.map((line) => line.trimEnd()).join("\n")
  const text = whole.slice(-limits.screenRuleChars)
  const above = whole.slice(0, whole.length - text.length)
  return { text, listed: (end) => choicesFrom(screen, rowAfter(`${above}${text.slice(0, end)}`), isPanel) }
}

/** What stands from the lowest match on. */
const placeBelow = ({ listed, text }: Place, below: Expression): Place => {
  const from = below.lowest(text)?.from ?? 0
  return { text: text.slice(from), listed: (end) => listed(from + end) }
}

/** The row in which this text ends where nothing of it stands there; else the one below. */
const rowAfter = (text: string): number => text.split("\n").length - (text.endsWith("\n") ? 1 : 0)

const read = (rules: Rules, whole: Place, panels: () => ReadonlyArray<Place>): Observation | null => {
  const dialogs = new Map<Expression, Place>()
  for (const { activity, below, choices, expression, panel, question, unless } of compiled(rules)) {
    if (below !== null && !dialogs.has(below)) dialogs.set(below, placeBelow(whole, below))
    const places = panel ? panels() : [below === null ? whole : dialogs.get(below)!]
    // A conversation may quote a dialog above the one that the agent draws.
    const find = question === undefined ? expression.first : expression.lowest
    const [found] = places.flatMap((place) => {
      const match = find(place.text)
      return match === null ? [] : [{ ...place, match }]
    })
    if (found === undefined || (unless !== null && unless.first(whole.text) !== null)) continue
    const { listed, match, text } = found
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

interface Compiled extends Pick<Rule, "activity" | "question" | "panel"> {
  readonly expression: Expression
  readonly choices: Expression | null
  readonly unless: Expression | null
  readonly below: Expression | null
}

const compiled = (rules: Rules): ReadonlyArray<Compiled> => {
  const known = expressions.get(rules)
  if (known !== undefined) return known
  // Most rules of an agent name the same two patterns, which are looked for once.
  const shared = new Map<string, Expression>()
  const once = (source: string): Expression => {
    const made = shared.get(source) ?? expression(source)
    shared.set(source, made)
    return made
  }
  const made = rules.map(
    ({ below, choices, pattern, unless, ...rule }): Compiled => ({
      ...rule,
      expression: expression(pattern),
      choices: choices === undefined ? null : expression(choices),
      unless: unless === undefined ? null : once(unless),
      below: below === undefined ? null : once(below)
    })
  )
  expressions.set(rules, made)
  return made
}
/** Rules are data that is never changed: what they were compiled to is kept for as long as they are. */
const expressions = new WeakMap<Rules, ReadonlyArray<Compiled>>()

/** Frames are drawn with lines of box characters. */
export const plain = (text: string) => shown(text.replaceAll(/[\u2500-\u259f]+/g, " "))
