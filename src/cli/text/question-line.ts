/** What a person must answer before an agent goes on, in words, with how to answer it. */
import type { SessionView } from "../../domain/view.ts"
import { oneLine } from "./sanitise.ts"

type Question = NonNullable<SessionView["question"]>

/** `permission: may I? [1 Yes, 2 No]`. */
export const questionOf = ({ choices, kind, text }: Question): string => {
  const offered = choices.map((choice, index) => `${index + 1} ${oneLine(choice)}`).join(", ")
  return `${kind}: ${oneLine(text ?? "the agent asks, and does not say what")}${offered === "" ? "" : ` [${offered}]`}`
}

/** As it could be typed. The first choice is not always the one that allows. */
export const answerHint = (id: string, { choices, kind }: Question): string => {
  const answer = kind === "permission" || kind === "trust" ? "allow" : choices.length > 0 ? "1" : "<text>"
  return `reprise answer ${id} ${answer}`
}
