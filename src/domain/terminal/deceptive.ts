/** Characters that make a person read something else than what is there: they reorder text, break lines, or are not seen at all. */

/** Bidirectional controls (CVE-2021-42574), separators of lines and paragraphs, what has no width, tags and annotations. */
const deceptive =
  /[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

/** Without them; separators of lines become spaces. */
export const withoutDeceptive = (text: string): string =>
  text.toWellFormed().replaceAll(deceptive, (character) => (character === "\u2028" || character === "\u2029" ? " " : ""))

/** Text for one line of ours: no control character at all, line ends shown as spaces. */
export const oneLine = (text: string): string =>
  withoutDeceptive(text.replaceAll(/[\r\n\t\u2028\u2029]+/g, " ")).replaceAll(/[\p{Cc}]/gu, "")

/** JSON in which whatever a terminal acts on, or a person does not see, is an escape. It says the same. */
export const escapedJson = (json: string): string =>
  json.replaceAll(
    /[\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g,
    (found) => [...Array(found.length).keys()].map((place) => `\\u${found.charCodeAt(place).toString(16).padStart(4, "0")}`).join("")
  )
