/** What an agent or its user writes about a dialog is no dialog: the recorded dialogs are quoted above and in the composers of the recorded screens. */
import { assert, describe, it } from "vitest"
import { answerOn } from "../../src/domain/providers/answering.ts"
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
  /** The dialogs that stand below a conversation, and the first row of each. */
  readonly below: { readonly dialogs: ReadonlyArray<string>; readonly at: (lines: ReadonlyArray<string>) => number }
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
    composerAt: (lines) => lastOf(lines, /^─{10,}/, 2),
    below: {
      dialogs: ["permission", "permission-to-write", "question", "theme", "model", "login"],
      at: (lines) => lines.findIndex((line) => /^[─▔]{10,}/.test(line))
    }
  },
  codex: {
    bases: ["idle", "working"],
    quoted: [verbatim, indented(2)],
    draft: { empty: /^› Ask Codex/, full: (text) => `› ${text}` },
    composerAt: (lines) => lastOf(lines, /^› /) - 1,
    below: { dialogs: ["permission", "model"], at: (lines) => lastOf(lines, /^ {2}(?:Would you like|Select Model)/) }
  },
  pi: {
    bases: ["idle", "working"],
    quoted: [verbatim, indented(1)],
    draft: { empty: /^$/, full: (text) => text },
    composerAt: (lines) => lastOf(lines, /^──/, 2),
    below: { dialogs: ["model", "settings", "login"], at: (lines) => lastOf(lines, /^──/, 2) }
  },
  opencode: {
    bases: ["working", "permission-third-picked"],
    quoted: [verbatim, indented(5), (row) => `  ┃  ${row}`],
    draft: { empty: /^ *┃$/, full: (text) => `  ┃  ${text}` },
    composerAt: (lines) => lastOf(lines, /^ *╹▀/) - 4,
    below: { dialogs: ["permission", "commands"], at: (lines) => lastOf(lines, /^ *┃ *△ Permission required|^ {20,}Commands {2,}esc/) - 1 }
  },
  gemini: {
    bases: ["idle", "working"],
    quoted: [verbatim, indented(2)],
    draft: { empty: /^ > +Type your message/, full: (text) => ` > ${text}` },
    composerAt: (lines) => lastOf(lines, /^▄{10,}/),
    below: { dialogs: ["auth", "permission", "permission-to-write", "theme"], at: (lines) => lastOf(lines, /^╭/) }
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

/** The last rows of a conversation, above this row; what has no room goes off the screen. */
const saying = ({ highlights, lines }: ScreenRows, at: number, rows: ReadonlyArray<string>): ScreenRows => {
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

/** What is asked, and the keys that give each answer to it. */
const asked = (agent: AgentName, screen: ScreenRows) => {
  const provider = providers.get(agent)!
  const seen = readScreen(provider.evidence.screen, screen)
  const question = seen?.type === "Activity" ? seen.question : null
  if (question == null) return null
  return { question, keys: ["allow", "deny", ...question.choices].map((text) => answerOn(screen, provider, question, text)) }
}

/** A panel stands over the conversation, and moves with no row of it. */
const above = (name: string, screen: ScreenRows, at: number, rows: ReadonlyArray<string>): ScreenRows =>
  name === "commands"
    ? { ...screen, lines: [...Array<string>(at).fill(""), ...rows].slice(rows.length).slice(0, at).concat(screen.lines.slice(at)) }
    : saying(screen, at, [...rows, ""])

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
              const screen = saying(screenOf(base), drawing.composerAt(screenOf(base).lines), rows)
              assert.isFalse(isAsking(agent, screen), screen.lines.join("\n"))
            }
          })
        }
        it(`asks nothing where its conversation quotes a question on ${base}`, () => {
          for (const quoted of drawing.quoted)
            for (const phrase of phrases) {
              const screen = saying(screenOf(base), drawing.composerAt(screenOf(base).lines), [
                quoted(phrase),
                quoted("❯ 1. Yes"),
                quoted("  2. No")
              ])
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
      for (const name of drawing.below.dialogs.filter((each) => dialogs.some((dialog) => dialog.name === each)))
        it(`asks what its lowest dialog asks, whatever is quoted above it: ${name}`, () => {
          const screen = screenOf(name)
          const at = drawing.below.at(screen.lines)
          const whole = dialogs.map((dialog) => dialogRows(screenOf(dialog.name)))
          const parts = whole.flatMap((rows) => [rows.slice(0, rows.length / 2), rows.slice(rows.length / 2)])
          const quotations = [...whole, ...parts, ...phrases.flatMap((phrase) => [[phrase], [phrase, "❯ 1. Sure", "  2. Nope"]])]
          const alone = asked(agent, screen)
          assert.isNotEmpty(alone?.question.text)
          for (const quotation of quotations)
            for (const quoted of drawing.quoted) {
              const both = above(name, screen, at, quotation.map(quoted))
              assert.deepStrictEqual(asked(agent, both), alone, both.lines.join("\n"))
            }
        })
    })
  }
}
