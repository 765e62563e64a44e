/**
 * Writes src/domain/terminal/width-table.ts again: `node scripts/width-table.ts <get-east-asian-width>`, a checkout of that package. How code
 * points join is asked of this Node's own ICU, which must be of the Unicode version that the table is to have.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { kinds } from "../src/domain/terminal/graphemes.ts"

const { eastAsianWidth } = (await import(pathToFileURL(join(process.argv[2]!, "index.js")).href)) as {
  readonly eastAsianWidth: (code: number, options: object) => number
}
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" })
const isOne = (text: string) => [...segmenter.segment(text)].length === 1

const kindOf = (text: string): number => {
  if (text === "\u200d") return kinds.joiner
  if (!isOne(`${text}\u0301`)) return kinds.control
  if (isOne(`a${text}`)) {
    if (isOne(`\u0915${text}\u0937`)) return kinds.linker
    if (!isOne(`\u{1f469}${text}\u200d\u{1f469}`)) return kinds.spacing
    return isOne(`\u0915\u094d${text}\u0937`) ? kinds.extend : kinds.extendAlone
  }
  if (isOne(`${text}a`)) return kinds.prepend
  if (/\p{RI}/u.test(text)) return kinds.regional
  if (isOne(`\u{1f469}\u200d${text}`)) return kinds.pictograph
  if (isOne(`\u0915\u094d${text}`)) return kinds.consonant
  if (isOne(`${text}\u1100`)) return kinds.leading
  if (isOne(`\u1161${text}`)) return isOne(`\uac01${text}`) ? kinds.trailing : kinds.vowel
  if (isOne(`\u1100${text}`)) return isOne(`${text}\u1161`) ? kinds.syllable : kinds.closedSyllable
  return kinds.other
}

const runs: Array<string> = []
let [last, from] = [0, 0]
for (let code = 0x20; code < 0x110000; code++) {
  if (code >= 0xd800 && code <= 0xdfff) continue
  const text = String.fromCodePoint(code)
  const wide = eastAsianWidth(code, {}) === 2 || /\p{Emoji_Presentation}/u.test(text) ? 1 : 0
  const value = 4 * kindOf(text) + (/\p{Emoji}/u.test(text) ? 2 : 0) + (/\p{RI}/u.test(text) ? 0 : wide)
  if (value === last) continue
  runs.push(`${(code - from).toString(36)}.${value.toString(36)}`)
  ;[last, from] = [value, code]
}
writeFileSync(
  new URL("../src/domain/terminal/width-table.ts", import.meta.url),
  `/** Of Unicode ${process.versions.unicode}, written by scripts/width-table.ts: where a new value begins, after the one before, and the value. */\nexport const unicodeVersion = "${process.versions.unicode}"\nexport const widthTable =\n  "${runs.join(" ")}"\n`
)
