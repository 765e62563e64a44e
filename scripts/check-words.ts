/**
 * Refuses vague words in comments, test titles and docs, with file, line and word: a sentence names the component that acts, and the
 * terms are those of GLOSSARY.md. Exits 1 where it finds one. A part of `npm run check`.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"

const root = join(import.meta.dirname, "..")

/** Subjects that name no component, and verbs that hide which one sends and which one receives. */
const refused =
  /\b(who|whoever|whom|somebody|someone|nobody|anybody|anyone|everybody|everyone|told|tells?|telling|heard|hears?|anew|beforehand|begun)\b/i

interface Prose {
  readonly line: number
  readonly text: string
}

const comment = /^\s*(?:\/\*\*?|\*|\/\/)(.*)$/
const comesBehindCode = /\s\/\/ (.*)$/
const title = /\b(?:it|describe|test)(?:\.\w+)*\(\s*(["'`])(.*?)\1/

/** The formatter puts a comment on lines of its own, and a title on the line of its call. Code in backticks is code. */
const proseOf = (path: string, text: string): ReadonlyArray<Prose> => {
  let isCode = false
  return text.split("\n").flatMap((whole, index) => {
    const of = (prose: string | undefined): ReadonlyArray<Prose> =>
      prose === undefined ? [] : [{ line: index + 1, text: prose.replaceAll(/`[^`]*`/g, "") }]
    if (!path.endsWith(".md")) return of(comment.exec(whole)?.[1] ?? title.exec(whole)?.[2] ?? comesBehindCode.exec(whole)?.[1])
    if (whole.startsWith("```")) isCode = !isCode
    return isCode ? [] : of(whole)
  })
}

const files = ["src", "bin", "scripts", "bench", "docs", "test"]
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.(?:[jt]s|md)$/.test(entry.name))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .concat("README.md", "GLOSSARY.md")
  .filter((path) => path !== "scripts/check-words.ts")

const found = files.flatMap((path) =>
  proseOf(path, readFileSync(join(root, path), "utf8")).flatMap(({ line, text }) => {
    const word = refused.exec(text)?.[0]
    return word === undefined ? [] : [`${path}:${line}: "${word}" in: ${text.trim()}`]
  })
)
for (const problem of found) console.error(problem)
if (found.length > 0) console.error(`${found.length} sentences name no component that acts: see GLOSSARY.md`)
process.exitCode = found.length === 0 ? 0 : 1
