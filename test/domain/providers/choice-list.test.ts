/** Choices as programs draw them, and the keys that reach each: the choice that a user names is the one that Enter picks. */
import { assert, describe, it } from "@effect/vitest"
import { answerOn, answerTo } from "../../../src/domain/providers/answering.ts"
import { choicesFrom, located } from "../../../src/domain/providers/choice-list.ts"
import { providerOf } from "../../../src/domain/providers/index.ts"
import { readScreen } from "../../../src/domain/providers/screen.ts"
import type { Highlight } from "../../../src/domain/screen-rows.ts"
import { recorded } from "../../agents/installed.ts"
import { fileOf, keptScreen } from "../../screens/reading.ts"

const screenOf = (text: string, ...highlights: ReadonlyArray<Highlight>) => ({ lines: text.split("\n"), highlights })
const bar = (row: number, col = 0, width = 40, background = "reverse"): Highlight => ({ row, col, width, background })

const lists = {
  // Codex' login: a plain `>` and descriptions.
  described: screenOf(`Choose how you want to use it.

> 1. Sign in with an account
     Usage is included

  2. Sign in with a device code
     From another device

  3. Sign in another way

  Press enter to continue`),
  unnumbered: screenOf(`Pick a style

      Auto
  ❯ ✔ Dark mode
      Light mode
      New theme…

  Enter to select`),
  starred: screenOf(`Pick one

  * red
    green
    blue
`),
  reversed: screenOf(
    `Pick one

  red
  green
  blue

  arrows move`,
    bar(3)
  ),
  panelled: screenOf(
    `Pick one
  red
  green
  blue`,
    ...[0, 1, 3].map((row) => bar(row, 0, 40, "b1")),
    bar(2, 0, 40, "b2")
  ),
  radio: screenOf(`Pick one
│ ○ red            │
│ ● green          │
│ ○ blue           │`),
  boxed: screenOf(`Pick one
  ( ) red
  (•) green
  ( ) blue`),
  beside: screenOf(`│ > Select theme              Preview        │
│    1. red                   │ 1. x = 0      │
│ ●  2. green                 │ 2. y = 1      │
│    3. blue                  │ 3. z = 2      │`)
}

describe("a list of choices", () => {
  it.each([
    ["described", ["Sign in with an account", "Sign in with a device code", "Sign in another way"], 0],
    ["unnumbered", ["Auto", "Dark mode", "Light mode", "New theme…"], 1],
    ["starred", ["red", "green", "blue"], 0],
    ["reversed", ["red", "green", "blue"], 1],
    ["panelled", ["red", "green", "blue"], 1],
    ["radio", ["red", "green", "blue"], 1],
    ["boxed", ["red", "green", "blue"], 1],
    ["beside", ["red", "green", "blue"], 1]
  ] as const)("%s offers %j, and the one at %i is marked", (name, choices, at) => {
    assert.deepStrictEqual(choicesFrom(lists[name], 1), choices)
    assert.strictEqual(located(lists[name], choices)?.marked, at)
  })

  it.each([
    ["prose", "Pick one\n\nRead this first.\nThen go on."],
    ["bullets", "Pick one\n* this is said\n* and this"],
    ["nothing", "Pick one"]
  ])("is not seen in %s", (_, text) => {
    assert.deepStrictEqual(choicesFrom(screenOf(text), 1), [])
  })

  it("is found where it stands last, after a scroll of the same words", () => {
    const found = located(screenOf("> 1. red\n  2. green\n\nagain:\n\n  1. red\n> 2. green"), ["red", "green"])
    assert.deepStrictEqual(found, { numbers: [1, 2], marked: 1, across: false })
  })

  it("is read in time linear in the screen, whatever stands there", () => {
    const large = { lines: Array.from({ length: 1_000 }, () => "│ › ".repeat(250)), highlights: [] }
    const startedAt = performance.now()
    choicesFrom(large, 0)
    located(large, ["red", "green"])
    assert.isBelow(performance.now() - startedAt, 2_000)
  })
})

describe("the keys of an answer", () => {
  const keysOf = (agent: string, name: keyof typeof lists, text: string) => {
    const choices = choicesFrom(lists[name], 1)
    const given = answerTo(providerOf(agent), { kind: "input", choices }, text, located(lists[name], choices))
    return given.type === "keys" ? given.keys : given.type
  }

  it("are the number that the screen shows, where numbers pick", () => {
    assert.strictEqual(keysOf("codex", "described", "2"), "2")
    assert.strictEqual(keysOf("codex", "described", "sign in another way"), "3")
  })

  it("are arrows from the marked choice, where there are no numbers", () => {
    assert.strictEqual(keysOf("claude-code", "unnumbered", "1"), "\x1b[A\r")
    assert.strictEqual(keysOf("claude-code", "unnumbered", "dark mode"), "\r")
    assert.strictEqual(keysOf("claude-code", "unnumbered", "4"), "\x1b[B\x1b[B\r")
    assert.strictEqual(keysOf("claude-code", "reversed", "blue"), "\x1b[B\r")
    assert.strictEqual(keysOf("claude-code", "unnumbered", "5"), "noSuchChoice")
  })

  it("are arrows for an agent that takes no numbers, and of which nothing else is known", () => {
    assert.strictEqual(keysOf("opencode", "described", "3"), "\x1b[B\x1b[B\r")
    assert.strictEqual(keysOf("pi", "starred", "green"), "\x1b[B\r")
    assert.strictEqual(keysOf("pi", "starred", "purple"), "text")
  })

  it("go left and right, where choices stand beside each other", () => {
    const screen = screenOf(
      "┃  Allow once   Allow always   Reject     enter confirm",
      bar(0, 0, 3, "b1"),
      bar(0, 3, 10, "b2"),
      bar(0, 13, 30, "b1")
    )
    const choices = ["Allow once", "Allow always", "Reject"]
    const given = answerTo(providerOf("opencode"), { kind: "permission", choices }, "reject", located(screen, choices))
    assert.deepStrictEqual(given, { type: "keys", keys: "\x1b[C\x1b[C\r" })
  })
})

describe("an answer to what is on the screen by now", () => {
  const dialog = (...rows: ReadonlyArray<string>) => screenOf(["Do you want to proceed?", ...rows, " Esc to cancel"].join("\n"))
  const claude = providerOf("claude-code")
  const asked = { kind: "permission", choices: ["No, and tell it", "Yes", "Yes, and do not ask again"] } as const

  it("is not typed where other choices stand there than were offered, or the same in another order", () => {
    const swapped = dialog(" ❯ 1. Yes", "   2. Yes, and do not ask again", "   3. No, and tell it")
    for (const text of ["1", "yes", "no, and tell it"]) {
      assert.deepStrictEqual(answerOn(swapped, claude, asked, text), { type: "otherQuestion" })
    }
    const same = dialog(" ❯ 1. No, and tell it", "   2. Yes", "   3. Yes, and do not ask again")
    assert.deepStrictEqual(answerOn(same, claude, asked, "yes"), { type: "keys", keys: "2" })
  })

  it("is read off a list that no rule knows, and never typed with an Enter that would confirm the marked choice", () => {
    const unknown = screenOf(" Wipe the disk?\n ❯ 1. Yes\n   2. No\n   3. Yes, always\n   (more)")
    const open = { kind: "input", choices: [] } as const
    assert.deepStrictEqual(answerOn(unknown, claude, open, "No"), { type: "keys", keys: "2" })
    assert.strictEqual(answerOn(unknown, claude, open, "allow").type, "noSuchChoice")
    assert.strictEqual(answerOn(screenOf("Your name?\n> "), claude, open, "Ada").type, "text")
  })
})

describe("a list on a panel", () => {
  const opencode = providerOf("opencode")
  const keysOn = (version: string, name: string, text: string) => {
    const screen = keptScreen(fileOf("opencode", version, name))
    const seen = readScreen(opencode.evidence.screen, screen)
    assert(seen?.type === "Activity" && seen.question != null)
    return answerOn(screen, opencode, seen.question, text)
  }

  it.each(recorded.opencode)("is picked from beside the composer that it covers, and no heading is: opencode %s", (version) => {
    const down = (rows: number) => ({ type: "keys" as const, keys: `${"\x1b[B".repeat(rows)}\r` })
    assert.deepStrictEqual(keysOn(version, "connect", "Anthropic (API key)"), down(4))
    assert.deepStrictEqual(keysOn(version, "commands", "Switch model"), down(2))
    assert.deepStrictEqual(keysOn(version, "model", "Scripted"), down(0))
    for (const [name, heading] of [
      ["connect", "Popular"],
      ["commands", "Suggested"]
    ] as const)
      assert.strictEqual(keysOn(version, name, heading).type, "noSuchChoice")
  })
})
