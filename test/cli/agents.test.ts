/** What people ask of agents by the command line: answers, forks, reloads, images, reports, and which agents there are. */
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { PromptView } from "../../src/domain/prompt-view.ts"
import type { SessionView } from "../../src/domain/view.ts"
import { TestDaemon } from "../support/daemon.ts"
import { describeProviders, scriptedProvider } from "../support/scripted-provider.ts"
import { Daemon, fails, reprise, said, start } from "./support.ts"

const daemon = Layer.effect(
  Daemon,
  Effect.acquireRelease(
    Effect.promise(() => {
      const daemon = new TestDaemon()
      describeProviders(daemon.home, [
        scriptedProvider("mine", ["bracketed", "asks=risky", "offers=Yes|No, never", `answers=${join(daemon.home, "answers")}`]),
        scriptedProvider("older", [], { title: "an older one", version: { args: ["--version"], confirmed: ["1.0.0"] } }),
        scriptedProvider("absent", [], { title: "a missing one", command: ["no-such-agent-anywhere"] }),
        scriptedProvider("hooked", ["silent"], {
          ready: { firstOutput: true, aliveMs: null },
          evidence: { hooks: "claude-code", transcript: null, status: null, titles: [], screen: [] }
        }),
        scriptedProvider("broken", [], { titel: "x" })
      ])
      return daemon.start()
    }),
    (daemon) => Effect.promise(() => daemon[Symbol.asyncDispose]())
  )
)

const png = Buffer.from("\x89PNG\r\n\x1a\nand so on", "latin1")

/** What an agent is given to report on itself. */
const ownOf = (pid: number | undefined): Readonly<Record<string, string>> => {
  const environ = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0")
  return Object.fromEntries(environ.filter((line) => line.startsWith("REPRISE_")).map((line) => line.split(/=(.*)/s) as [string, string]))
}

describe("agents by the command line", () => {
  layer(daemon, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    const show = (name: string) => Effect.map(said("show", name, "--json"), (text) => JSON.parse(text) as SessionView)
    const run = (...words: ReadonlyArray<string>) => said("run", "-d", "--provider", "mine", ...words)

    it.effect("are listed: which are installed, how old, and what is wrong with the rest", () =>
      Effect.gen(function* () {
        const { home } = yield* Daemon
        const { code, stderr, stdout } = yield* reprise(home, "providers")
        assert.strictEqual(code, 0)
        assert.match(stdout, /^ID +AGENT +VERSION +CONFIRMED +CAN +PROGRAM\n/)
        assert.match(stdout, /\nclaude-code +Claude Code /)
        assert.match(stdout, /\nmine +the scripted agent +1\.2\.3 +yes +resume fork model answers +\/.*node\n/)
        assert.match(stdout, /\nolder +an older one +1\.2\.3 +no +/)
        assert.match(stdout, /\nabsent +a missing one +not installed +- +.*install: it is part of the tests/)
        assert.match(stderr, /^providers\/broken\.json is not taken: titel: /)
        const checked = yield* reprise(home, "doctor")
        assert.strictEqual(checked.code, 0)
        assert.match(checked.stdout, /ok {4}the scripted agent 1\.2\.3 at \S+, confirmed/)
        assert.match(checked.stdout, /warn {2}an older one 1\.2\.3 at \S+, not confirmed\n +\S+ what is known of it was seen in 1\.0\.0/)
        assert.match(checked.stdout, /ok {4}a missing one is not installed/)
        assert.match(checked.stdout, /warn {2}providers\/broken\.json is not taken/)
        assert.match(yield* fails(1, "run", "-d", "--provider", "absent"), /installed by: it is part of the tests/)
        assert.match(yield* fails(2, "run", "-d", "--provider", "nobody"), /provider: one of: command, /)
      })
    )

    it.effect("are run by their names, with their own arguments", () =>
      Effect.gen(function* () {
        const { home } = yield* Daemon
        const bin = mkdtempSync(join(tmpdir(), "reprise-bin-"))
        yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(bin, { recursive: true, force: true })))
        writeFileSync(
          join(bin, "claude"),
          '#!/bin/sh\necho "claude was given: $*"\nprintf "\\033]7501;state=idle:app=x\\033\\\\"\nexec cat\n',
          {
            mode: 0o755
          }
        )
        const env = { PATH: `${bin}:${process.env.PATH}` }
        for (const words of [
          ["claude", "--", "--model", "x"],
          ["claude-code", "--model", "x"]
        ]) {
          const { code, stderr, stdout } = yield* Effect.promise(() => start(home, ["run", "-d", ...words], { env }).ended)
          assert.strictEqual(code, 0, stderr)
          const id = stdout.trim()
          assert.strictEqual((yield* show(id)).provider, "claude-code")
          assert.match(yield* said("output", id), /claude was given: .*--model x/)
          yield* said("kill", id)
        }
        const plain = yield* Effect.promise(() => start(home, ["run", "-d", "--provider", "command", "claude", "a"], { env }).ended)
        assert.strictEqual((yield* show(plain.stdout.trim())).provider, "command")
        assert.match(yield* said("output", plain.stdout.trim()), /claude was given: a/)
        yield* said("kill", plain.stdout.trim())
      }).pipe(Effect.scoped)
    )

    it.effect("ask, are shown asking with how to answer, and are answered while they do", () =>
      Effect.gen(function* () {
        const { home } = yield* Daemon
        const id = yield* run("--name", "asker", "--prompt", "risky things")
        yield* said("wait", id, "--for", "waiting", "--timeout", "10s")
        yield* Effect.repeat(show(id), { until: ({ question }) => question?.choices.length === 2, times: 50 })
        const asking = /it asks permission: may I\? \[1 Yes, 2 No, never\]: reprise answer s-\S+ allow/
        assert.match(yield* fails(124, "wait", id, "--for", "idle", "--timeout", "100ms"), asking)
        const late = yield* reprise(home, "send", id, "more", "--wait", "answered", "--timeout", "100ms")
        assert.strictEqual(late.code, 124)
        assert.match(late.stderr, asking)
        const listed = yield* said("ls")
        assert.include(listed, `${id} asks permission: may I? [1 Yes, 2 No, never]\n  reprise answer ${id} allow`)
        assert.match(
          yield* said("show", id),
          /question +permission: may I\? \[1 Yes, 2 No, never\]\nanswer it +reprise answer s-\S+ allow\n/
        )
        assert.match(
          yield* fails(2, "answer", "asker", "perhaps"),
          /text: the question takes allow, deny, Yes, No, never, or a choice's number/
        )
        assert.match(yield* said("answer", "asker", "no, never"), /^p-\S+ answered \(protocol: the question is closed\)$/)
        assert.strictEqual(readFileSync(join(home, "answers"), "utf8"), '"No, never"\n')
        assert.match(yield* fails(4, "answer", "asker", "1"), /nothing is asked: s-\S+ \(asker\) streaming/)
        assert.match(yield* fails(4, "send", "asker", "1", "--answers", "1.99"), /no question 1\.99 is open/)
        yield* fails(2, "answer", "asker")
        yield* fails(3, "answer", "nobody", "1")
      })
    )

    it.effect("get the answer that their folder can be trusted where that was said when they were started", () =>
      Effect.gen(function* () {
        const id = yield* run("--name", "newcomer", "--trust", "--prompt", "hello", "--", "distrusts")
        yield* said("wait", id, "--for", "idle", "--timeout", "10s")
        assert.match(yield* said("prompts", "newcomer"), /trust-1\.1 +answered/)
      })
    )

    it.effect("are reloaded between turns, and forked", () =>
      Effect.gen(function* () {
        const id = yield* run("--name", "old", "--prompt", "hello", "--", "work=6000")
        yield* said("wait", id, "--for", "working", "--timeout", "10s")
        assert.match(yield* fails(4, "reload", "old"), /a turn is running/)
        yield* said("wait", id, "--for", "idle", "--timeout", "10s")
        const before = yield* show("old")
        assert.match(yield* said("reload", "old", "--reason", "new version"), /^reloaded s-\S+ \(old\) streaming, pid \d+$/)
        const after = yield* show("old")
        assert.deepStrictEqual([after.generation, after.conversation?.id], [before.generation + 1, before.conversation?.id])
        const child = yield* said("fork", "old", "--name", "young", "--label", "a=b")
        assert.deepInclude(yield* show("young"), { id: child as SessionView["id"], labels: { a: "b" } })
        assert.match(yield* said("show", "young"), new RegExp(`forked from +${id} at \\d+\n`))
        assert.match(yield* fails(2, "fork", "old", "--at", "m"), /atMessage/)
        assert.strictEqual(yield* said("messages", "old", "--json"), "[]")
        const { code, stderr } = yield* reprise((yield* Daemon).home, "fork", yield* run())
        assert.deepStrictEqual([code, stderr], [0, "it begins a new conversation: nothing was said in the other one yet\n"])
        assert.strictEqual(yield* Effect.map(said("model", "old", "big", "--json"), (text) => (JSON.parse(text) as PromptView).bytes), 10)
        yield* fails(2, "model", "old", "a\nb")
      })
    )

    it.effect("are given images, by path where they may read them, and else by a copy", () =>
      Effect.gen(function* () {
        const inside = realpathSync(mkdtempSync(join(tmpdir(), "reprise-in-")))
        const outside = mkdtempSync(join(tmpdir(), "reprise-out-"))
        yield* Effect.addFinalizer(() => Effect.sync(() => [inside, outside].forEach((path) => void rmSync(path, { recursive: true }))))
        for (const folder of [inside, outside]) writeFileSync(join(folder, "a.png"), png)
        writeFileSync(join(outside, "a.txt"), "text")
        const id = yield* run("--cwd", inside)
        const sent = ["send", id, "see", "--attach", join(inside, "a.png"), "--attach", join(outside, "a.png"), "--json"]
        const { attachments } = JSON.parse(yield* said(...sent)) as PromptView
        assert.strictEqual(attachments?.[0]?.path, join(inside, "a.png"))
        assert.include(attachments?.[1]?.path, `/sessions/${id}/agent/attachments/a-`)
        assert.match(yield* fails(1, "send", id, "see", "--attach", join(outside, "a.txt")), /not a PNG, JPEG, GIF or WebP/)
        assert.match(yield* fails(2, "send", id, "see", "--attach", join(outside, "absent")), /ENOENT/)
        assert.match(yield* fails(2, "send", id, "see", "--attach", outside), /not a file/)
      }).pipe(Effect.scoped)
    )

    it.effect("report of themselves from inside, without any token of the daemon's", () =>
      Effect.gen(function* () {
        const id = yield* run("--name", "reporter")
        const own = ownOf((yield* show(id)).process?.pid)
        const inside = (...words: ReadonlyArray<string>) => {
          const env = { ...own, REPRISE_HOME: "/nonexistent" }
          return Effect.promise(() => start("/nonexistent", words, { env }).ended)
        }
        assert.strictEqual((yield* inside("report", "--phase", "testing", "--blocker", "the weather", "--seq", "7")).code, 0)
        assert.deepInclude((yield* show(id)).report, { seq: 7, phase: "testing", blocker: "the weather", needsInput: false })
        const late = yield* inside("report", "--seq", "6", "--phase", "older")
        assert.deepStrictEqual([late.code, late.stderr], [0, "ignored: report 7 came before it\n"])
        yield* said("report", "reporter", "--task", "another", "--needs-input", "--thread", "t")
        assert.match(yield* said("show", id), /it reports +task another, thread t, needs a person, /)
        assert.match(yield* fails(2, "report", "--phase", "x"), /this runs in none/)
        assert.match(yield* fails(2, "report", id, "--phase", "a\nb"), /phase: one line/)
      })
    )

    it.effect("are reported on by hooks, which never fail, and load nothing", () =>
      Effect.gen(function* () {
        const { home } = yield* Daemon
        const silent = yield* Effect.promise(() => start(home, ["hook", "Stop"], { stdin: "{}" }).ended)
        assert.deepStrictEqual(silent, { code: 0, stdout: "", stderr: "" })
        const spoken = yield* Effect.promise(() => start(home, ["--home", home, "hook", "--json", "Stop"], { stdin: "not json" }).ended)
        assert.deepStrictEqual(spoken, { code: 0, stdout: "{}\n", stderr: "" })
        assert.match(yield* fails(2, "hook"), /Missing required argument: event/)

        const id = yield* said("run", "-d", "--provider", "hooked")
        const env = ownOf((yield* show(id)).process?.pid)
        const calls = (event: string, payload: object) =>
          Effect.promise(() => start("/nonexistent", ["hook", event], { env, stdin: JSON.stringify(payload) }).ended)
        const prompt = { hook_event_name: "UserPromptSubmit", session_id: "c-1", prompt: "typed by somebody" }
        assert.strictEqual((yield* calls("UserPromptSubmit", prompt)).code, 0)
        assert.deepInclude((yield* show(id)).evidence, { source: "hook" })
        assert.strictEqual((yield* show(id)).activity, "working")
      })
    )

    it.effect("are offered the prompt of a turn that they did not live to end", () =>
      Effect.gen(function* () {
        const id = yield* run("--", "work=60000")
        yield* said("send", id, "a long one", "--id", "lost", "--wait", "accepted", "--timeout", "10s")
        assert.match(yield* fails(4, "prompts", id, "--continue", "lost"), /not that of an abandoned turn/)
        yield* said("kill", id)
        assert.match(
          yield* said("show", id),
          new RegExp(`abandoned +a turn of generation 1, .* go on: reprise prompts ${id} --continue lost\n`)
        )
        assert.match(yield* said("prompts", id, "--continue", "lost"), /^lost\.again queued /)
        yield* fails(2, "prompts", id, "--continue", "lost", "--cancel", "lost")
        yield* fails(3, "prompts", id, "--continue", "never")
        yield* said("wait", id, "--for", "working", "--timeout", "20s")
      })
    )
  })
})
