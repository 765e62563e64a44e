import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { claudeCode } from "../../../src/domain/providers/claude-code.ts"
import { Providers } from "../../../src/infra/providers/providers.ts"
import { userProviders } from "../../../src/infra/providers/user-providers.ts"

const inFolder = <A, E>(test: (folder: string) => Effect.Effect<A, E>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "providers-"))),
    test,
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  )

const mine = { ...claudeCode, id: "mine", title: "Mine" }
const written = (home: string, files: Readonly<Record<string, unknown>>) => {
  mkdirSync(join(home, "providers"))
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(home, "providers", name), typeof content === "string" ? content : JSON.stringify(content))
  return userProviders(home)
}
const problemsOf = (files: Readonly<Record<string, unknown>>) =>
  inFolder((home) =>
    Effect.sync(() => {
      const { problems, providers } = written(home, files)
      assert.deepStrictEqual(providers, [])
      return problems
    })
  )

describe("an agent that a user describes", () => {
  it.effect("is known beside the built-in ones", () =>
    inFolder((home) =>
      Effect.gen(function* () {
        written(home, { "mine.json": mine, "notes.txt": "no" })
        const { all, get, of, problems } = yield* Effect.provide(Providers, Providers.layer({ home, own: {} }))
        assert.deepStrictEqual(problems, [])
        assert.deepStrictEqual(get("mine"), mine)
        assert.deepStrictEqual(
          all.map(({ id }) => id),
          ["command", "claude-code", "codex", "pi", "opencode", "gemini", "mine"]
        )
        assert.strictEqual(of("gone").id, "command")
        assert.isUndefined(get("gone"))
      })
    )
  )

  it.effect("need not say what has a default", () =>
    inFolder((home) =>
      Effect.sync(() => {
        const { keepalive: _, ...rest } = mine
        const { problems, providers } = written(home, { "mine.json": { ...rest, keepalive: { mode: "always" } } })
        assert.deepStrictEqual(problems, [])
        assert.deepStrictEqual(providers[0]!.keepalive, { ...mine.keepalive, mode: "always" })
      })
    )
  )

  it.effect("is refused where a pattern could take more than linear time, by the field of that pattern", () =>
    Effect.gen(function* () {
      for (const pattern of ["(a)\\1", "a(?=b)", "(?<!a)b"]) {
        const wrong = { ...mine, evidence: { ...mine.evidence, screen: [{ pattern, activity: "idle" }] } }
        const [problem] = yield* problemsOf({ "mine.json": wrong })
        assert.strictEqual(problem?.field, "evidence.screen.0.pattern")
        assert.include(problem?.message, "RE2")
      }
    })
  )

  it.effect("is refused with each wrong field named", () =>
    Effect.gen(function* () {
      const wrong = {
        ...mine,
        colour: "red",
        submit: { ...mine.submit, enterAfterMs: "soon" },
        launch: { ...mine.launch, args: ["--dir", "{folder}"] },
        conversation: { ...mine.conversation, named: "reported" },
        evidence: { ...mine.evidence, titles: [{ pattern: "(", activity: "busy" }] }
      }
      const problems = yield* problemsOf({ "mine.json": wrong })
      assert.deepStrictEqual(new Set(problems.map(({ file }) => file)), new Set(["mine.json"]))
      assert.includeMembers(
        problems.map(({ field }) => field),
        ["colour", "submit.enterAfterMs", "launch.args.1", "conversation", "evidence.titles.0.pattern", "evidence.titles.0.activity"]
      )
      assert.include(problems.find(({ field }) => field === "launch.args.1")!.message, "{folder}")
    })
  )

  it.effect("is refused without any one of its fields", () =>
    Effect.gen(function* () {
      for (const field of Object.keys(mine).filter((name) => name !== "id")) {
        const { [field as keyof typeof mine]: _, ...rest } = mine
        const problems = yield* problemsOf({ "mine.json": rest })
        assert.deepStrictEqual(
          problems.map((problem) => problem.field),
          [field]
        )
      }
    })
  )

  it.effect("has the name of its file, and never that of a built-in one", () =>
    Effect.gen(function* () {
      const problems = yield* problemsOf({ "yours.json": mine, "codex.json": { ...mine, id: "codex" } })
      assert.deepStrictEqual(problems, [
        { file: "codex.json", field: "id", message: "codex is built in, and cannot be described again" },
        { file: "yours.json", field: "id", message: 'must be the file\'s name, "yours"' }
      ])
    })
  )

  it.effect("is a file of JSON of moderate size", () =>
    Effect.gen(function* () {
      const problems = yield* problemsOf({ "a.json": "{", "b.json": " ".repeat(70_000), "c.json": "[]" })
      assert.deepStrictEqual(
        problems.map(({ field, file }) => [file, field]),
        [
          ["a.json", "file"],
          ["b.json", "file"],
          ["c.json", "file"]
        ]
      )
    })
  )
})

describe("the probe of an agent", () => {
  const script = (folder: string, name: string, body: string) => {
    const path = join(folder, name)
    writeFileSync(path, `#!/bin/sh\n${body}\n`)
    chmodSync(path, 0o755)
    return path
  }
  const probe = (folder: string, own: Readonly<Record<string, string>> = {}) =>
    Effect.map(
      Effect.provide(Providers, Providers.layer({ home: folder, own: { PATH: `${folder}:/usr/bin:/bin`, ...own } })),
      ({ probe }) => probe
    )

  it.effect("finds it on the PATH, and says whether its rules were seen to hold in this version", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const ask = yield* probe(folder)
        const path = script(folder, "claude", 'echo "2.1.329 (Claude Code)"')
        assert.deepStrictEqual(yield* ask(claudeCode), { status: "installed", path, version: "2.1.329", confirmed: true })
        rmSync(path)
        script(folder, "claude", "echo 2.2.0; echo another size")
        assert.deepStrictEqual(yield* ask(claudeCode), { status: "installed", path, version: "2.2.0", confirmed: false })
      })
    )
  )

  it.effect("asks a file once for as long as it stays the same", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const ask = yield* probe(folder)
        script(folder, "claude", `echo asked >> ${folder}/asked; echo 2.1.329`)
        yield* ask(claudeCode)
        yield* ask(claudeCode)
        assert.strictEqual(readFileSync(join(folder, "asked"), "utf8"), "asked\n")
      })
    )
  )

  it.effect("says how to install what is not there", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const seen = yield* (yield* probe(folder))({ ...claudeCode, command: ["no-such-agent"] })
        assert.deepStrictEqual(seen, {
          status: "not_installed",
          reason: "no-such-agent is not on the PATH",
          install: "npm install -g @anthropic-ai/claude-code"
        })
      })
    )
  )

  it.effect("does not show it what it was started from, nor what is secret", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        script(folder, "claude", `env > ${folder}/env; echo 2.1.329`)
        yield* (yield* probe(folder, { CLAUDECODE: "1", TMUX: "t", SECRET_TOKEN: "s", LANG: "C" }))(claudeCode)
        const names = readFileSync(join(folder, "env"), "utf8")
          .split("\n")
          .map((line) => line.split("=")[0])
        assert.notIncludeMembers(names, ["CLAUDECODE"])
        assert.notInclude(names, "TMUX")
        assert.notInclude(names, "SECRET_TOKEN")
        assert.include(names, "LANG")
      })
    )
  )

  it.effect("takes a program that says no version, or fails to, as one of an unknown version", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const ask = yield* probe(folder)
        for (const body of ["echo hello", "echo 1.2.3; exit 1", "kill -9 $$"]) {
          const path = script(folder, "claude", body)
          assert.deepStrictEqual(yield* ask(claudeCode), { status: "installed", path, version: null, confirmed: false }, body)
          rmSync(path)
        }
      })
    )
  )

  it.live("leaves nothing running when no caller waits for it any longer", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        script(folder, "claude", `sleep 300 & echo $! > ${folder}/pid.new; mv ${folder}/pid.new ${folder}/pid; wait`)
        const ask = yield* probe(folder)
        const started = Effect.gen(function* () {
          while (!existsSync(join(folder, "pid"))) yield* Effect.sleep(10)
          return Number(readFileSync(join(folder, "pid"), "utf8"))
        })
        const pid = yield* Effect.raceFirst(started, Effect.andThen(ask(claudeCode), Effect.succeed(0)))
        while (isAlive(pid)) yield* Effect.sleep(10)
      })
    )
  )
})

const isAlive = (pid: number) => existsSync(`/proc/${pid}/stat`) && !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")
