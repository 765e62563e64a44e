/** Rows with their attributes, as eyes see them: the text's own colour and weight are none of a blank's. */

export const seenOf = (row: string): string => {
  let [style, seen, last] = ["", "", ""]
  for (const [, sgr, blanks, text] of row.matchAll(/\x1b\[([\d;:]*)m|( +)|([^\x1b ]+)/g)) {
    if (sgr !== undefined) style = sgr
    else {
      const shown = blanks === undefined ? style : ofBlanks(style)
      seen += `${shown === last ? "" : `{${shown}}`}${blanks ?? text}`
      last = shown
    }
  }
  return seen.replace(/(?:\{\})? *$/, "")
}

/** Background, lines and reverse video; where that is on, the text's colour is the background. */
const ofBlanks = (style: string): string => {
  const parts = (style.match(/[345]8[;:]5[;:]\d+|[345]8[;:]2(?:[;:]\d*){3,4}|4:\d|\d+/g) ?? []).filter((part) => part !== "0")
  if (parts.includes("7")) return parts.join(";")
  return parts.filter((part) => /^(?:4(?:[0-7]|:\d|8[;:].*)?|58.*|9|53|10\d)$/.test(part)).join(";")
}
