/** What a question is about: the rows above its choices. Agents ask `Do you want to proceed?` of every command alike. */
import { shown } from "./json.ts"
import { plain } from "./screen.ts"

/** How many rows that are not blank count where no frame begins above them. */
const mostRows = 20
/** The upper edge of a dialog: what stands above it may be drawn on while the dialog waits. Dashed lines divide the dialog itself. */
const edge = /^\s*[\u2500\u2501\u2550\u256d\u256e\u250c\u2510\u250f\u2513\u2554\u2557]{8,}\s*$/
/** What moves by itself: how long something takes, what it has used, the time of day; signs that blink or turn. */
const moving = /\d+(?::\d\d){1,2}|\d[\d.,]*\s?(?:ms|s|m|min|h|k|%|tokens?|tool uses?)\b|[\u00b7\u2010-\u2bff]/gu

/** Two looks at one question have one subject, wherever its mark stands. Empty where its choices are not seen. */
export const subjectOf = (lines: ReadonlyArray<string>, choices: ReadonlyArray<string>): string => {
  const rows = lines.map(plain)
  const begins = firstOf(rows, choices, 1) ?? firstOf(rows, choices, 0)
  if (begins === null) return ""
  const framed = lines.slice(0, begins).findLastIndex((line) => edge.test(line)) + 1
  return rows
    .slice(framed, begins)
    .map((row) => shown(row.replaceAll(moving, " ")))
    .filter((row) => row !== "")
    .slice(framed > 0 ? 0 : -mostRows)
    .join("\n")
}

/** The row of the first choice, looked for from the bottom. `apart`: in rows, 0 where choices may stand beside each other. */
const firstOf = (rows: ReadonlyArray<string>, choices: ReadonlyArray<string>, apart: 0 | 1): number | null => {
  let row = rows.length
  for (const choice of choices.toReversed()) {
    row = rows.slice(0, row + 1 - apart).findLastIndex((each) => each.includes(choice))
    if (row < 0) return null
  }
  return row === rows.length ? null : row
}
