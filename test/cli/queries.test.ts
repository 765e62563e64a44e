/** Programs ask their terminal things: each is answered once, without a client and with people whose terminals would answer too. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { programStatusReply } from "../../src/domain/program-status.ts"
import { until } from "../support/daemon.ts"
import { answers, queries } from "../support/terminal-queries.ts"
import { Daemon, executable, said, terminal } from "./support.ts"

const program = join(import.meta.dirname, "../support/asking-program.ts")
const questions = Object.values(queries).join("")
const oneRound = programStatusReply + Object.values(answers).join("")
const hasTmux = spawnSync("tmux", ["-V"]).status === 0

/** A session whose program asks everything there is, and what it has read so far. */
const asking = Effect.fnUntraced(function* (name: string) {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "queries-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const [asked, heard] = [join(folder, "asked"), join(folder, "heard")]
  writeFileSync(asked, questions)
  writeFileSync(heard, "")
  yield* said("run", "--detach", "--name", name, "--", process.execPath, program, asked, heard)
  return Effect.fnUntraced(function* (last: string) {
    yield* Effect.promise(() => until(`${name} hears ${last}`, () => readFileSync(heard, "latin1").endsWith(last)))
    return readFileSync(heard, "latin1")
  })
})

describe("the questions of a program", () => {
  layer(Daemon.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.effect("are answered once without a client, and once with a person there whose terminal answers too", () =>
      Effect.gen(function* () {
        const heardUntil = yield* asking("asks")
        yield* heardUntil(oneRound)
        yield* said("input", "asks", "alone\n")
        assert.strictEqual(yield* heardUntil(`alone\n${oneRound}`), `${oneRound}alone\n${oneRound}`)

        const { home } = yield* Daemon
        const [one, two] = [yield* terminal(home, "$REPRISE attach asks"), yield* terminal(home, "$REPRISE attach asks")]
        yield* Effect.promise(() => until("both are attached", () => [one, two].every(({ raw }) => raw.includes("\x1b[2J"))))
        one.type("first\n")
        yield* heardUntil(`first\n${oneRound}`)
        // Behind whatever the two terminals would have said.
        two.type("second")
        yield* heardUntil("second")
        one.type("third")
        assert.strictEqual(yield* heardUntil("third"), `${oneRound}alone\n${oneRound}first\n${oneRound}secondthird`)
      }).pipe(Effect.scoped)
    )

    it.effect.skipIf(!hasTmux)("are answered once in a terminal of tmux", () =>
      Effect.gen(function* () {
        const heardUntil = yield* asking("in-tmux")
        yield* heardUntil(oneRound)
        const { home } = yield* Daemon
        const socket = join(home, "tmux")
        const tmux = (...words: ReadonlyArray<string>) => {
          const { status, stderr, stdout } = spawnSync("tmux", ["-S", socket, "-f", "/dev/null", ...words], {
            encoding: "utf8",
            env: { ...process.env, REPRISE_HOME: home }
          })
          assert.strictEqual(status, 0, stderr)
          return stdout
        }
        yield* Effect.acquireRelease(
          Effect.sync(() =>
            tmux("start-server", ";", "set", "-g", "status", "off", ";", "new-session", "-d", "-x", "80", "-y", "24", "cat")
          ),
          () => Effect.sync(() => tmux("kill-server"))
        )
        tmux("respawn-pane", "-k", process.execPath, executable, "attach", "in-tmux")
        yield* Effect.promise(() => until("it is attached", () => isRaw(tmux)))
        tmux("send-keys", "-l", "again\n")
        yield* heardUntil(`again\n${oneRound}`)
        tmux("send-keys", "-l", "end")
        assert.strictEqual(yield* heardUntil("end"), `${oneRound}again\n${oneRound}end`)
      }).pipe(Effect.scoped)
    )
  })
})

/** The command line has the pane's terminal: what is typed now goes to the agent. */
const isRaw = (tmux: (...words: ReadonlyArray<string>) => string) =>
  spawnSync("stty", ["-a", "-F", tmux("display", "-p", "#{pane_tty}").trim()], { encoding: "utf8" }).stdout.includes("-icanon")
