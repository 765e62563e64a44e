/** How an answer is given to what an agent asks: by keys that pick a choice, by its text, or not at all. */
import type { Question } from "../observations.ts"
import { expression } from "./patterns.ts"
import type { Provider } from "./provider.ts"

export type GivenAnswer =
  | { readonly type: "keys"; readonly keys: string }
  | { readonly type: "text" }
  /** Typed with Enter after it, it would confirm whatever is marked: a permission that nobody gave. */
  | { readonly type: "noSuchChoice"; readonly known: ReadonlyArray<string> }

/** `text`: `allow`, `deny`, a choice in its own words, its number from 1, or anything else where the question takes a text. */
export const answerTo = (
  { answers }: Pick<Provider, "answers">,
  { choices, kind }: Pick<Question, "choices" | "kind">,
  text: string
): GivenAnswer => {
  if (answers === null) return { type: "text" }
  const word = text.trim().toLowerCase()
  const mayBeAllowed = kind === "permission" || kind === "trust"
  if (word === "deny") return { type: "keys", keys: answers.deny }
  for (const dialog of answers.dialogs ?? []) {
    const allowing = expression(dialog.allow)
    const allowed = choices.findIndex((choice) => allowing.first(choice) !== null)
    if (allowed === -1) continue
    return chosen(dialog.choose, word === "allow" ? allowed : placeOf(choices, word), choices)
  }
  if (word === "allow" && mayBeAllowed) return { type: "keys", keys: answers.allow }
  const place = placeOf(choices, word)
  if (answers.choose !== null && place >= 0) return chosen(answers.choose, place, choices)
  const picksOnly = mayBeAllowed || (choices.length > 0 && answers.choose !== null)
  return picksOnly ? { type: "noSuchChoice", known: mayBeAllowed ? ["allow", "deny", ...choices] : choices } : { type: "text" }
}

/** From 0; -1 where there is no such choice. Of a question whose choices are not known any number may be one. */
const placeOf = (choices: ReadonlyArray<string>, word: string): number => {
  const named = choices.findIndex((choice) => choice.toLowerCase() === word)
  if (named >= 0) return named
  const number = /^[1-9]\d?$/.test(word) ? Number(word) : 0
  return choices.length > 0 && number > choices.length ? -1 : number - 1
}

const chosen = (choose: string, place: number, choices: ReadonlyArray<string>): GivenAnswer =>
  place < 0
    ? { type: "noSuchChoice", known: ["allow", "deny", ...choices] }
    : { type: "keys", keys: choose.replaceAll("{n}", String(place + 1)).replaceAll("{down}", "\x1b[B".repeat(place)) }
