import { assert, describe, it } from "@effect/vitest"
import type { Observation, Question } from "../../../src/domain/observations.ts"
import { providers } from "../../../src/domain/providers/index.ts"
import type { Rule } from "../../../src/domain/providers/provider.ts"
import { readScreen, readTitle } from "../../../src/domain/providers/screen.ts"

const rules: ReadonlyArray<Rule> = [
  { pattern: "^May I .*\\?$", activity: "waiting", question: "permission" },
  { pattern: "busy", activity: "working" },
  { pattern: "^> $|^>$", activity: "idle" }
]

const rowsOf = (lines: ReadonlyArray<string>) => ({ lines, highlights: [] })

describe("a screen", () => {
  it("says what the first rule that matches says", () => {
    assert.deepStrictEqual(readScreen(rules, rowsOf(["busy", "May I touch x?   ", ">"])), {
      type: "Activity",
      activity: "waiting",
      question: { kind: "permission", text: "May I touch x?", choices: [] }
    })
    assert.deepStrictEqual(readScreen(rules, rowsOf(["so busy", ">"])), { type: "Activity", activity: "working", question: null })
  })

  it("is read in time linear in its text, whatever the rule and the screen are", () => {
    const nested: ReadonlyArray<Rule> = [{ pattern: "^(?:(?:a+)+)+$", activity: "idle" }]
    const timed = (chars: number) => {
      const startedAt = performance.now()
      assert.isNull(readScreen(nested, rowsOf([`${"a".repeat(chars)}!`])))
      return performance.now() - startedAt
    }
    timed(1_000)
    assert.isBelow(timed(60_000), 5_000)
    const hostile = [
      "x".repeat(200),
      "  Would you like to x?",
      "› 1. Trust",
      "▔".repeat(10),
      " ╭──────────",
      "  ┃ △ Permission required",
      "──",
      "",
      " esc"
    ]
    const screens = [
      ...hostile.map((row) => Array(20_000).fill(row)),
      Array.from({ length: 20_000 }, (_, at) => hostile[at % hostile.length])
    ]
    for (const { evidence, id } of providers.values())
      for (const lines of screens) {
        const startedAt = performance.now()
        readScreen(evidence.screen, rowsOf(lines))
        assert.isBelow(performance.now() - startedAt, 10_000, `${id}: ${lines[1]}`)
      }
  })

  it("says nothing where no rule matches", () => {
    assert.isNull(readScreen(rules, rowsOf(["plain text"])))
    assert.isNull(readScreen([], rowsOf([">"])))
  })

  it("with many coloured rectangles is read in bounded time", () => {
    const [cols, rows] = [500, 200]
    const lines = Array<string>(rows).fill("x ".repeat(cols / 2))
    const highlights = lines.flatMap((_, row) =>
      Array.from({ length: cols }, (_, col) => ({ row, col, width: 1, background: `b${col % 2}` }))
    )
    const startedAt = performance.now()
    readScreen(providers.get("opencode")!.evidence.screen, { lines, highlights })
    assert.isBelow(performance.now() - startedAt, 10_000)
  })
})

describe("a rule", () => {
  const asks = { activity: "waiting", question: "input" } as const

  it("reads the question that stands lowest, with the choices below it", () => {
    const picks: ReadonlyArray<Rule> = [{ ...asks, pattern: "^Pick .*$" }]
    const lines = ["Pick one", "1. old", "2. older", "", "Pick another", "1. new", "2. newer"]
    for (const below of [[], Array<string>(500).fill("said")])
      assert.deepStrictEqual(readScreen(picks, rowsOf([...lines, ...below])), {
        type: "Activity",
        activity: "waiting",
        question: { kind: "input", text: "Pick another", choices: ["new", "newer"] }
      })
  })

  it("reads only what stands from its `below` on, and the whole screen where there is none", () => {
    const framed: ReadonlyArray<Rule> = [{ ...asks, pattern: "^Pick one$", below: "^──" }]
    assert.isNull(readScreen(framed, rowsOf(["──", "Pick one", "1. old", "──", "Pick another", "1. new"])))
    assert.deepInclude(readScreen(framed, rowsOf(["said", "──", "Pick one", "1. new"])), {
      question: { kind: "input", text: "Pick one", choices: ["new"] }
    })
    assert.deepInclude(readScreen(framed, rowsOf(["Pick one", "1. new"])), { activity: "waiting" })
  })

  it("does not hold while its `unless` matches", () => {
    const careful: ReadonlyArray<Rule> = [{ ...asks, pattern: "^Pick one$", unless: "^>.*\\z" }]
    assert.deepInclude(readScreen(careful, rowsOf(["Pick one", "1. yes"])), { activity: "waiting" })
    assert.isNull(readScreen(careful, rowsOf(["Pick one", "1. yes", "> "])))
  })

  it("reads what stands on a panel alone, whatever stands beside it, where it says so", () => {
    const onPanel: ReadonlyArray<Rule> = [{ ...asks, pattern: "^ *(?<text>Pick one) +esc$", panel: true }]
    const panel = (row: number, col = 4) => ({ row, col, width: 20, background: "b1" })
    const panels = (col = 4) => [0, 1, 2].map((row) => panel(row, col))
    const lines = ["said", "said  Pick one    esc   and more", ""]
    assert.deepInclude(readScreen(onPanel, { lines: lines.with(1, "日本  Pick one    esc   and more"), highlights: panels() }), {
      activity: "waiting"
    })
    assert.deepStrictEqual(readScreen(onPanel, { lines, highlights: panels() }), {
      type: "Activity",
      activity: "waiting",
      question: { kind: "input", text: "Pick one", choices: [] }
    })
    assert.isNull(readScreen(onPanel, { lines, highlights: [] }))
    assert.isNull(readScreen(onPanel, { lines, highlights: [panel(1)] }), "one row is no panel")
    assert.isNull(readScreen(onPanel, { lines: ["", "  ┃ Pick one    esc", ""], highlights: panels(3) }), "a prompt of the conversation")
  })
})

describe("a title", () => {
  const gemini = providers.get("gemini")!.evidence.titles
  const codex = providers.get("codex")!.evidence.titles
  it("shows what it is known to show", () => {
    assert.deepInclude(readTitle(gemini, "◇  Ready (work)"), { activity: "idle" })
    assert.deepInclude(readTitle(gemini, "✦  Working… (work)"), { activity: "working" })
    assert.deepInclude(readTitle(gemini, "✋  Action Required (work)"), {
      activity: "waiting",
      question: { kind: "permission", text: "✋ Action Required (work)", choices: [] }
    })
    assert.deepInclude(readTitle(codex, "⠋ work"), { activity: "working" })
    assert.deepInclude(readTitle(codex, "[ ! ] Action Required | work"), { activity: "waiting" })
    assert.isNull(readTitle(codex, "work"))
  })

  it("that means two things is taken for neither", () => {
    assert.isNull(readTitle(providers.get("claude-code")!.evidence.titles, "✳ Claude Code"))
  })
})

/** As it was drawn on 120 columns, what is above and beside the dialog left out. */
const screens = {
  claudeAsks: `❯ please [run touch perm.txt]

● Running touch perm.txt
  ⎿  $ touch perm.txt

────────────────────────────────────────────────────────────────
 Bash command
 Tip: auto mode handles these prompts for you — choose "switch to auto mode" below

 Run shell command
╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
 touch perm.txt
╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
 Do you want to proceed?
 ❯ 1. Yes
   2. Yes, and always allow access to /home/ada/project from this project
   3. No

 Esc to cancel · Tab to amend`,
  claudeTrusts: ` Accessing workspace:

 /home/ada/project

 Quick safety check: Is this a project you created or one you trust? (Like your own code)

 ❯ No, exit
   Yes, I trust this folder

 Enter to confirm · Esc to cancel`,
  claudeSwitches: `  ⎿  Interrupted · What should Claude do instead?
▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔
  Switch model?
  Your next response will be slower and use more tokens

  This conversation is cached for the current model. Switching to Haiku 5.5
  means the full history gets re-read.

  ❯ 1. Yes, switch to Haiku 5.5
    2. No, go back

  Enter to confirm · Esc to cancel`,
  claudeWorks: `❯ hello one

✻ Gusting…

────────────────────────────────────────────────────────────────
❯
────────────────────────────────────────────────────────────────
  ⏸ manual mode on · esc to interrupt · ← for agents`,
  claudeRests: `❯ hello one

● You said: do you want to proceed?

✻ Cooked for 0s · done 2:41 AM

────────────────────────────────────────────────────────────────
❯
────────────────────────────────────────────────────────────────
  ⏸ manual mode on · ? for shortcuts`,
  claudeStarts: `❯ an old prompt without a composer`,
  codexAsks: `› please [run touch perm.txt]

  Would you like to run the following command?

  Environment: local

  Reason: Scripted words

  $ touch perm.txt

› 1. Yes, proceed (y)
  2. Yes, and don't ask again for commands that start with \`touch perm.txt\` (p)
  3. No, and tell Codex what to do differently (esc)

  Press enter to confirm or esc to cancel`,
  codexWorks: `› work [slow 5000]

• Working (2s • esc to interrupt)

› Ask Codex to do anything

  scripted-model default · /home/ada/project`,
  codexPrints: `› work [slow 5000]

• Taken down: (3) work

› Ask Codex to do anything

  scripted-model default · /home/ada/project`,
  codexPrintsAgain: `  Worked for 5s • 02:50

› again

• Taken down

› Ask Codex to do anything

  scripted-model default · /home/ada/project`,
  codexRests: `› work [slow 5000]

• Taken down: (3) work [slow 5000] It took no time.

  Worked for 5s • 02:50

› Ask Codex to do anything

  scripted-model default · /home/ada/project`,
  geminiAsks: `╭──────────────────────────────────────────╮
│ ? Shell  touch perm.txt                  │
│                                          │
│ touch perm.txt                           │
│ Allow execution of [Shell]?              │
│                                          │
│ ● 1. Allow once                          │
│   2. Allow for this session              │
│   3. No, suggest changes (esc)           │
╰──────────────────────────────────────────╯`,
  geminiRests: ` >   Type your message or @path/to/file`,
  geminiWorks: ` ⠙ Thinking... (esc to cancel, 1s)

 >   Type your message or @path/to/file`,
  opencodeAsks: `  ┃  △ Permission required
  ┃    # Shell command
  ┃
  ┃  $ touch perm.txt
  ┃
  ┃   Allow once   Allow always   Reject     ctrl+f fullscreen  ⇆ select  enter confirm`,
  opencodeRests: `  ┃  Ask anything… "Fix broken tests"`,
  opencodeWorks: `  ■⬝⬝⬝⬝⬝⬝⬝  esc interrupt`,
  piWorks: `── ⠇ Working ───────────────────────────────

────────────────────────────────────────────
/home/ada/project
0.0%/128k (auto)                                   scripted-model`,
  piRests: `────────────────────────────────────────────

────────────────────────────────────────────
/home/ada/project
↑3.4k ↓43 R138 1.2%/128k (auto)                    scripted-model`
}

describe("the screen of a real agent", () => {
  const on = (provider: string, screen: keyof typeof screens) =>
    readScreen(providers.get(provider)!.evidence.screen, rowsOf(screens[screen].split("\n")))
  const asks = (kind: Question["kind"], text: string, choices: ReadonlyArray<string>): Observation => ({
    type: "Activity",
    activity: "waiting",
    question: { kind, text, choices }
  })

  it("shows a question with what it offers", () => {
    assert.deepStrictEqual(
      on("claude-code", "claudeAsks"),
      asks("permission", "Run shell command touch perm.txt Do you want to proceed?", [
        "Yes",
        "Yes, and always allow access to /home/ada/project from this project",
        "No"
      ])
    )
    assert.deepStrictEqual(on("claude-code", "claudeSwitches"), asks("input", "Switch model?", ["Yes, switch to Haiku 5.5", "No, go back"]))
    assert.deepStrictEqual(
      on("claude-code", "claudeTrusts"),
      asks("trust", "Quick safety check: Is this a project you created or one you trust?", ["No, exit", "Yes, I trust this folder"])
    )
    const command = "Would you like to run the following command? Environment: local Reason: Scripted words $ touch perm.txt"
    assert.deepStrictEqual(
      on("codex", "codexAsks"),
      asks("permission", command, [
        "Yes, proceed (y)",
        "Yes, and don't ask again for commands that start with `touch perm.txt` (p)",
        "No, and tell Codex what to do differently (esc)"
      ])
    )
    assert.deepStrictEqual(
      on("gemini", "geminiAsks"),
      asks("permission", "? Shell touch perm.txt touch perm.txt Allow execution of [Shell]?", [
        "Allow once",
        "Allow for this session",
        "No, suggest changes (esc)"
      ])
    )
    assert.deepStrictEqual(
      on("opencode", "opencodeAsks"),
      asks("permission", "△ Permission required # Shell command $ touch perm.txt", ["Allow once", "Allow always", "Reject"])
    )
  })

  it("distinguishes work from rest, though both show a composer", () => {
    for (const [provider, name] of [
      ["claude-code", "claude"],
      ["codex", "codex"],
      ["gemini", "gemini"],
      ["opencode", "opencode"],
      ["pi", "pi"]
    ] as const) {
      assert.deepInclude(on(provider, `${name}Works`), { activity: "working" }, provider)
      assert.deepInclude(on(provider, `${name}Rests`), { activity: "idle" }, provider)
    }
  })

  it("that shows neither is not guessed at", () => {
    assert.isNull(on("claude-code", "claudeStarts"))
    assert.isNull(on("codex", "codexPrints"))
    assert.isNull(on("codex", "codexPrintsAgain"))
  })
})
