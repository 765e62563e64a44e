/** How an answer is given to what an agent asks: by keys that pick a choice, by its text, or not at all. */
import type { Question } from "../observations.ts"
import type { ScreenRows } from "../screen-rows.ts"
import { type Located, located, markedChoices } from "./choice-list.ts"
import { panelsOf } from "./panel.ts"
import { expression } from "./patterns.ts"
import type { Provider } from "./provider.ts"
import { readScreen } from "./screen.ts"

export type GivenAnswer =
  | { readonly type: "keys"; readonly keys: string }
  | { readonly type: "text" }
  /** Typed with Enter after it, it would confirm whatever is marked: a permission that the user did not give. */
  | { readonly type: "noSuchChoice"; readonly known: ReadonlyArray<string> }

/** The screen shows other choices than those that were offered: keys would pick another. */
export interface OtherQuestion {
  readonly type: "otherQuestion"
}

type Answers = Pick<Provider, "answers">
type Asked = Pick<Question, "choices" | "kind">

/**
 * `text`: `allow`, `deny`, a choice in its own words, its number, or anything else where the question takes a text. `list`: where the
 * choices stand on the screen now; null where that is not known.
 */
export const answerTo = (agent: Answers, asked: Asked, text: string, list: Located | null): GivenAnswer =>
  answerBy(agent, asked, text, {
    numbers: list?.numbers ?? [],
    isMarked: list?.marked != null,
    pick: (choose, place) => picked(choose, place, asked.choices, list)
  })

/**
 * The answers that the question takes, where the text is none of them wherever the choices stand; null where the text may be one. Until
 * the answer is typed the screen can change, so any of the choices counts as within reach.
 */
export const unlessAnswer = (agent: Answers, asked: Asked, text: string): ReadonlyArray<string> | null => {
  const { choices } = asked
  const within = (place: number): GivenAnswer | null => (place >= 0 && place < choices.length ? { type: "keys", keys: "" } : null)
  const given = answerBy(agent, asked, text, {
    numbers: [],
    isMarked: choices.length > 0,
    pick: (choose, place) => (choices.length === 0 ? picked(choose, place, choices, null) : within(place))
  })
  return given.type === "noSuchChoice" ? given.known : null
}

interface Reach {
  /** Those that the screen shows before the choices. */
  readonly numbers: ReadonlyArray<number | null>
  /** Enter would pick one of the choices. */
  readonly isMarked: boolean
  /** Null where no keys lead to the choice at that place. */
  readonly pick: (choose: string | null, place: number) => GivenAnswer | null
}

const answerBy = ({ answers }: Answers, { choices, kind }: Asked, text: string, { isMarked, numbers, pick }: Reach): GivenAnswer => {
  const word = text.trim().toLowerCase()
  const place = placeOf(choices, word, numbers)
  // An agent of which no keys are known may still draw a list that arrows move in.
  if (answers === null) return pick(null, place) ?? { type: "text" }
  const mayBeAllowed = kind === "permission" || kind === "trust"
  if (word === "deny") return { type: "keys", keys: answers.deny }
  for (const dialog of answers.dialogs ?? []) {
    const allowing = expression(dialog.allow)
    const allowed = choices.findIndex((choice) => allowing.first(choice) !== null)
    if (allowed === -1) continue
    return pick(dialog.choose, word === "allow" ? allowed : place) ?? noSuchChoice(choices, true)
  }
  if (word === "allow" && mayBeAllowed) return { type: "keys", keys: answers.allow }
  const keys = pick(answers.choose, place)
  if (keys !== null) return keys
  const picksOnly = mayBeAllowed || (choices.length > 0 && (answers.choose !== null || isMarked))
  return picksOnly ? noSuchChoice(choices, mayBeAllowed) : { type: "text" }
}

/**
 * The same by the screen as it is now: a person may have moved the mark since the choices were drawn, and another question may have taken
 * the place of the one that is answered. Where a question has no choices, a list with a marked one has them: Enter would confirm it.
 */
export const answerOn = (
  screen: ScreenRows,
  agent: Pick<Provider, "answers" | "evidence">,
  asked: Asked,
  text: string
): GivenAnswer | OtherQuestion => {
  const panels = agent.evidence.screen.some(({ panel }) => panel) ? panelsOf(screen) : []
  const places = [...panels, screen]
  const list = places.map((place) => located(place, asked.choices)).find((found) => found !== null) ?? null
  if (asked.choices.length > 0 && list === null) {
    const seen = readScreen(agent.evidence.screen, screen)
    if (seen?.type === "Activity" && (seen.question?.choices.length ?? 0) > 0) return { type: "otherQuestion" }
  }
  const given = answerTo(agent, asked, text, list)
  if (given.type !== "text" || asked.choices.length > 0 || agent.answers === null) return given
  for (const place of places) {
    const choices = markedChoices(place, place !== screen)
    if (choices.length > 0) return answerTo(agent, { ...asked, choices }, text, located(place, choices))
  }
  return given
}

const noSuchChoice = (choices: ReadonlyArray<string>, mayBeAllowed: boolean): GivenAnswer => ({
  type: "noSuchChoice",
  known: mayBeAllowed ? ["allow", "deny", ...choices] : choices
})

/** From 0; -1 where there is no such choice. Of a question whose choices are not known any number may be one. */
const placeOf = (choices: ReadonlyArray<string>, word: string, numbers: Reach["numbers"]): number => {
  const named = choices.findIndex((choice) => choice.toLowerCase() === word)
  if (named >= 0) return named
  const number = /^[1-9]\d?$/.test(word) ? Number(word) : 0
  const shown = numbers.indexOf(number)
  if (shown >= 0) return shown
  return choices.length > 0 && number > choices.length ? -1 : number - 1
}

/** The keys that reach this choice: its number where numbers pick and it has one, else arrows from the marked one. Null: none are known. */
const picked = (choose: string | null, place: number, choices: ReadonlyArray<string>, list: Located | null): GivenAnswer | null => {
  if (place < 0) return null
  const number = list === null ? place + 1 : (list.numbers[place] ?? null)
  if (choose?.includes("{n}") && number !== null && number <= mostByOneKey)
    return { type: "keys", keys: choose.replaceAll("{n}", String(number)) }
  if (list?.marked != null && place < choices.length) return { type: "keys", keys: `${arrows(place - list.marked, list)}\r` }
  // Where the screen does not say which choice is marked, it is the first.
  return choose?.includes("{down}") ? { type: "keys", keys: choose.replaceAll("{down}", "\x1b[B".repeat(place)) } : null
}

/** Ten would be read as one, and then something else. */
const mostByOneKey = 9

const arrows = (steps: number, { across }: Located): string => {
  const [back, on] = across ? ["\x1b[D", "\x1b[C"] : ["\x1b[A", "\x1b[B"]
  return (steps < 0 ? back : on).repeat(Math.abs(steps))
}
