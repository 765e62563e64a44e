import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { Explanation, PastState } from "../../src/http/contract/travel.ts"
import { Daemon, fails, said } from "./support.ts"

describe("the command line, of a session's past", () => {
  layer(Daemon.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.effect("prints its state, its screen and why, at a fact and at a time", () =>
      Effect.gen(function* () {
        const id = yield* said(
          "run",
          "--detach",
          "--name",
          "past",
          "--",
          "bash",
          "-c",
          "echo first page; read; clear; echo second page; read"
        )
        yield* said("wait", id, "--for", "ready")
        const daemon = yield* Daemon
        const shows = Effect.fnUntraced(function* (text: string) {
          while (!(yield* said("screen", id)).includes(text)) yield* Effect.sleep("50 millis")
        })
        yield* shows("first page")
        const { seq } = yield* Effect.promise(() => daemon.session(id))
        const at = new Date().toISOString()
        yield* said("input", id, "--key", "enter")
        yield* shows("second page")
        yield* said("stop", id, "--reason", "enough")

        assert.match(yield* said("screen", id, "--at", at), /^first page/)
        const typed = (yield* Effect.promise(() => daemon.events(id))).find(({ type }) => type === "InputAccepted")!
        assert.match(yield* said("screen", "past", "--at", String(typed.seq)), /^first page/)
        assert.strictEqual(yield* said("screen", "past", "--at", "1"), "")
        const text = yield* said("state", "past", "--at", String(seq))
        assert.match(text, new RegExp(`^${id} \\(past\\) after fact ${seq} of \\d+, `))
        assert.match(text, /^state +streaming\/running/m)
        const past = JSON.parse(yield* said("--json", "state", id, "--at", at)) as PastState
        assert.deepStrictEqual([past.seq, past.view.state, past.agrees], [seq, "streaming", true])
        assert.match(yield* said("state", id), /^state +ended\/resting/m)

        const lines = (yield* said("explain", id)).split("\n")
        assert.match(lines[0]!, /^#\d+ GenerationEnded/)
        assert.match(lines.at(-1)!, /origin request: cli asked for it/)
        const told = JSON.parse(yield* said("--json", "explain", id, "--at", "1")) as Explanation
        assert.deepStrictEqual([told.links[0]?.kind, told.rooted], ["fact", true])

        const ahead = past.head + 1_000
        assert.match(yield* fails(2, "state", id, "--at", String(ahead)), /the newest fact has the seq/)
        assert.match(yield* fails(2, "explain", id, "--at", "0"), /the first fact has the seq 1/)
        assert.match(yield* fails(2, "screen", id, "--at", "noon"), /at: expected the seq of a fact/)
        yield* fails(3, "state", "nobody", "--at", "1")
      })
    )

    it.effect("records a session for asciinema, to stdout or into a file that is there whole or not at all", () =>
      Effect.gen(function* () {
        const directory = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "cast-"))),
          (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
        )
        const id = yield* said("run", "--detach", "--", "bash", "-c", "echo on the record; exit 4")
        yield* said("wait", id, "--for", "ended")
        const cast = yield* said("output", id, "--cast")
        assert.match(cast, /^\{"version":3,"term":\{"cols":80,"rows":24/)
        assert.include(cast, "on the record")
        assert.match(cast, /\[[\d.]+,"x","4"\]$/)
        const path = join(directory, "session.cast")
        assert.strictEqual(yield* said("output", id, "--cast", "--out", path), "")
        assert.strictEqual(readFileSync(path, "latin1").trim(), cast)
        assert.isFalse(existsSync(`${path}.part`))
        assert.match(yield* fails(1, "output", id, "--cast", "--out", join(directory, "no", "where.cast")), /no is no directory: make it/)
        assert.match(yield* fails(2, "output", id, "--out", path), /--out belongs to --cast/)
        assert.match(yield* fails(2, "output", id, "--cast", "--follow"), /takes no --follow/)
      }).pipe(Effect.scoped)
    )
  })
})
