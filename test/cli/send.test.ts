import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { PromptView } from "../../src/domain/prompt-view.ts"
import { until } from "../support/daemon.ts"
import { Daemon, fails, reprise, said, start } from "./support.ts"

/** A session whose agent is not up and will not be during the test: what is sent to it waits. */
const unready = Effect.gen(function* () {
  const daemon = yield* Daemon
  const keepalive = { mode: "always", baseMs: 86_400_000, capMs: 86_400_000 }
  return yield* Effect.promise(async () => {
    const { id } = await daemon.create(["false"], { keepalive })
    await daemon.reaches(id, "backing off", ({ phase }) => phase === "backing_off")
    return id as string
  })
})

const shows = (id: string, wanted: string) =>
  Effect.flatMap(Daemon, (daemon) =>
    Effect.promise(() => until(`the output holds ${wanted}`, async () => (await daemon.output(id)).includes(wanted)))
  )

describe("reprise send", () => {
  layer(Daemon.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.effect("types a prompt and names the source that says that it was submitted", () =>
      Effect.gen(function* () {
        const id = yield* said("run", "-d", "--name", "taker", "cat")
        const line = yield* said("send", "taker", "hello there", "--wait", "submitted", "--timeout", "20s")
        assert.match(line, /^p-\S+ submitted \(holder: Enter was pressed once\)$/)
        yield* shows(id, "hello there\r\nhello there\r\n")
        const words = [
          "send",
          id,
          "--json",
          "--id",
          "mine",
          "--from",
          "me",
          "--thread",
          "t",
          "--reply-to",
          "r",
          "--expires",
          "10m",
          "again"
        ]
        const view = JSON.parse(yield* said(...words)) as PromptView
        assert.deepInclude(view, { id: "mine", from: "me", threadId: "t", replyTo: "r", bytes: 5, deliver: "turn_boundary" })
        assert.closeTo(Date.parse(view.expiresAt ?? "") - Date.parse(view.steps[0]?.at ?? ""), 600_000, 1_000)
        yield* shows(id, "again\r\nagain\r\n")
        yield* said(...words)
        assert.strictEqual(JSON.parse(yield* said("prompts", id, "--json")).length, 2)
      })
    )

    it.effect("takes a text from a pipe or a file, without the line end that ends it", () =>
      Effect.gen(function* () {
        const { home, socket } = yield* Daemon
        const id = yield* unready
        const piped = yield* Effect.promise(() => start(home, ["send", id, "--stdin", "--json"], { stdin: "one\ntwo\n" }).ended)
        assert.deepStrictEqual([piped.code, JSON.parse(piped.stdout).bytes], [0, 7], piped.stderr)
        const file = join(home, "prompt.txt")
        writeFileSync(file, "naïve\n\n")
        assert.strictEqual(JSON.parse(yield* said("send", id, "--file", file, "--json")).bytes, 7)
        assert.strictEqual(JSON.parse(yield* said("send", id, "", "--json")).bytes, 0)
        writeFileSync(file, Buffer.from([0xff, 0xfe]))
        assert.match(yield* fails(2, "send", id, "--file", file), /not UTF-8/)
        writeFileSync(file, "x".repeat(262_146))
        assert.match(yield* fails(1, "send", id, "--file", file), /262144 bytes/)
        writeFileSync(file, "x".repeat(262_147))
        assert.match(yield* fails(2, "send", id, "--file", file), /more than 262144 bytes/)
        assert.match(yield* fails(2, "send", id, "--file", join(home, "absent")), /does not exist/)
        const pipe = join(home, "pipe")
        execFileSync("mkfifo", [pipe])
        for (const place of [pipe, home, socket, "/dev/zero"])
          assert.match(yield* fails(2, "send", id, "--file", place), /^\S+ \S+ is not a regular file$/)
      })
    )

    it.effect("shows by its exit code what became of it", () =>
      Effect.gen(function* () {
        const { home } = yield* Daemon
        const id = yield* unready
        const late = yield* reprise(home, "send", id, "x", "--id", "late", "--wait", "accepted", "--timeout", "200ms")
        assert.deepStrictEqual([late.code, late.stdout], [124, "late queued (it waits: no agent is up)\n"])
        assert.match(late.stderr, /not accepted in time: late is queued/)
        const expired = yield* reprise(home, "send", id, "x", "--id", "brief", "--wait", "answered", "--expires", "1s")
        assert.deepStrictEqual([expired.code, expired.stdout], [6, "brief expired (reprise: its time was up)\n"])
        const waiting = start(home, ["send", id, "x", "--id", "off", "--wait", "answered"])
        yield* Effect.promise(() => until("it is queued", async () => (await start(home, ["prompts", id]).ended).stdout.includes("off ")))
        assert.match(yield* said("prompts", id, "--cancel", "off"), /^off cancelled \(by cli\)$/)
        const { code, stdout } = yield* Effect.promise(() => waiting.ended)
        assert.deepStrictEqual([code, stdout], [4, "off cancelled (by cli)\n"])
      })
    )

    it.effect("is refused with a reason, and distinguishes mistakes", () =>
      Effect.gen(function* () {
        const id = yield* said("run", "-d", "cat")
        yield* said("kill", id)
        assert.match(yield* fails(4, "send", id, "x"), /no conversation/)
        assert.strictEqual(JSON.parse(yield* fails(4, "send", id, "x", "--json")).code, "no_conversation")
        assert.match(yield* fails(2, "send", id), /nothing to send/)
        assert.match(yield* fails(2, "send", id, "x", "--stdin"), /one of/)
        assert.match(yield* fails(2, "send", id, "x", "--timeout", "1s"), /--wait/)
        assert.match(yield* fails(2, "send", id, "x", "--id", "a b"), /id/)
        assert.match(yield* fails(2, "send", id, "\x1b[201~x"), /bracketed paste/)
        yield* fails(2, "send", id, "x", "--deliver", "soon")
        assert.match(yield* fails(2, "prompts", id, "--cancel", "a b"), /^reprise: prompt: /)
        yield* fails(3, "send", "nobody", "x")
        yield* fails(3, "prompts", id, "--cancel", "never")
      })
    )

    it.effect("waits on while the daemon is killed and started again", () =>
      Effect.gen(function* () {
        const daemon = yield* Daemon
        const id = yield* unready
        const waiting = start(daemon.home, ["send", id, "x", "--id", "patient", "--wait", "answered", "--timeout", "25s"])
        yield* Effect.promise(async () => {
          const listed = async () => (await daemon.ask("GET", `/v1/sessions/${id}/prompts/patient`)).status === 200
          await until("it is queued", listed)
          await daemon.kill()
          await daemon.start()
          await daemon.ask("DELETE", `/v1/sessions/${id}/prompts/patient?reason=over`)
        })
        const { code, stdout } = yield* Effect.promise(() => waiting.ended)
        assert.deepStrictEqual([code, stdout], [4, "patient cancelled (api: over)\n"])
      })
    )
  })
})

describe("reprise prompts", () => {
  layer(Daemon.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.effect("shows what waits and what became of the rest, and changes it", () =>
      Effect.gen(function* () {
        const id = yield* unready
        assert.strictEqual(yield* said("prompts", id), "")
        for (const name of ["a", "b"]) yield* said("send", id, name, "--id", name, "--deliver", "idle")
        assert.match(yield* said("prompts", id, "--promote", "b"), /^b queued/)
        assert.strictEqual(JSON.parse(yield* said("prompts", id, "--edit", "b", "longer", "--json")).bytes, 6)
        yield* said("prompts", id, "--cancel", "a")
        const [title, first, second] = (yield* said("prompts", id)).split("\n")
        assert.match(title ?? "", /^ID +STATE +AGE +DELIVER +BYTES +LAST EVIDENCE$/)
        assert.match(first ?? "", /^a +cancelled +\S+ +idle +1 +by cli$/)
        assert.match(second ?? "", /^b +queued +\S+ +idle +6 +it waits: no agent is up$/)
        assert.match(yield* fails(4, "prompts", id, "--promote", "a"), /cancelled already/)
        yield* fails(2, "prompts", id, "--edit", "b")
        yield* fails(2, "prompts", id, "--cancel", "b", "--promote", "b")
      })
    )
  })
})
