/** What a question is about: the rows above its choices. Agents ask `Do you want to proceed?` of every command alike. */
import { shown } from "./json.ts"

/** How many rows that are not blank count. More of them would be the conversation before. */
const mostRows = 10
/** What moves by itself on a row of a dialog: how long it takes, what was used, the time of day, a spinner. */
const moving = /\d+(?::\d\d){1,2}|\d[\d.,]*\s?(?:ms|s|m|min|h|k|%|tokens?)\b|[\u2800-\u28ff\u25d0-\u25d3\u2722-\u273f\u00b7]/gu
const frame = /[\u2500-\u259f]+/gu

/** Two looks at one question have one subject, wherever its mark stands. Empty where its choices are not seen. */
export const subjectOf = (lines: ReadonlyArray<string>, choices: ReadonlyArray<string>): string => {
  const [first] = choices
  if (first === undefined) return ""
  const rows = lines.map((line) => shown(line.replaceAll(frame, " ")))
  const begins = rows.findLastIndex(
    (row, at) => row.includes(first) && choices.every((choice) => rows.slice(at).some((each) => each.includes(choice)))
  )
  return rows
    .slice(0, Math.max(0, begins))
    .filter((row) => row !== "")
    .slice(-mostRows)
    .map((row) => row.replaceAll(moving, "#"))
    .join("\n")
}
