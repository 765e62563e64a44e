/** The hook as agents call it: the built file, real processes, a real socket, a real spool. */
import { spawn } from "node:child_process"
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema, Stream } from "effect"
import { buildHook } from "../../../scripts/build.ts"
import { HookCall } from "../../../src/domain/hook-call.ts"
import { limits } from "../../../src/domain/limits.ts"
import { followSpool, type Spooled } from "../../../src/infra/hook/spool.ts"
import { installHook } from "../../../src/infra/runtimes/bundle.ts"

await buildHook()

const decode = Schema.decodeUnknownSync(HookCall)

interface Heard {
  readonly path: string
  readonly authorization: string | undefined
  readonly call: HookCall
}

/** A directory, a hook installed in it, and a daemon's socket where one is wanted. */
class Place implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), "hook-"))
  readonly socket = join(this.directory, "sock")
  readonly spool = join(this.directory, "spool.ndjson")
  readonly heard: Array<Heard> = []
  /** What becomes of a request; null leaves it without an answer. */
  status: number | null = 202
  #server = createServer((request, response) => void this.#hear(request, response))
  #listens = false

  async listen() {
    await new Promise<void>((resolve) => this.#server.listen(this.socket, resolve))
    this.#listens = true
  }

  readonly environment = () => ({
    REPRISE_HOOK_SOCKET: this.socket,
    REPRISE_HOOK_TOKEN: "t0ken",
    REPRISE_SESSION: "s-000000000001",
    REPRISE_GENERATION: "3",
    REPRISE_HOOK_SPOOL: this.spool
  })

  /** Runs the hook, gives it its input and closes that, but where it is null. */
  async call(words: ReadonlyArray<string>, input: string | null = "", environment: Record<string, string> = this.environment()) {
    const { program } = await Effect.runPromise(installHook(this.directory))
    const begun = performance.now()
    const child = spawn(process.execPath, [program, ...words], { env: environment, stdio: ["pipe", "pipe", "pipe"] })
    let printed = ""
    child.stdout.on("data", (piece) => (printed += piece))
    child.stderr.on("data", (piece) => (printed += piece))
    child.stdin.on("error", () => {})
    if (input !== null) child.stdin.end(input)
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve))
    return { code, printed, tookMs: performance.now() - begun }
  }

  get spooled(): ReadonlyArray<HookCall> {
    if (!existsSync(this.spool)) return []
    return readFileSync(this.spool, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => decode(JSON.parse(line)))
  }

  async [Symbol.asyncDispose]() {
    if (this.#listens) {
      this.#server.closeAllConnections()
      await new Promise((resolve) => this.#server.close(resolve))
    }
    rmSync(this.directory, { recursive: true, force: true })
  }

  async #hear(request: IncomingMessage, response: ServerResponse) {
    const pieces: Array<Buffer> = []
    for await (const piece of request) pieces.push(piece)
    this.heard.push({
      path: `${request.method} ${request.url}`,
      authorization: request.headers.authorization,
      call: decode(JSON.parse(Buffer.concat(pieces).toString()))
    })
    if (this.status !== null) response.writeHead(this.status).end("{}")
  }
}

const silently = { code: 0, printed: "" }

describe("a hook", () => {
  it("is sent to the daemon with its payload, in silence", async () => {
    await using place = new Place()
    await place.listen()
    const before = Date.now()
    assert.deepInclude(await place.call(["PreToolUse"], '{"tool_name":"Bash","text":"ünï→💥"}'), silently)
    const [{ authorization, call, path }] = place.heard as [Heard]
    assert.deepStrictEqual([path, authorization], ["POST /v1/sessions/s-000000000001/hooks", "Bearer t0ken"])
    assert.deepInclude(call, { generation: 3, event: "PreToolUse", payload: { tool_name: "Bash", text: "ünï→💥" } })
    assert.isTrue(call.at >= before && call.at <= Date.now())
    assert.deepStrictEqual(place.spooled, [])
  })

  it("takes its payload as an argument, and answers with JSON where that is asked for", async () => {
    await using place = new Place()
    await place.listen()
    assert.deepInclude(await place.call(["--json", "notify", '{"type":"agent-turn-complete"}'], null), { code: 0, printed: "{}\n" })
    assert.deepInclude(place.heard[0]?.call, { event: "notify", payload: { type: "agent-turn-complete" } })
    assert.deepInclude(await place.call(["plain"], "no JSON"), silently)
    assert.deepInclude(place.heard[1]?.call, { payload: "no JSON" })
  })

  it("is left in the spool when no daemon listens, and when one cannot take it now", async () => {
    await using place = new Place()
    assert.deepInclude(await place.call(["one"], "{}"), silently)
    await place.listen()
    place.status = 503
    assert.deepInclude(await place.call(["two"], "{}"), silently)
    place.status = 403
    assert.deepInclude(await place.call(["refused"], "{}"), silently)
    assert.deepStrictEqual(
      place.spooled.map(({ event, generation }) => [event, generation]),
      [
        ["one", 3],
        ["two", 3]
      ]
    )
    assert.strictEqual(place.spooled[1]?.id, place.heard[0]?.call.id)
    assert.strictEqual(statSync(place.spool).mode & 0o777, 0o600)
  })

  it("never delays its agent more than its limits, whichever side stays silent", async () => {
    await using place = new Place()
    await place.listen()
    place.status = null
    const { code, tookMs } = await place.call(["Stop"], null)
    assert.strictEqual(code, 0)
    assert.isAtLeast(tookMs, limits.hookInputMs + limits.hookAnswerMs)
    // The start of a process on a machine that is busy with other tests.
    assert.isBelow(tookMs, limits.hookInputMs + limits.hookAnswerMs + 5_000)
    assert.strictEqual(place.spooled[0]?.event, "Stop")
  })

  it("ends well without an environment, an event, a spool's directory or a reader of its answer", async () => {
    await using place = new Place()
    assert.deepInclude(await place.call(["Stop"], "{}", {}), silently)
    assert.deepInclude(await place.call([], "{}"), silently)
    assert.deepInclude(await place.call(["--json"], "{}"), { code: 0, printed: "{}\n" })
    const nowhere = { ...place.environment(), REPRISE_HOOK_SPOOL: join(place.directory, "none", "spool") }
    assert.deepInclude(await place.call(["Stop"], "{}", nowhere), silently)
    assert.deepStrictEqual(place.spooled, [])
  })

  it("cuts long strings of a payload that is too large, and keeps the rest", async () => {
    await using place = new Place()
    await place.listen()
    const tool = { tool_name: "Read", ok: true, tool_response: { content: "x".repeat(limits.hookPayloadBytes) } }
    await place.call(["PostToolUse"], JSON.stringify(tool))
    assert.deepStrictEqual(place.heard[0]?.call.payload, { ...tool, tool_response: { content: "x".repeat(limits.hookTextChars) } })
    const many = { session_id: "abc", lines: Array.from({ length: 100_000 }, (_, n) => `line ${n}`) }
    await place.call(["PostToolUse"], JSON.stringify(many))
    assert.deepStrictEqual(place.heard[1]?.call.payload, { session_id: "abc" })
  })

  it("leaves a spool alone that is full", async () => {
    await using place = new Place()
    writeFileSync(place.spool, Buffer.alloc(limits.hookSpoolBytes))
    assert.deepInclude(await place.call(["Stop"], "{}"), silently)
    assert.strictEqual(statSync(place.spool).size, limits.hookSpoolBytes)
  })
})

describe("the hook's program", () => {
  it("is installed once under the name of its content, and needs nothing beside it", async () => {
    await using place = new Place()
    const [one, other] = await Effect.runPromise(Effect.all([installHook(place.directory), installHook(place.directory)]))
    assert.deepStrictEqual(one, other)
    assert.strictEqual(one.program, join(place.directory, "hooks", one.build, "hook.cjs"))
    assert.isBelow(statSync(one.program).size, 16_384)
  })
})

describe("the spool", () => {
  it.live("gives each call once from where its reader stopped, those to come as well, and none that is torn", () =>
    Effect.gen(function* () {
      const place = yield* Effect.acquireRelease(
        Effect.sync(() => new Place()),
        (place) => Effect.promise(() => place[Symbol.asyncDispose]())
      )
      const call = (event: string) => Effect.promise(() => place.call([event], "{}"))
      const read: Array<Spooled> = []
      const follow = (from: number) =>
        Effect.forkScoped(Stream.runForEach(followSpool(place.spool, from), (one) => Effect.sync(() => read.push(one))))
      const events = () => read.flatMap(({ calls }) => calls.map(({ event }) => event))
      const until = (count: number) => Effect.repeat(Effect.sleep(5), { until: () => events().length >= count, times: 1_000 })

      const first = yield* follow(0)
      yield* Effect.all([call("one"), call("one"), call("one")], { concurrency: "unbounded" })
      yield* until(3)
      yield* Fiber.interrupt(first)
      appendFileSync(place.spool, '{"id":"torn by a full di')
      yield* call("two")
      yield* follow(read.at(-1)!.to)
      yield* call("three")
      yield* until(5)
      assert.deepStrictEqual(events(), ["one", "one", "one", "two", "three"])
      assert.strictEqual(new Set(read.flatMap(({ calls }) => calls.map(({ id }) => id))).size, 5)
      assert.strictEqual(read.at(-1)?.to, statSync(place.spool).size)
    })
  )
})
