import { assert, describe, it } from "@effect/vitest"
import { hookFiles } from "../../../src/domain/providers/hook-files/index.ts"

const callback = { directory: "/s p", hook: ["/n/node", "/it's/hook.cjs"] }
const only = (kind: "claude-code" | "gemini" | "pi") => {
  const [file, ...more] = hookFiles(kind, callback)
  assert.deepStrictEqual(more, [])
  return file!
}

describe("the private settings", () => {
  it("of Claude Code call us at each event, and let it go on whatever we do", () => {
    const { hooks } = JSON.parse(only("claude-code").text)
    assert.includeMembers(Object.keys(hooks), [
      "SessionStart",
      "UserPromptSubmit",
      "PermissionRequest",
      "PostToolUse",
      "Stop",
      "StopFailure"
    ])
    assert.deepStrictEqual(hooks.Stop, [
      { hooks: [{ type: "command", command: `'/n/node' '/it'\\''s/hook.cjs' 'Stop' >/dev/null 2>&1 || true`, timeout: 10 }] }
    ])
  })

  it("of Gemini say an empty object, which it reads as nothing", () => {
    const { hooks } = JSON.parse(only("gemini").text)
    assert.match(hooks.AfterAgent[0].hooks[0].command, /'AfterAgent' >\/dev\/null 2>&1; echo '\{\}'$/)
  })

  it("of opencode name a plugin in the same directory", () => {
    const [settings, plugin] = hookFiles("opencode", callback)
    assert.deepStrictEqual(JSON.parse(settings!.text), { plugin: ["file:///s%20p/reprise.js"] })
    assert.strictEqual(plugin!.name, "reprise.js")
  })
})
