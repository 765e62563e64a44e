/** What a command line that cannot be meant is answered: exit code 2, and one sentence that names the field and what it takes. */
import { existsSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Daemon, fails, reprise, said } from "./support.ts"

const most = Number.MAX_SAFE_INTEGER

/** `ID` stands for a session that lives. */
const wrong: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
  [["events", "--after=-1"], new RegExp(`flag --after: "-1"\\. .*between 0 and ${most}`)],
  [["events", "--after=9007199254740993"], /--after/],
  [["output", "ID", "--from=-3"], new RegExp(`flag --from: "-3"\\. .*between 0 and ${most}`)],
  [["tools", "ID", "--kill", "0"], /flag --kill: "0"\. .*between 2 and 4194304/],
  [["tools", "ID", "--kill=-1"], /flag --kill: "-1"\. .*between 2 and 4194304/],
  [["report", "ID", "--seq=-1", "--phase", "x"], /flag --seq: "-1"\. .*between 0/],
  [["report", "ID"], /^reprise: the report says nothing: give it --phase/],
  [["run", "-d", "--name", "", "true"], /^reprise: name: .*a name of at least one character, without control characters$/],
  [["run", "-d", "--name", "a\nb", "true"], /^reprise: name: .*without control characters/],
  [["fork", "ID", "--name", ""], /^reprise: name: .*a name of at least one character/],
  [["run", "-d", "-l", "a=1", "-l", "a=2", "true"], /^reprise: --label a: given twice$/],
  [["run", "-d", "-l", "?=1", "true"], /^reprise: --label \?=1: .*begins with a letter or a digit$/],
  [["run", "-d", "--conversation=-x", "true"], /^reprise: conversation: /],
  [["ls", "-l", "a=1", "-l", "a=2"], /^reprise: --label a: given twice$/],
  [["--home", "", "ls"], /^reprise: --home is empty; give it a directory, or leave it out$/]
]

describe("the command line", () => {
  layer(Daemon.layer, { excludeTestServices: true, timeout: "120 seconds" })((it) => {
    it.effect(
      "names the field and its range where a flag cannot be meant",
      () =>
        Effect.gen(function* () {
          const id = yield* said("run", "-d", "cat")
          yield* Effect.forEach(
            wrong,
            ([words, expected]) =>
              Effect.gen(function* () {
                const stderr = yield* fails(2, ...words.map((word) => (word === "ID" ? id : word)))
                assert.match(stderr, expected)
                assert.notMatch(stderr, /RegExp|not understood/)
              }),
            { concurrency: 2 }
          )
        }),
      60_000
    )

    it.effect("says with --json also as JSON that a word is too many", () =>
      Effect.gen(function* () {
        const stderr = yield* fails(2, "ls", "--json", "frob")
        const problem = JSON.parse(stderr)
        assert.deepInclude(problem, { title: "UsageFailure", code: "usage_failure", usage: "reprise ls [flags]" })
        assert.include(problem.detail, '"frob"')
      })
    )

    it.effect("makes no directory for --out", () =>
      Effect.gen(function* () {
        const id = yield* said("run", "-d", "cat")
        const missing = join(tmpdir(), `reprise-missing-${process.pid}`, "deeper")
        for (const words of [
          ["trace", "export", id],
          ["output", id, "--cast"]
        ]) {
          const stderr = yield* fails(1, ...words, "--out", join(missing, "file"))
          assert.strictEqual(stderr, `reprise: ${missing} is no directory: make it, or name another place than ${join(missing, "file")}`)
          assert.isFalse(existsSync(missing))
          rmSync(missing, { recursive: true, force: true })
        }
      })
    )

    it.effect(
      "means the live session by a name and by a beginning that ended ones share",
      () =>
        Effect.gen(function* () {
          const { home } = yield* Daemon
          for (let n = 0; n < 2; n++) yield* reprise(home, "run", "-d", "-n", "shared", "true")
          const live = yield* said("run", "-d", "-n", "shared", "cat")
          yield* reprise(home, "run", "-d", "-n", "shared", "false")
          yield* said("input", "shared", "here", "--key", "enter")
          for (const words of [["show"], ["output"], ["screen"], ["events"], ["state"], ["tools"], ["wait", "--for", "ready"]]) {
            const { code, stderr } = yield* reprise(home, words[0]!, "shared", ...words.slice(1))
            assert.strictEqual(code, 0, `${words}: ${stderr}`)
          }
          assert.include(yield* said("show", "shared"), live)
          // Several have ended and none lives: none is meant.
          yield* said("stop", "shared")
          assert.match(yield* fails(2, "show", "shared"), /could be any of/)
        }),
      60_000
    )
  })
})
