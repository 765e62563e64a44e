import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { linesOf } from "../support/sealed.ts"
import { Daemon, fails, reprise, said } from "./support.ts"

/** A session that has crashed and been given up, by name. */
const crashed = Effect.fnUntraced(function* (name: string) {
  const daemon = yield* Daemon
  const keepalive = { mode: "on_crash", baseMs: 100, maxAttempts: 1 }
  const { id } = yield* Effect.promise(() => daemon.create(["sh", "-c", "echo born; exit 3"], { name, keepalive }))
  yield* Effect.promise(() => daemon.reaches(id, "given up", ({ phase }) => phase === "given_up"))
  return id
})

describe("reprise trace", () => {
  layer(Daemon.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.effect("exports what it then verifies without a daemon, to stdout or into a file", () =>
      Effect.gen(function* () {
        const { home } = yield* Daemon
        const id = yield* crashed("loop")
        const printed = yield* said("trace", "export", "loop")
        const file = join(home, "loop.jsonl")
        yield* said("trace", "export", id, "--output", "--title", "it crashes", "--out", file)
        const lines = linesOf(readFileSync(file))
        assert.deepInclude(lines[0], { session: id, title: "it crashes" })
        assert.isTrue(lines.some((line) => line.type === "output"))
        writeFileSync(join(home, "printed.jsonl"), `${printed}\n`)
        const nowhere = join(home, "no-daemon-here")
        const { code, stdout } = yield* reprise(nowhere, "trace", "verify", file, join(home, "printed.jsonl"))
        assert.strictEqual(code, 0)
        assert.match(stdout, /^same +\S+loop\.jsonl: \d+ facts of \d+ inputs \(it crashes\)\nsame +\S+printed\.jsonl: /)
      })
    )

    it.effect("verify and backtest read regular files only, and wait for no pipe", () =>
      Effect.gen(function* () {
        const { home, socket } = yield* Daemon
        const pipe = join(home, "pipe")
        execFileSync("mkfifo", [pipe])
        for (const place of [pipe, home, socket, "/dev/zero"]) {
          assert.match(yield* fails(1, "trace", "verify", place), /^\S+ \S+ is not a regular file$/)
          assert.match(yield* fails(1, "trace", "backtest", place, "--policy", "stop.graceMs=1000"), /^\S+ \S+ is not a regular file$/)
        }
      })
    )

    it.effect("verify names what is wrong with each file, and exits with 1", () =>
      Effect.gen(function* () {
        const { home } = yield* Daemon
        yield* crashed("wrong")
        const good = `${yield* said("trace", "export", "wrong")}\n`
        const [damaged, cut, newer] = ["damaged", "cut", "newer"].map((name) => join(home, `${name}.jsonl`)) as [string, string, string]
        writeFileSync(damaged, good.replace('"code":3', '"code":4'))
        writeFileSync(cut, good.slice(0, good.length / 2))
        writeFileSync(newer, good.replace('"format":2', '"format":3'))
        const { code, stdout } = yield* reprise(home, "trace", "verify", damaged, cut, newer)
        assert.strictEqual(code, 1)
        assert.match(stdout, /damaged\.jsonl: line \d+: the digest does not fit/)
        assert.match(stdout, /cut\.jsonl: line \d+: the file is cut off/)
        assert.match(stdout, /newer\.jsonl: line 1: format 3 is newer/)
        const told = JSON.parse((yield* reprise(home, "--json", "trace", "verify", cut)).stdout)
        assert.deepInclude(told, { file: cut, verdict: "unreadable", code: "truncated" })
        assert.match(yield* fails(1, "trace", "verify", join(home, "nowhere.jsonl")), /nowhere\.jsonl does not exist/)
      })
    )

    it.effect("pin keeps a trace where the tests find it, under a plain name", () =>
      Effect.gen(function* () {
        const { home } = yield* Daemon
        yield* crashed("pinned")
        const dir = join(home, "pins")
        assert.strictEqual(yield* said("trace", "pin", "pinned", "--name", "crash-once", "--dir", dir), join(dir, "crash-once.jsonl"))
        assert.deepInclude(linesOf(readFileSync(join(dir, "crash-once.jsonl")))[0], { title: "crash-once" })
        assert.match(yield* fails(2, "trace", "pin", "pinned", "--name", "../x", "--dir", dir), /small letters/)
        assert.match(yield* fails(3, "trace", "pin", "nobody", "--name", "nobody", "--dir", dir), /no session/)
        assert.isFalse(existsSync(join(dir, "nobody.jsonl")))
      })
    )

    it.effect("backtest takes policies by name, says what they would have changed, and lists those there are", () =>
      Effect.gen(function* () {
        const { home } = yield* Daemon
        yield* crashed("tested")
        const file = join(home, "tested.jsonl")
        yield* said("trace", "export", "tested", "--out", file)
        const shown = yield* said("trace", "backtest", file, "--keepalive.maxAttempts", "5", "--stop.graceMs=1000")
        assert.match(shown, /1 other decision over/)
        assert.match(shown, /- GaveUp[\s\S]*\+ RelaunchScheduled/)
        assert.notMatch(shown, /GenerationEnded/)
        const json = JSON.parse(yield* said("trace", "backtest", "--json", file, "--policy", "keepalive.mode=never"))
        assert.deepInclude(json, { file, verdict: "backtested" })
        assert.match(json.parted.why, /goes on with Prepare/)
        assert.match(
          yield* fails(2, "trace", "backtest", file, "--keepalive.most", "5"),
          /no policy is called keepalive\.most; there are: keepalive\.mode, /
        )
        assert.match(yield* fails(2, "trace", "backtest", file), /no policy to try/)
      })
    )
  })
})
