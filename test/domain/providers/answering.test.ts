/** What is typed for an answer, and which answers are not typed at all. */
import { assert, describe, it } from "@effect/vitest"
import type { Question } from "../../../src/domain/observations.ts"
import { answerTo } from "../../../src/domain/providers/answering.ts"
import { providerOf } from "../../../src/domain/providers/index.ts"

const asked = (kind: Question["kind"], ...choices: ReadonlyArray<string>) => ({ kind, choices })
const permission = asked("permission", "Yes", "Yes, and don't ask again", "No")
const claudeTrust = asked("trust", "No, exit", "Yes, I trust this folder")
const codexTrust = asked("trust", "Trust and continue", "Back to Agent Command Center")
const codexHooks = asked("permission", "Review hooks", "Trust all and continue", "Continue without trusting (hooks won't run)")
const geminiTrust = asked("trust", "Trust folder (work)", "Trust parent folder (home)", "Don't trust")
const login = asked("login", "Claude account", "Console account")

describe("an answer", () => {
  it.each([
    ["claude-code", permission, "allow", "1"],
    ["claude-code", permission, " ALLOW\n", "1"],
    ["claude-code", permission, "deny", "\x1b"],
    ["claude-code", permission, "3", "3"],
    ["claude-code", permission, "no", "3"],
    ["claude-code", asked("permission"), "2", "2"],
    ["claude-code", claudeTrust, "allow", "\x1b[B\r"],
    ["claude-code", claudeTrust, "2", "\x1b[B\r"],
    ["claude-code", claudeTrust, "no, exit", "\r"],
    ["claude-code", claudeTrust, "deny", "\x1b"],
    ["claude-code", login, "2", "2"],
    ["codex", permission, "allow", "y"],
    ["codex", codexTrust, "allow", "\r"],
    ["codex", codexTrust, "2", "\x1b[B\r"],
    ["codex", codexHooks, "allow", "2"],
    ["codex", codexHooks, "3", "3"],
    ["gemini", geminiTrust, "allow", "1"],
    ["gemini", geminiTrust, "don't trust", "3"],
    ["opencode", permission, "allow", "\r"]
  ] as const)("to %s about %o: %j types %j", (agent, question, text, keys) => {
    assert.deepStrictEqual(answerTo(providerOf(agent), question, text, null), { type: "keys", keys })
  })

  it.each([
    ["claude-code", permission, "perhaps"],
    ["claude-code", permission, "4"],
    ["claude-code", permission, "0"],
    ["claude-code", permission, ""],
    ["claude-code", asked("permission"), "yes"],
    ["claude-code", claudeTrust, "yes"],
    ["claude-code", claudeTrust, "3"],
    ["claude-code", login, "allow"],
    ["claude-code", asked("input", "red", "blue"), "green"],
    // Typed with Enter after it, a number would confirm the marked choice there.
    ["opencode", permission, "3"]
  ] as const)("to %s about %o is not typed where it picks nothing: %j", (agent, question, text) => {
    assert.strictEqual(answerTo(providerOf(agent), question, text, null).type, "noSuchChoice")
  })

  it.each([
    ["claude-code", asked("input"), "call it Ada"],
    ["claude-code", asked("login"), "a code"],
    ["command", permission, "y"],
    ["opencode", asked("input", "red", "blue"), "green"]
  ] as const)("to %s about %o is typed where it is a text: %j", (agent, question, text) => {
    assert.deepStrictEqual(answerTo(providerOf(agent), question, text, null), { type: "text" })
  })
})
