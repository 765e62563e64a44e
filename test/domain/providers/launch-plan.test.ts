import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { providers } from "../../../src/domain/providers/index.ts"
import { type Conversation, launchPlan } from "../../../src/domain/providers/launch-plan.ts"
import { parentMarkers, withoutNames } from "../../../src/domain/providers/parent-markers.ts"
import { Provider, placesIn } from "../../../src/domain/providers/provider.ts"
import { quoted } from "../../../src/domain/providers/shell.ts"

const id = "0f5e8c1e-3f0a-4d52-9a64-5a6d1b7f9c11"
const parent = "9b2d7a44-6f0e-4a39-8a55-0c6c0f3f7e22"
const of = (name: string) => providers.get(name)!
const fresh: Conversation = { kind: "fresh", id, parent: null }
const planned = (name: string, conversation: Conversation, args: ReadonlyArray<string> = []) =>
  launchPlan(of(name), { command: [name], args, conversation, directory: "/home/a b/s", hook: ["/usr/bin/node", "/h/hook.cjs"] })
const unnamed: Conversation = { kind: "fresh", id: null, parent: null }

describe("every built-in provider", () => {
  it("is what a user may write, and reads back as it stands", () => {
    for (const provider of providers.values()) {
      const read = Schema.decodeUnknownSync(Provider)(JSON.parse(JSON.stringify(provider)), { onExcessProperty: "error" })
      assert.deepStrictEqual(read, provider)
    }
    assert.deepStrictEqual([...providers.keys()], ["command", "claude-code", "codex", "pi", "opencode", "gemini"])
  })

  it("leaves no place unfilled in any launch that it knows", () => {
    for (const [name, { conversation }] of providers)
      for (const kind of ["fresh", "resume", "fork"] as const) {
        if (conversation === null ? kind !== "fresh" : conversation[kind] === null) continue
        const told = kind === "resume" || conversation?.named === "chosen"
        const { command, directories, env } = planned(name, { kind, id: told ? id : null, parent: kind === "fork" ? parent : null })
        for (const word of [...command, ...directories, ...Object.values(env)])
          assert.deepStrictEqual(placesIn(word), [], `${name} ${kind}`)
      }
  })
})

describe("a launch", () => {
  it("names the conversation before it begins, resumes it and forks it", () => {
    const settings = ["--settings", "/home/a b/s/settings.json"]
    assert.deepStrictEqual(planned("claude-code", fresh, ["--model", "x"]).command, [
      "claude-code",
      ...settings,
      "--session-id",
      id,
      "--model",
      "x"
    ])
    assert.deepStrictEqual(planned("claude-code", { kind: "resume", id, parent: null }).command.slice(3), ["--resume", id])
    assert.deepStrictEqual(planned("claude-code", { kind: "fork", id, parent }).command.slice(3), [
      "--resume",
      parent,
      "--fork-session",
      "--session-id",
      id
    ])
  })

  it("of an agent that names the conversation itself has no word for it before it is known", () => {
    assert.deepStrictEqual(planned("codex", unnamed).command.slice(-1), ["features.daemon_auto_start=false"])
    assert.deepStrictEqual(planned("codex", { kind: "resume", id, parent: null }, ["-m", "x"]).command.slice(3), ["resume", id, "-m", "x"])
    assert.deepStrictEqual(planned("opencode", { kind: "fork", id: null, parent }).command, ["opencode", "-s", parent, "--fork"])
  })

  it("of a plain command is the command", () => {
    assert.deepStrictEqual(planned("command", unnamed, ["-l"]), {
      command: ["command", "-l"],
      env: {},
      scrub: parentMarkers,
      files: [],
      directories: []
    })
  })

  it("that lacks what it must name is a mistake of ours, and none is made", () => {
    assert.throws(() => planned("claude-code", { kind: "resume", id: null, parent: null }), "{conversation}")
    assert.throws(() => planned("claude-code", { kind: "fork", id, parent: null }), "{parent}")
    assert.throws(() => planned("gemini", { kind: "fork", id, parent }), "gemini cannot fork")
    assert.throws(() => planned("command", { kind: "resume", id, parent: null }), "no conversation")
  })

  it("sets nothing for Gemini that it would warn of", () => {
    assert.deepStrictEqual(Object.keys(planned("gemini", fresh).env).toSorted(), ["GEMINI_CLI_NO_RELAUNCH", "TMPDIR"])
    assert.deepStrictEqual(planned("gemini", fresh).files, [])
  })

  it("keeps what the agent writes to the temporary directory apart", () => {
    const { directories, env } = planned("opencode", unnamed)
    assert.strictEqual(env.TMPDIR, "/home/a b/s/tmp")
    assert.deepStrictEqual(directories, ["/home/a b/s/tmp"])
  })
})

describe("the environment of an agent", () => {
  it("is without the marks of whatever it was started from", () => {
    const kept = { ANTHROPIC_API_KEY: "k", CLAUDE_CONFIG_DIR: "/c", CODEX_HOME: "/x", GEMINI_API_KEY: "g", PATH: "/bin" }
    const marks = {
      CLAUDECODE: "1",
      CLAUDE_CODE_SSE_PORT: "1",
      TMUX: "t",
      TMUX_PANE: "%1",
      GEMINI_CLI: "1",
      CODEX_SANDBOX: "s",
      VSCODE_PID: "1"
    }
    assert.deepStrictEqual(withoutNames({ ...kept, ...marks }, parentMarkers), kept)
  })
})

describe("a quoted word", () => {
  it("is taken as it stands, whatever is in it", () => {
    assert.strictEqual(quoted(["a b", "it's", "$(x)"]), `'a b' 'it'\\''s' '$(x)'`)
  })
})
