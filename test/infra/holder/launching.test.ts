/** A launch happens once, whatever dies while it does. */
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { carriesNonce } from "../../../src/domain/launch-marks.ts"
import { writeWhole } from "../../../src/infra/durable-file.ts"
import { fileNames, launchDirectory } from "../../../src/infra/holder/launch-directory.ts"
import { environOf, listProcesses } from "../../../src/infra/holder/process-table.ts"
import { Output } from "../../../src/infra/output/output.ts"
import { bundleDirectory } from "../../../src/infra/runtimes/bundle.ts"
import { startHolder } from "../../../src/infra/runtimes/holder-process.ts"
import { launch } from "../../../src/infra/runtimes/launch.ts"
import { deny } from "../../../src/infra/runtimes/launch-right.ts"
import { LaunchFailure, type LaunchOrder, Runtime } from "../../../src/infra/runtimes/runtime.ts"
import { connected, eventually, inHome, journalUntil, launched, order, outputUntil } from "../../support/holder.ts"

const launcher = join(import.meta.dirname, "../../support/holder-launcher.ts")

/** Launches in a process of its own, which is killed at the first output it follows or at the crash point that it gets. */
const launchElsewhere = (
  home: string,
  asked: LaunchOrder,
  options: { readonly follow?: boolean; readonly env?: Record<string, string> } = {}
) =>
  Effect.callback<string>((resume) => {
    const child = spawn(process.execPath, [launcher, JSON.stringify({ home, order: asked, follow: options.follow ?? false })], {
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "inherit"]
    })
    let said = ""
    child.stdout.on("data", (bytes) => {
      said += bytes
      if (said.includes("chunk")) child.kill("SIGKILL")
    })
    child.once("close", (code, signal) => resume(Effect.succeed(`${said}${signal ?? code}`)))
  })

/** Runs once per process that was ever started for the order. */
const counting = (home: string) => `echo x >> ${home}/starts; echo up; exec cat`
const starts = (home: string) => {
  try {
    return readFileSync(join(home, "starts"), "utf8").length / 2
  } catch {
    return 0
  }
}
const carriers = (nonce: string) => listProcesses().filter((row) => !row.zombie && carriesNonce(environOf(row.pid), nonce)).length

/** It is up, and was started by no other. */
const isUpOnce = Effect.fnUntraced(function* (home: string, asked: LaunchOrder) {
  yield* connected(asked)
  yield* outputUntil(asked.session, "up")
  assert.strictEqual(starts(home), 1)
  assert.strictEqual(carriers(asked.nonce), 1)
})

describe("a launch", () => {
  it.live("asked for many times at once makes one process", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const runtime = yield* Runtime
        const asked = order(counting(home))
        const here = Effect.all(
          Array.from({ length: 5 }, () => runtime.launch(asked)),
          { concurrency: "unbounded", discard: true }
        )
        yield* Effect.all([here, launchElsewhere(home, asked), launchElsewhere(home, asked)], { concurrency: "unbounded" })
        yield* isUpOnce(home, asked)
      })
    )
  )

  for (const point of ["after_mkdir", "after_fork"]) {
    it.live(`whose daemon dies ${point} happens once when it is asked for again`, () =>
      inHome((home) =>
        Effect.gen(function* () {
          const asked = order(counting(home))
          assert.strictEqual(yield* launchElsewhere(home, asked, { env: { REPRISE_CRASH_AT: point } }), "SIGKILL")
          yield* (yield* Runtime).launch(asked)
          yield* isUpOnce(home, asked)
        })
      )
    )
  }

  for (const point of ["after_owner", "before_spawn", "after_spawn", "before_identity", "before_exited", "after_exited", "mid_ladder"]) {
    it.live(`whose holder dies ${point} is reported as gone, swept and never repeated`, () =>
      inHome((home) =>
        Effect.gen(function* () {
          const runtime = yield* Runtime
          const asked = order(`echo x >> ${home}/starts; (setsid sleep 1000 &); ${point.endsWith("exited") ? "exit 4" : "sleep 1000"}`)
          yield* launchElsewhere(home, asked, { env: { REPRISE_HOLDER_CRASH_AT: point } })
          const gone = Effect.gen(function* () {
            const link = yield* connected(asked)
            if (point === "mid_ladder") yield* link.runLadder("stop")
            return yield* journalUntil(link, "cleared")
          })
          assert.deepInclude(yield* Effect.flip(Effect.scoped(gone)), { _tag: "HolderUnavailable", reason: "gone" })
          yield* runtime.launch(asked)
          assert.isAtMost(starts(home), 1, "asking again launches nothing")
          const remains = yield* runtime.remains(asked)
          assert.strictEqual(remains?.nonce, asked.nonce)
          assert.strictEqual(
            remains?.journal.some(({ event }) => event.type === "exited"),
            point === "after_exited"
          )
          yield* runtime.sweep(asked, remains?.process ?? null)
          assert.strictEqual(carriers(asked.nonce), 0)
        })
      )
    )
  }

  it.live("that waits for another one, which fails and is undone, is started in its place", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const asked = order(counting(home))
        const installed = { program: join(bundleDirectory(), "holder.cjs"), build: "" }
        const failing = () => Effect.delay(Effect.fail(new LaunchFailure({ code: "EAGAIN", message: "no more processes" })), "300 millis")
        const first = yield* Effect.forkChild(Effect.flip(launch(home, installed, failing, asked)))
        yield* eventually("it has begun", () => existsSync(launchDirectory(home, asked.session, 1)))
        yield* launch(home, installed, startHolder, asked)
        assert.deepInclude(yield* Fiber.join(first), { code: "EAGAIN" })
        yield* isUpOnce(home, asked)
      })
    )
  )

  it.live("of a daemon that is not the newest any more starts nothing, and leaves the launch to the newest", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const runtime = yield* Runtime
        const asked = order(counting(home))
        assert.deepInclude(yield* Effect.flip(runtime.launch(asked, Effect.succeed(false))), { code: "epoch_fenced" })
        assert.deepStrictEqual(yield* runtime.list, [])
        yield* runtime.launch(asked, Effect.succeed(true))
        yield* isUpOnce(home, asked)
      })
    )
  )

  it.live("that was denied starts nothing, though its holder comes", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const asked = order(counting(home))
        yield* launchElsewhere(home, asked, { env: { REPRISE_CRASH_AT: "after_mkdir" } })
        const directory = launchDirectory(home, asked.session, 1)
        const { args, env } = { args: asked.command.slice(1), env: { ...asked.env, REPRISE_NONCE: asked.nonce } }
        writeWhole(
          join(directory, fileNames.spec),
          JSON.stringify({ ...asked, args, env, outputDirectory: join(home, "output"), build: "" })
        )
        assert.isTrue(deny(directory, asked.nonce))
        assert.isFalse(deny(directory, asked.nonce))
        yield* startHolder(join(bundleDirectory(), "holder.cjs"), directory)
        assert.strictEqual(starts(home), 0)
        assert.include(readFileSync(join(directory, fileNames.log), "utf8"), "another one has the launch")
        assert.deepInclude(yield* Effect.flip(connected(asked)), { reason: "gone" })
      })
    )
  )

  it.live("outlives the death of its client, which misses nothing when it comes again", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const count = 20_000
        const asked = order(`seq 1 ${count}; exec cat`)
        assert.match(yield* launchElsewhere(home, asked, { follow: true }), /SIGKILL$/)
        const link = yield* connected(asked, 1, 2)
        const [next] = yield* journalUntil(link, "output_began")
        assert.strictEqual(next?.n, 2)
        const text = yield* outputUntil(asked.session, `\r\n${count}\r\n`)
        assert.strictEqual(text, `${Array.from({ length: count }, (_, n) => n + 1).join("\r\n")}\r\n`)
      })
    )
  )

  it.live("in a directory that cannot be made fails with the reason, and leaves nothing", () =>
    inHome((home) =>
      Effect.gen(function* () {
        mkdirSync(join(home, "sessions"), { recursive: true })
        const asked = order("true")
        writeFileSync(join(home, "sessions", asked.session), "in the way")
        const failure = yield* Effect.flip((yield* Runtime).launch(asked))
        assert.deepInclude(failure, { _tag: "LaunchFailure", code: "ENOTDIR" })
        assert.deepStrictEqual(yield* (yield* Runtime).list, [])
      })
    )
  )

  it.live("leaves holder and agent private to the user", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const { order } = yield* launched("umask; exec cat")
        const folder = join(home, "sessions", order.session, "g1")
        const { statSync } = yield* Effect.promise(() => import("node:fs"))
        for (const name of [".", "sock", "owner", "identity.json", "journal.ndjson", "log"]) {
          assert.strictEqual(statSync(join(folder, name)).mode & 0o077, 0, name)
        }
        const umask = process.umask().toString(8).padStart(4, "0")
        assert.include(yield* outputUntil(order.session, "\n"), umask)
      })
    )
  )

  it.live("is checked first, and every reason is reported at once", () =>
    inHome((home) =>
      Effect.gen(function* () {
        const { preflight } = yield* Runtime
        writeFileSync(join(home, "plain"), "")
        writeFileSync(join(home, "tool"), "#!/bin/sh\n", { mode: 0o755 })
        const codes = (command: string, cwd: string, path = "/bin") =>
          Effect.map(Effect.flip(preflight(command, cwd, path)), ({ reasons }) => reasons.map(({ code }) => code))
        assert.deepStrictEqual(yield* codes("no-such-agent", join(home, "nowhere")), ["cwd_missing", "executable_missing"])
        assert.deepStrictEqual(yield* codes("./plain", home), ["executable_not_executable"])
        assert.deepStrictEqual(yield* codes("plain", home, home), ["executable_not_executable"])
        assert.deepStrictEqual(yield* codes("/bin", join(home, "plain")), ["cwd_not_directory", "executable_not_executable"])
        assert.deepStrictEqual(yield* preflight("./tool", home, ""), { executable: join(home, "tool") })
        assert.deepStrictEqual(yield* preflight("tool", "/", `/bin:${home}`), { executable: join(home, "tool") })
        const end = yield* (yield* Output).end("s-nothing")
        assert.strictEqual(end, 0)
        yield* eventually("nothing was left by looking", () => starts(home) === 0)
      })
    )
  )
})
