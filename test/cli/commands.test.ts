import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { until } from "../support/daemon.ts"
import { Daemon, fails, reprise, said, start } from "./support.ts"

describe("the command line", () => {
  layer(Daemon.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.effect("starts a session, shows it, and says how it ended", () =>
      Effect.gen(function* () {
        const { home } = yield* Daemon
        const begun = yield* reprise(home, "run", "-d", "--name", "seven", "--label", "kind=short", "sh", "-c", "exit 7")
        const id = begun.stdout.trim()
        assert.match(id, /^s-[0-9a-z]{12}$/)
        // What dies before it was ready is not reported as running.
        assert.strictEqual(begun.code, 1)
        assert.include(begun.stderr, "ended (crashed, exit 7)")
        assert.include(yield* said("wait", "seven", "--for", "ended", "--timeout", "10s"), `${id} (seven) ended (crashed, exit 7)`)
        assert.match(yield* said("ls", "--label", "kind=short"), new RegExp(`^ID .*\n${id}  seven  ended .*exit 7 .* sh -c 'exit 7'$`))
        assert.match(yield* said("show", "seven"), /last end +crashed, exit 7/)
        const [session] = JSON.parse(yield* said("ls", "--json", "--label", "kind=short"))
        assert.deepInclude(session, { id, name: "seven", state: "ended", labels: { kind: "short" } })
        assert.strictEqual(yield* said("ls", "-q", "--label", "kind=short"), id)
      })
    )

    it.effect("gives a session the caller's directory and terminal settings, and none of its secrets", () =>
      Effect.gen(function* () {
        const { home } = yield* Daemon
        const words = ["run", "-d", "-e", "ADDED=1", "--", "sh", "-c", 'pwd; echo "[$LC_TEST][$SECRET_KEY][$ADDED]"']
        const env = { LC_TEST: "yes", SECRET_KEY: "hidden" }
        const id = (yield* Effect.promise(() => start(home, words, { env }).ended)).stdout.trim()
        yield* said("wait", id, "--for", "ended", "--timeout", "10s")
        assert.strictEqual(yield* said("output", id), `${process.cwd()}\r\n[yes][][1]`)
      })
    )

    it.effect("types text, keys and what a pipe says, and shows the screen", () =>
      Effect.gen(function* () {
        const { home } = yield* Daemon
        const id = yield* said("run", "-d", "cat")
        yield* said("input", id, "typed", "--key", "enter")
        const piped = yield* Effect.promise(() => start(home, ["input", id, "--stdin"], { stdin: "piped\n" }).ended)
        assert.strictEqual(piped.code, 0, piped.stderr)
        const screen = () => start(home, ["screen", id]).ended.then(({ stdout }) => stdout.trim().split("\n").sort().join(" "))
        yield* Effect.promise(() => until("cat has said both", async () => (await screen()) === "piped piped typed typed"))
        assert.include(yield* said("kill", id), "ended (stopped by cli, signal SIGKILL)")
      })
    )

    it.effect("stops, refuses what makes no sense, resumes, archives and terminates", () =>
      Effect.gen(function* () {
        const id = yield* said("run", "-d", "--name", "life", "sh", "-c", "sleep 300")
        assert.include(yield* said("stop", "life", "--reason", "enough"), "ended (stopped by cli: enough, signal SIGHUP)")
        assert.match(yield* fails(4, "stop", "life"), /possible now: resume, reload, archive, terminate/)
        assert.include(yield* said("resume", "life", "--wait"), `${id} (life) streaming, pid `)
        assert.include(yield* said("archive", "life", "--wait"), "ended")
        assert.notInclude(yield* said("ls", "-q"), id)
        assert.include(yield* said("ls", "-q", "--all"), id)
        yield* said("unarchive", "life")
        assert.include(yield* said("ls", "-q"), id)
        assert.include(yield* said("terminate", "life"), "terminated")
        assert.match(yield* fails(4, "resume", "life"), /terminated/)
      })
    )

    it.effect("asks every session named, whatever becomes of the others", () =>
      Effect.gen(function* () {
        const ids = [yield* said("run", "-d", "sleep", "300"), yield* said("run", "-d", "sleep", "300")]
        const { code, stderr, stdout } = yield* reprise((yield* Daemon).home, "kill", ids[0]!, "nobody", ids[1]!)
        assert.strictEqual(code, 3)
        assert.match(stderr, /no session is called "nobody"/)
        for (const id of ids) assert.include(stdout, `${id} ended`)
      })
    )

    it.effect("finds a session by its id, the beginning of it, or its name, and never guesses", () =>
      Effect.gen(function* () {
        const id = yield* said("run", "-d", "--name", "unique", "true")
        yield* said("run", "-d", "--name", "twin", "true")
        yield* said("run", "-d", "--name", "twin", "true")
        for (const given of [id, id.slice(0, 10), id.slice(2, 10), "unique"])
          assert.strictEqual(JSON.parse(yield* said("show", given, "--json")).id, id)
        assert.match(yield* fails(2, "show", "twin"), /could be any of/)
        assert.match(yield* fails(3, "show", "s-00000000000z"), /no session is called/)
        assert.match(yield* fails(3, "show", "nobody"), /no session is called "nobody"/)
      })
    )

    it.effect("distinguishes mistakes by exit code, and as JSON where that is asked for", () =>
      Effect.gen(function* () {
        yield* fails(2, "lss")
        yield* fails(2, "show")
        yield* fails(2, "run", "-d", "-e", "1=2", "true")
        yield* fails(2, "wait", "x", "--timeout", "soon")
        yield* fails(2, "attach", "x")
        yield* fails(1, "run", "-d", "/no/such/program")
        assert.strictEqual(JSON.parse(yield* fails(3, "show", "nobody", "--json")).code, "no_such_session")
        assert.strictEqual(JSON.parse(yield* fails(1, "run", "-d", "--json", "/no/such/program")).code, "preflight_failed")
        const { code, stderr } = yield* reprise("/tmp/reprise-no-such-home", "ls")
        assert.deepStrictEqual([code, /no daemon .*reprise serve/.test(stderr)], [5, true])
      })
    )

    it.effect("waits no longer than its option says", () =>
      Effect.gen(function* () {
        const id = yield* said("run", "-d", "sleep", "300")
        assert.match(yield* fails(124, "wait", id, "--for", "ended", "--timeout", "300ms"), /not ended in time/)
        yield* said("kill", id)
      })
    )

    it.effect("follows output to the agent's end, byte for byte in a pipe", () =>
      Effect.gen(function* () {
        const id = yield* said("run", "-d", "sh", "-c", "for i in 1 2 3; do printf '\\033]0;t\\007%s\\n' $i; sleep 0.2; done")
        const followed = yield* said("output", "-f", id)
        assert.strictEqual(followed, "\x1b]0;t\x071\r\n\x1b]0;t\x072\r\n\x1b]0;t\x073")
        assert.strictEqual(yield* said("output", "--tail", "3", id), "3")
        assert.strictEqual(yield* said("output", "--from", "9", id), followed.slice(9))
      })
    )

    it.effect("reads the log as lines and as JSON lines", () =>
      Effect.gen(function* () {
        const id = yield* said("run", "-d", "true")
        yield* said("wait", id, "--timeout", "10s")
        const lines = (yield* said("events", id)).split("\n")
        const facts = (yield* said("events", id, "--json")).split("\n").map((line) => JSON.parse(line))
        assert.deepStrictEqual(
          facts.map(({ seq }) => seq),
          facts.map((_, index) => index + 1)
        )
        assert.strictEqual(lines.length, facts.length)
        for (const { seq, type } of facts) assert.match(lines[seq - 1]!, new RegExp(` ${seq}  ${type} `))
        assert.strictEqual((yield* said("events", id, "--json", "--after", String(facts.length - 1))).split("\n").length, 1)
      })
    )

    it.effect("follows the log across a crash of the daemon, every fact once", () =>
      Effect.gen(function* () {
        const daemon = yield* Daemon
        const id = yield* said("run", "-d", "cat")
        const following = start(daemon.home, ["events", "-f", id, "--json"])
        const facts = () =>
          following
            .stdout()
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line) as { readonly seq: number; readonly type: string })
        yield* Effect.promise(async () => {
          await until("the launch has been heard", () => following.stdout().includes('"AgentReady"'))
          await daemon.kill()
          await daemon.start()
        })
        yield* said("kill", id)
        yield* Effect.promise(() => until("the end has been heard", () => following.stdout().includes('"GenerationEnded"')))
        following.kill("SIGINT")
        const { code } = yield* Effect.promise(() => following.ended)
        assert.deepStrictEqual([code, facts().map(({ seq }) => seq)], [130, facts().map((_, index) => index + 1)])
        assert.include(
          facts().map(({ type }) => type),
          "Adopted"
        )
      })
    )

    it.effect("ends quietly when its reader has gone", () =>
      Effect.gen(function* () {
        const { home } = yield* Daemon
        const shell = start(home, ["-c", `"${process.execPath}" bin/reprise.js events --json | head -1 | wc -l`], {
          node: "/bin/sh",
          executable: "-e"
        })
        const { code, stderr, stdout } = yield* Effect.promise(() => shell.ended)
        assert.deepStrictEqual([code, stderr, stdout.trim()], [0, "", "1"])
      })
    )

    it.effect("finds the machine, the home and the daemon in order", () =>
      Effect.gen(function* () {
        const findings = JSON.parse(yield* said("doctor", "--json")) as ReadonlyArray<{ readonly level: string; readonly says: string }>
        assert.deepStrictEqual(
          findings.filter(({ level }) => level === "fail"),
          []
        )
        assert.isTrue(findings.some(({ says }) => says.startsWith("the daemon answers")))
      })
    )

    it.effect("prints completions that a shell can read", () =>
      Effect.gen(function* () {
        const script = yield* said("completions", "bash")
        const { code, stderr } = yield* Effect.promise(
          () => start("/tmp", ["-n"], { node: "/bin/bash", executable: "-s", stdin: script }).ended
        )
        assert.deepStrictEqual([code, stderr], [0, ""])
        for (const command of ["run", "attach", "interrupt", "unarchive", "shutdown"]) assert.include(script, command)
      })
    )
  })
})
