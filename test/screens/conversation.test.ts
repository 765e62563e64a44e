/** What an agent or its user writes about a dialog is no dialog: the recorded dialogs are quoted above and in the composers of the recorded screens. */
import { assert, describe, it } from "vitest"
import { providers } from "../../src/domain/providers/index.ts"
import { readScreen } from "../../src/domain/providers/screen.ts"
import type { Highlight, ScreenRows } from "../../src/domain/screen-rows.ts"
import { type AgentName, agentNames, recorded } from "../agents/installed.ts"
import { fileOf, keptScreen } from "./reading.ts"
import { scenarios } from "./scenarios.ts"

/** How the agent draws a row of its own words, of the user's prompt, and of an unsent draft; where its composer begins on the screen. */
interface Drawing {
  readonly bases: ReadonlyArray<string>
  readonly quoted: ReadonlyArray<(row: string) => string>
  readonly draft: { readonly empty: RegExp; readonly full: (text: string) => string }
  readonly composerAt: (lines: ReadonlyArray<string>) => number
}

const lastOf = (lines: ReadonlyArray<string>, pattern: RegExp, nth = 1): number =>
  lines.flatMap((line, at) => (pattern.test(line) ? [at] : [])).at(-nth)!

const verbatim = (row: string) => row
const indented = (columns: number) => (row: string) => `${" ".repeat(columns)}${row}`

const drawings: { readonly [name in AgentName]: Drawing } = {
  "claude-code": {
    bases: ["idle", "working"],
    quoted: [verbatim, indented(2), (row) => `❯ ${row}`],
    draft: { empty: /^❯\s*$/, full: (text) => `❯ ${text}` },
    composerAt: (lines) => lastOf(lines, /^─{10,}/, 2)
  },
  codex: {
    bases: ["idle", "working"],
    quoted: [verbatim, indented(2)],
    draft: { empty: /^› Ask Codex/, full: (text) => `› ${text}` },
    composerAt: (lines) => lastOf(lines, /^› /) - 1
  },
  pi: {
    bases: ["idle", "working"],
    quoted: [verbatim, indented(1)],
    draft: { empty: /^$/, full: (text) => text },
    composerAt: (lines) => lastOf(lines, /^──/, 2)
  },
  opencode: {
    bases: ["working", "permission-third-picked"],
    quoted: [verbatim, indented(5), (row) => `  ┃  ${row}`],
    draft: { empty: /^ *┃$/, full: (text) => `  ┃  ${text}` },
    composerAt: (lines) => lastOf(lines, /^ *╹▀/) - 4
  },
  gemini: {
    bases: ["idle", "working"],
    quoted: [verbatim, indented(2)],
    draft: { empty: /^ > +Type your message/, full: (text) => ` > ${text}` },
    composerAt: (lines) => lastOf(lines, /^▄{10,}/)
  }
}

const phrases = [
  "Press Enter to continue",
  "Trust this folder?",
  "Do you trust this folder?",
  "Do you want to proceed?",
  "Select login method:",
  "Update available",
  "No models available. Use /login",
  "△ Permission required",
  "│ Apply this change?",
  "Hooks need review",
  "This conversation is open in another app",
  "Connect a provider      esc"
]

/** The last rows of a conversation, above the composer; what has no room goes off the screen. */
const saying = ({ composerAt }: Drawing, { highlights, lines }: ScreenRows, rows: ReadonlyArray<string>): ScreenRows => {
  const at = composerAt(lines)
  const whole = [...lines.slice(0, at), ...rows, ...lines.slice(at)]
  const moved = (by: number) => (each: Highlight) => ({ ...each, row: each.row + by })
  const last = whole.findLastIndex((line) => line.trim() !== "")
  const off = Math.max(0, last + 1 - lines.length)
  const below = highlights.filter(({ row }) => row >= at).map(moved(rows.length - off))
  const panels = rows.flatMap((row, index) => (row.startsWith("  ┃") ? [panel(at + index - off)] : []))
  return {
    lines: whole.slice(off, off + lines.length),
    highlights: [...highlights.filter(({ row }) => row < at).map(moved(-off)), ...panels, ...below]
  }
}

/** opencode draws a prompt on a background of its own. */
const panel = (row: number): Highlight => ({ row, col: 3, width: 115, background: "prompt" })

const isAsking = (agent: AgentName, screen: ScreenRows): boolean => {
  const seen = readScreen(providers.get(agent)!.evidence.screen, screen)
  return seen?.type === "Activity" && seen.activity === "waiting"
}

const dialogRows = (screen: ScreenRows): ReadonlyArray<string> => {
  const rows = screen.lines.map((line) => line.trimEnd())
  return rows
    .slice(
      rows.findIndex((row) => row !== ""),
      rows.findLastIndex((row) => row !== "") + 1
    )
    .slice(-24)
}

for (const agent of agentNames) {
  const drawing = drawings[agent]
  for (const version of recorded[agent]) {
    const screenOf = (name: string) => keptScreen(fileOf(agent, version, name))
    const dialogs = scenarios[agent].filter(({ reads, without }) => reads.activity === "waiting" && without?.[version] === undefined)
    describe(`a screen of ${agent} ${version} with its composer`, () => {
      for (const base of drawing.bases) {
        for (const { name } of dialogs) {
          it(`asks nothing where its conversation quotes a dialog: ${name} on ${base}`, () => {
            for (const quoted of drawing.quoted) {
              const rows = dialogRows(screenOf(name)).map(quoted)
              const screen = saying(drawing, screenOf(base), rows)
              assert.isFalse(isAsking(agent, screen), screen.lines.join("\n"))
            }
          })
        }
        it(`asks nothing where its conversation quotes a question on ${base}`, () => {
          for (const quoted of drawing.quoted)
            for (const phrase of phrases) {
              const screen = saying(drawing, screenOf(base), [quoted(phrase), quoted("❯ 1. Yes"), quoted("  2. No")])
              assert.isFalse(isAsking(agent, screen), screen.lines.join("\n"))
            }
        })
        it(`asks nothing where its composer holds a question on ${base}`, () => {
          for (const phrase of phrases) {
            const { highlights, lines } = screenOf(base)
            const at = lines.findIndex((line, row) => row >= drawing.composerAt(lines) && drawing.draft.empty.test(line.trimEnd()))
            const screen = { highlights, lines: lines.with(at, drawing.draft.full(phrase)) }
            assert.isFalse(isAsking(agent, screen), screen.lines.join("\n"))
          }
        })
      }
      for (const { name } of dialogs)
        it(`asks where a dialog stands below a conversation that quotes a question: ${name}`, () => {
          const { highlights, lines } = screenOf(name)
          const free = lines.flatMap((line, row) => (row > 1 && line.trim() === "" && !lines[row - 1]?.trim() ? [row] : []))[0] ?? 0
          const screen = { highlights, lines: lines[free]?.trim() === "" ? lines.with(free, drawing.quoted.at(-1)!(phrases[0]!)) : lines }
          assert.isTrue(isAsking(agent, screen), screen.lines.join("\n"))
        })
    })
  }
}
