import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { reprise, start, terminal } from "./support.ts"

/** A home where no daemon runs; whatever runs there at the end is ended. */
const home = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "reprise-cli-"))),
  (path) =>
    Effect.gen(function* () {
      if (existsSync(join(path, "daemon.json"))) yield* reprise(path, "shutdown", "--stop-all")
      rmSync(path, { recursive: true, force: true, maxRetries: 5 })
    })
)
const pidIn = (path: string): number => JSON.parse(readFileSync(join(path, "daemon.json"), "utf8")).pid
/** A zombie has ended: whichever process reaps it may take its time. */
const lives = (pid: number): boolean => existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))

/** The port of the default would be one for all tests at once. */
const free = { REPRISE_PORT: "0" }

describe("a daemon", () => {
  it.live(
    "is started by run when it is told to, outlives it, and is ended by shutdown",
    () =>
      Effect.gen(function* () {
        const path = yield* home
        const refused = yield* reprise(path, "run", "-d", "sleep", "300")
        assert.deepStrictEqual([refused.code, existsSync(join(path, "daemon.json"))], [5, false])

        const started = yield* Effect.promise(() => start(path, ["run", "-d", "--start", "sleep", "300"], { env: free }).ended)
        assert.strictEqual(started.code, 0, started.stderr)
        assert.match(started.stderr, /^started a daemon \(pid \d+, log in /)
        const pid = pidIn(path)
        assert.isTrue(lives(pid))
        assert.strictEqual(statSync(join(path, "daemon.log")).mode & 0o077, 0)

        const left = yield* reprise(path, "shutdown")
        assert.deepStrictEqual([left.code, lives(pid)], [0, false], left.stderr)
        assert.match((yield* reprise(path, "doctor")).stdout, /no daemon runs/)

        const again = yield* Effect.promise(() => start(path, ["run", "-d", "--start", "true"], { env: free }).ended)
        assert.strictEqual(again.code, 0, again.stderr)
        const { stdout } = yield* reprise(path, "ls", "--state", "streaming", "-q")
        assert.strictEqual(stdout.trim(), started.stdout.trim())
        assert.match((yield* reprise(path, "shutdown", "--stop-all")).stdout, /^stopped 1 session; the daemon has ended/)
      }).pipe(Effect.scoped),
    60_000
  )

  it.live(
    "is offered to a person who runs something without one",
    () =>
      Effect.gen(function* () {
        const path = yield* home
        const declined = yield* terminal(path, "REPRISE_PORT=0 $REPRISE run cat")
        yield* declined.shows("Start one? [Y/n]")
        declined.type("n\r")
        yield* declined.shows("code=5")
        assert.isFalse(existsSync(join(path, "daemon.json")))

        const accepted = yield* terminal(path, "REPRISE_PORT=0 $REPRISE run sh -c 'echo up; exec cat'")
        yield* accepted.shows("Start one? [Y/n]")
        accepted.type("\r")
        yield* accepted.shows("up")
        accepted.type("typed\r")
        yield* accepted.shows(/typed\ntyped/)
        accepted.type("\x1cd")
        assert.match(yield* accepted.shows("settled"), /detached from/)
      }).pipe(Effect.scoped),
    60_000
  )

  it.live("is ended, and not the process that a foreign note names", () =>
    Effect.gen(function* () {
      const path = yield* home
      yield* Effect.promise(() => start(path, ["run", "-d", "--start", "true"], { env: free }).ended)
      const file = join(path, "daemon.json")
      const written = JSON.parse(readFileSync(file, "utf8"))
      const stranger = spawn("sleep", ["300"])
      writeFileSync(file, JSON.stringify({ ...written, pid: stranger.pid }))
      const { code, stderr } = yield* reprise(path, "shutdown")
      assert.deepStrictEqual([code, lives(written.pid), stranger.signalCode], [0, false, null], stderr)
      stranger.kill("SIGKILL")
    }).pipe(Effect.scoped)
  )
})
