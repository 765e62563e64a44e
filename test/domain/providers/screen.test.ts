import { assert, describe, it } from "@effect/vitest"
import { providers } from "../../../src/domain/providers/index.ts"
import type { Rule } from "../../../src/domain/providers/provider.ts"
import { readScreen, readTitle } from "../../../src/domain/providers/screen.ts"

const rules: ReadonlyArray<Rule> = [
  { pattern: "^May I .*\\?$", activity: "waiting", question: "permission" },
  { pattern: "busy", activity: "working" },
  { pattern: "^> $|^>$", activity: "idle" }
]

describe("a screen", () => {
  it("says what the first rule that matches says", () => {
    assert.deepStrictEqual(readScreen(rules, ["busy", "May I touch x?   ", ">"]), {
      type: "Activity",
      activity: "waiting",
      question: { kind: "permission", text: "May I touch x?", choices: [] }
    })
    assert.deepStrictEqual(readScreen(rules, ["so busy", ">"]), { type: "Activity", activity: "working", question: null })
  })

  it("says nothing where no rule matches", () => {
    assert.isNull(readScreen(rules, ["plain text"]))
    assert.isNull(readScreen([], [">"]))
  })
})

describe("a title", () => {
  const gemini = providers.get("gemini")!.evidence.titles
  const codex = providers.get("codex")!.evidence.titles
  it("tells what it is known to tell", () => {
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
