import { homedir } from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { environmentFor, parseVariables } from "../../src/cli/environment.ts"
import { ExitWith, exitCodeOf, NoDaemon, NoSuchSession, problemOf, sentenceOf, TimedOut } from "../../src/cli/failures.ts"
import { homeOf } from "../../src/cli/home.ts"
import { exitCode } from "../../src/cli/over.ts"
import { parseBytes, parseDuration, parsePairs } from "../../src/cli/pairs.ts"
import { problem } from "../../src/http/problems.ts"

describe("the environment of an agent", () => {
  it("is what lets a program run and draw, and no secret", () => {
    const here = {
      PATH: "/bin",
      LC_ALL: "C",
      LANG: "de",
      TERM: "xterm-kitty",
      TERM_PROGRAM: "kitty",
      SSH_AUTH_SOCK: "/tmp/agent",
      https_proxy: "http://proxy:3128",
      AWS_SECRET_ACCESS_KEY: "s",
      ANTHROPIC_API_KEY: "s",
      REPRISE_HOME: "/h"
    }
    assert.deepStrictEqual(environmentFor(here, { A: "1" }), {
      PATH: "/bin",
      LC_ALL: "C",
      LANG: "de",
      SSH_AUTH_SOCK: "/tmp/agent",
      https_proxy: "http://proxy:3128",
      A: "1"
    })
  })
  it("leaves every TERM of the caller behind, and lets what was asked for win", () => {
    assert.deepStrictEqual(environmentFor({ TERM: "dumb", PATH: "/bin" }, { PATH: "/opt", TERM: "vt100" }), { PATH: "/opt", TERM: "vt100" })
  })
  it("takes variables with a value or by name, and says which is wrong", () => {
    assert.deepStrictEqual(parseVariables(["A=b=c", "B=", "C"], { C: "3" }), Result.succeed({ A: "b=c", B: "", C: "3" }))
    assert.isTrue(Result.isFailure(parseVariables(["C"], {})))
    assert.isTrue(Result.isFailure(parseVariables(["1A=x"], {})))
  })
})

describe("the home", () => {
  it("is the flag's, then REPRISE_HOME, then in the XDG state directory", () => {
    assert.strictEqual(homeOf("/a", { REPRISE_HOME: "/b" }), "/a")
    assert.strictEqual(homeOf(undefined, { REPRISE_HOME: "/b", XDG_STATE_HOME: "/s" }), "/b")
    assert.strictEqual(homeOf(undefined, { REPRISE_HOME: "", XDG_STATE_HOME: "/s" }), "/s/reprise")
    assert.strictEqual(homeOf(undefined, { XDG_STATE_HOME: "relative" }), `${homedir()}/.local/state/reprise`)
  })
  it("is absolute", () => {
    assert.strictEqual(homeOf("x", {}), `${process.cwd()}/x`)
  })
})

describe("the words of flags", () => {
  it("are durations", () => {
    assert.deepStrictEqual(["500ms", "1.5s", "30", "2m", "1h", "", "x", "-1s", "1 s"].map(parseDuration), [
      500,
      1_500,
      30_000,
      120_000,
      3_600_000,
      undefined,
      undefined,
      undefined,
      undefined
    ])
  })
  it("are sizes", () => {
    assert.deepStrictEqual(["4096", "64k", "1M", "1g", ""].map(parseBytes), [4_096, 65_536, 1_048_576, undefined, undefined])
  })
  it("are pairs", () => {
    assert.deepStrictEqual(parsePairs("--label", ["a=1", "b=x=y"]), Result.succeed({ a: "1", b: "x=y" }))
    assert.deepStrictEqual(parsePairs("--label", ["a=1", "a=2"]), Result.fail("--label a: given twice"))
    assert.isTrue(Result.isFailure(parsePairs("--label", ["a"])))
    assert.isTrue(Result.isFailure(parsePairs("--label", ["=a"])))
  })
})

describe("a failure", () => {
  it("has the exit code of its kind", () => {
    const codes = [
      problem("session_not_found", ""),
      problem("refused", ""),
      problem("precondition_failed", ""),
      problem("invalid_request", ""),
      problem("storage_full", ""),
      new NoSuchSession({ given: "x" }),
      new NoDaemon({ home: "/h", reason: "" }),
      new TimedOut({ message: "" }),
      new ExitWith({ code: 42 })
    ].map(exitCodeOf)
    assert.deepStrictEqual(codes, [3, 4, 4, 2, 1, 3, 5, 124, 42])
  })
  it("says what is possible instead, in words of the command line", () => {
    const refused = problem("refused", "it has ended", { allowed: ["Patch", "Resume", "Terminate"] })
    assert.deepStrictEqual(sentenceOf(refused), ["it has ended (possible now: resume, terminate)"])
  })
  it("names every wrong field once", () => {
    const invalid = problem("invalid_request", "cwd: not absolute", {
      errors: [
        { field: "cwd", message: "not absolute" },
        { field: "name", message: "too long" }
      ]
    })
    assert.deepStrictEqual(sentenceOf(invalid), ["cwd: not absolute", "  name: too long"])
  })
  it("is a problem for programs, whichever side found it", () => {
    assert.deepStrictEqual(problemOf(new TimedOut({ message: "late" })), { title: "TimedOut", code: "timed_out", detail: "late" })
    assert.deepInclude(problemOf(problem("refused", "no", { state: "ended" })), { code: "refused", status: 409, state: "ended" })
  })
})

describe("the exit code of a session that is over", () => {
  const exit = (code: number | null, signal: string | null, cause = "crashed") => exitCode({ cause, detail: null, code, signal, at: "" })
  it("is the agent's own, 128 and the signal's number, or 1 when it is not known", () => {
    assert.deepStrictEqual(
      [exit(7, null), exit(0, null, "clean"), exit(null, "SIGKILL"), exit(null, null, "lost"), exitCode(null)],
      [7, 0, 137, 1, 0]
    )
  })
})
