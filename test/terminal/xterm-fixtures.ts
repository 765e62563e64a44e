/** The escape sequence files of xterm.js, each drawn by a session of the daemon: `.in` is printed, `.text` is what its screen shows. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Stage } from "./stage.ts"
import type { Result } from "./table.ts"

const size = { cols: 80, rows: 25 }
/** xterm.js leaves these out of its own runs too. */
const leftOut: Readonly<Record<string, string>> = {
  "t0084-CBT":
    "a tab behind the last column: xterm.js moves the cursor out of it first, xterm does not; no program was found that shows it",
  "t0103-reverse_wrap": "xterm.js goes back over wrapped rows alone on purpose, xterm over any",
  "t0504-vim": "the recording begins in a terminal that was drawn on before"
}

export const xtermFixtures = async (material: string): Promise<ReadonlyArray<Result>> => {
  const directory = join(material, "test/fixtures/escape_sequence_files")
  const names = readdirSync(directory)
    .filter((name) => name.endsWith(".in") && existsSync(join(directory, name.replace(/in$/, "text"))))
    .map((name) => name.slice(0, -3))
  const results: Array<Result> = []
  await using stage = await Stage.open(size)
  for (const name of names) {
    // As a terminal in canonical output mode gets it.
    const printed = readFileSync(join(directory, `${name}.in`), "latin1").replaceAll(/\r?\n/g, "\r\n")
    const wanted = readFileSync(join(directory, `${name}.text`), "utf8")
      .split("\n")
      .slice(0, size.rows)
      .map((line) => line.trimEnd())
    await stage.draw(Buffer.from(`\x18\x1bc${printed}`, "latin1"))
    const drawn = (await stage.lines()).map((line) => line.trimEnd())
    const row = wanted.findIndex((line, at) => line !== (drawn[at] ?? ""))
    const why = leftOut[name]
    if (row < 0) results.push({ name, outcome: "passed" })
    else if (why !== undefined) results.push({ name, outcome: "not applicable", why })
    else
      results.push({
        name,
        outcome: "failed",
        why: `row ${row + 1}: ${JSON.stringify(drawn[row])} instead of ${JSON.stringify(wanted[row])}`
      })
  }
  return results
}
