/** The private files, run as the agents run them: real modules, real shells, a real program that is called. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type HookKind, hookFiles } from "../../../src/domain/providers/hook-files/index.ts"
import { readHook } from "../../../src/domain/providers/hooks/index.ts"
import { sampleLines } from "../../domain/providers/samples.ts"

interface Called {
  readonly event: string
  readonly payload: unknown
}

/** A directory with a blank and a quote in its name, and a program that writes down what it is called with: slow at first, to be overtaken. */
const inDirectory = <A, E>(test: (place: Place) => Effect.Effect<A, E>) =>
  Effect.acquireUseRelease(
    Effect.sync((): Place => {
      const directory = mkdtempSync(join(tmpdir(), "it's private-"))
      const program = join(directory, "hook.mjs")
      writeFileSync(
        program,
        `import { appendFileSync, existsSync, readFileSync } from "node:fs"
const payload = JSON.parse(readFileSync(0, "utf8"))
await new Promise((resolve) => setTimeout(resolve, existsSync(${JSON.stringify(join(directory, "called"))}) ? 0 : 300))
appendFileSync(${JSON.stringify(join(directory, "called"))}, JSON.stringify({ event: process.argv.at(-1), payload }) + "\\n")
console.log("noise")`
      )
      return { directory, hook: [process.execPath, program] }
    }),
    test,
    ({ directory }) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
  )
interface Place {
  readonly directory: string
  readonly hook: ReadonlyArray<string>
}

const calls = (directory: string, count: number) =>
  Effect.gen(function* () {
    const path = join(directory, "called")
    for (;;) {
      const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : []
      if (lines.length >= count) return lines.map((line): Called => JSON.parse(line))
      yield* Effect.sleep(10)
    }
  })

const put = (kind: HookKind, place: Place) => {
  for (const { name, text } of hookFiles(kind, place)) writeFileSync(join(place.directory, name), text)
}
// biome-ignore lint/suspicious/noExplicitAny: a module that was just generated
const load = (path: string): Effect.Effect<any> => Effect.promise(() => import(pathToFileURL(path).href))
const unknown = (kind: HookKind, seen: ReadonlyArray<Called>) =>
  seen.flatMap(({ event, payload }) => readHook(kind, event, payload)).filter(({ type }) => type === "Unknown")

describe("the extension for pi", () => {
  const context = { sessionManager: { getSessionId: () => "s", getSessionFile: () => "/f" }, isIdle: () => true }
  const busy = { ...context, isIdle: () => false }
  const start = Effect.fnUntraced(function* (path: string, context: object = busy) {
    const listeners = new Map<string, (event: object, context: object) => unknown>()
    const { default: extend } = yield* load(path)
    extend({ on: (event: string, listener: () => unknown) => listeners.set(event, listener) })
    return (event: string, occurred: object) => listeners.get(event)!({ type: event, ...occurred }, context)
  })

  it.live("reports each event in its order, and returns at once", () =>
    inDirectory((place) =>
      Effect.gen(function* () {
        put("pi", place)
        const happen = yield* start(join(place.directory, "reprise.ts"))
        const from = performance.now()
        happen("session_start", { reason: "startup" })
        happen("input", { text: "grüße\u2028", source: "interactive" })
        happen("agent_start", {})
        happen("agent_end", { messages: [{ role: "user" }, { role: "assistant", stopReason: "error", errorMessage: "one" }] })
        happen("agent_start", {})
        happen("agent_end", { messages: [{ role: "assistant", stopReason: "aborted" }, { role: "toolResult" }] })
        happen("agent_settled", {})
        assert.isBelow(performance.now() - from, 200)
        const seen = yield* calls(place.directory, 5)
        assert.deepStrictEqual(
          seen.map(({ event }) => event),
          ["session_start", "input", "agent_start", "agent_start", "agent_settled"]
        )
        assert.deepStrictEqual(unknown("pi", seen), [])
        assert.deepStrictEqual(readHook("pi", "input", seen[1]!.payload), [{ type: "PromptTaken", text: "grüße\u2028" }])
        assert.deepInclude(readHook("pi", "agent_settled", seen[4]!.payload)[0], { type: "TurnEnded", outcome: "interrupted" })
      })
    )
  )

  it.live("reports a moment after the start of the session that it takes input", () =>
    inDirectory((place) =>
      Effect.gen(function* () {
        put("pi", place)
        const happen = yield* start(join(place.directory, "reprise.ts"), context)
        happen("session_start", { reason: "startup" })
        const seen = yield* calls(place.directory, 2)
        assert.deepStrictEqual(
          seen.map(({ event }) => event),
          ["session_start", "ready"]
        )
        assert.deepInclude(readHook("pi", "ready", seen[1]!.payload)[0], { type: "Activity", activity: "idle" })
      })
    )
  )

  it.live("does no harm where our program is gone, or what happens is none that it knows", () =>
    inDirectory((place) =>
      Effect.gen(function* () {
        put("pi", { ...place, hook: ["/no/such/program"] })
        const happen = yield* start(join(place.directory, "reprise.ts"))
        happen("agent_end", {})
        happen("agent_settled", {})
        yield* Effect.sleep(50)
      })
    )
  )
})

describe("the plugin for opencode", () => {
  it.live("reports a recorded run in order: states when they change, messages once, ends with their errors", () =>
    inDirectory((place) =>
      Effect.gen(function* () {
        put("opencode", place)
        const [plugin] = JSON.parse(readFileSync(join(place.directory, "opencode.json"), "utf8")).plugin
        const { Reprise } = yield* load(decodeURIComponent(new URL(plugin).pathname))
        const { event } = yield* Effect.promise((): Promise<{ readonly event: (occurred: object) => Promise<void> }> => Reprise())
        const first = sampleLines("opencode-events.jsonl").map((line) => JSON.parse(line))
        const idle = first.findIndex(({ properties, type }) => type === "session.status" && properties.status.type === "idle")
        for (const occurred of first.slice(0, idle + 1)) yield* Effect.promise(() => event({ event: occurred }))
        const seen = yield* calls(place.directory, 4)
        assert.deepStrictEqual(unknown("opencode", seen), [])
        const told = seen.flatMap((call) => readHook("opencode", call.event, call.payload).map(({ type }) => type))
        assert.deepStrictEqual(told.slice(0, 2), ["Conversation", "PromptTaken"])
        yield* Effect.promise(() => event({ event: { type: "session.status", properties: { sessionID: "x", status: { type: "busy" } } } }))
        yield* Effect.promise(() =>
          event({ event: { type: "session.error", properties: { sessionID: "x", error: { name: "APIError" } } } })
        )
        yield* Effect.promise(() => event({ event: { type: "session.status", properties: { sessionID: "x", status: { type: "idle" } } } }))
        const before = seen.length
        const after = yield* Effect.gen(function* () {
          for (let count = before; ; count++) {
            const now = yield* calls(place.directory, count)
            const last = now.at(-1)!
            if (last.event === "session.status" && (last.payload as { readonly error?: object }).error) return now
          }
        })
        assert.deepInclude(readHook("opencode", "session.status", after.at(-1)!.payload)[0], { type: "TurnEnded", outcome: "failed" })
      })
    )
  )
})

describe("the settings", () => {
  const commandsOf = (directory: string): ReadonlyArray<readonly [string, string]> =>
    Object.entries(JSON.parse(readFileSync(join(directory, "settings.json"), "utf8")).hooks as Record<string, ReadonlyArray<Entry>>).map(
      ([event, [entry]]) => [event, entry!.hooks[0]!.command]
    )
  interface Entry {
    readonly hooks: ReadonlyArray<{ readonly command: string }>
  }
  const run = (command: string, payload: object) =>
    spawnSync("/bin/sh", ["-c", command], { input: JSON.stringify(payload), encoding: "utf8" })

  for (const [kind, says] of [
    ["claude-code", ""],
    ["gemini", "{}\n"]
  ] as const)
    it.live(`of ${kind} call our program with the event and the payload, and say nothing of their own`, () =>
      inDirectory((place) =>
        Effect.gen(function* () {
          put(kind, place)
          const commands = commandsOf(place.directory)
          for (const [event, command] of commands.slice(0, 3)) {
            const { status, stderr, stdout } = run(command, { session_id: "s", event })
            assert.deepStrictEqual([status, stdout, stderr], [0, says, ""])
          }
          assert.deepStrictEqual(
            yield* calls(place.directory, 3),
            commands.slice(0, 3).map(([event]) => ({ event, payload: { session_id: "s", event } }))
          )
          put(kind, { ...place, hook: ["/no/such/program"] })
          const { status, stderr, stdout } = run(commandsOf(place.directory)[0]![1], {})
          assert.deepStrictEqual([status, stdout, stderr], [0, says, ""])
        })
      )
    )
})
