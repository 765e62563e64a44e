/**
 * The terminal beside others: `npm run test:terminal -- [--esctest <path>] [--libvterm <path>] [--xterm <path>] [--streams 10000] [--programs] [--borders 2000] [--vttest]`.
 * The paths are checkouts of esctest2, libvterm and xterm.js, whose tests are no part of this project. docs/terminal.md says what came of it.
 */
import { parseArgs } from "node:util"
import { esctest } from "../test/terminal/esctest.ts"
import { libvterm } from "../test/terminal/libvterm.ts"
import { borders } from "../test/terminal/many-borders.ts"
import { all } from "../test/terminal/programs/list.ts"
import { programs } from "../test/terminal/programs/matrix.ts"
import { countsOf, type Result } from "../test/terminal/table.ts"
import { tmuxStreams } from "../test/terminal/tmux.ts"
import { vttest } from "../test/terminal/vttest.ts"
import { xtermFixtures } from "../test/terminal/xterm-fixtures.ts"

const { values } = parseArgs({
  options: {
    esctest: { type: "string" },
    include: { type: "string" },
    libvterm: { type: "string" },
    xterm: { type: "string" },
    streams: { type: "string" },
    seed: { type: "string", default: "1" },
    borders: { type: "string" },
    programs: { type: "boolean", default: false },
    vttest: { type: "boolean", default: false },
    only: { type: "string", default: "" }
  }
})

const parts: ReadonlyArray<readonly [string, (() => Promise<ReadonlyArray<Result>>) | null]> = [
  ["esctest2", values.esctest === undefined ? null : () => esctest(values.esctest!, values.include)],
  ["libvterm", values.libvterm === undefined ? null : () => libvterm(values.libvterm!)],
  ["xterm.js", values.xterm === undefined ? null : () => xtermFixtures(values.xterm!)],
  ["tmux", values.streams === undefined ? null : () => tmuxStreams(Number(values.streams), Number(values.seed))],
  ["programs", values.programs ? () => programs(all.filter(({ name }) => name.includes(values.only))) : null],
  ["vttest", values.vttest ? vttest : null],
  ["borders", values.borders === undefined ? null : () => Promise.resolve(borders(Number(values.borders), Number(values.seed)))]
]
for (const [name, run] of parts) {
  if (run === null) continue
  const results = await run()
  for (const { name: test, outcome, why } of results) if (outcome !== "passed") console.log(`${name}: ${test}: ${outcome}: ${why ?? ""}`)
  console.log(`${name}: ${countsOf(results)}`)
  if (results.some(({ outcome }) => outcome === "failed")) process.exitCode = 1
}
