/** Claude Code's status file, as it writes it: in place, for a process that lives or does not. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import type { Observation } from "../../../src/domain/observations.ts"
import { followStatus, statusDirectory } from "../../../src/infra/evidence/status-file.ts"
import { identityOf } from "../../../src/infra/holder/process-table.ts"
import { type Launched, launched, temporaryDirectory, until } from "./launched.ts"

const write = (directory: string, pid: number, changes: Record<string, unknown>) => {
  mkdirSync(directory, { recursive: true })
  const procStart = String(identityOf(pid)?.startTime)
  writeFileSync(
    join(directory, `${pid}.json`),
    JSON.stringify({ pid, procStart, sessionId: "c-1", cwd: "/", version: "2.1.329", ...changes })
  )
}

const following = Effect.fnUntraced(function* (directory: string, launch: Launched) {
  const told: Array<Observation> = []
  yield* Effect.forkScoped(
    Stream.runForEach(followStatus(directory, launch), (one) => Effect.sync(() => void told.push(one))),
    { startImmediately: true }
  )
  return told
})

const activity = (activity: string, question: unknown = null) => ({ type: "Activity", activity, question })

describe("an agent's status file", () => {
  it.live("is awaited, and reports the conversation and each state as it changes", () =>
    Effect.gen(function* () {
      const directory = join(yield* temporaryDirectory, ".claude", "sessions")
      const agent = yield* launched("echo; exec sleep 60", "status-1")
      const told = yield* following(directory, agent)
      yield* Effect.sleep(20)
      write(directory, agent.pid, {})
      yield* until("the conversation", () => told.length === 1, 1_000)
      for (const state of [
        { status: "idle" },
        { status: "busy" },
        { status: "busy", updatedAt: 1 },
        { status: "waiting", waitingFor: "permission prompt" }
      ]) {
        write(directory, agent.pid, state)
        yield* Effect.sleep(30)
      }
      write(directory, agent.pid, { status: "waiting", waitingFor: "dialog open" })
      yield* until("the other question", () => told.length === 5, 1_000)
      write(directory, agent.pid, { status: "dancing", sessionId: "c-2" })
      yield* until("the rest", () => told.length === 7, 1_000)
      assert.deepStrictEqual(told as ReadonlyArray<unknown>, [
        { type: "Conversation", id: "c-1", transcript: null },
        activity("idle"),
        activity("working"),
        activity("waiting", { kind: "permission", text: "", choices: [] }),
        activity("waiting", { kind: "input", text: "", choices: [] }),
        { type: "Conversation", id: "c-2", transcript: null },
        { type: "Unknown", kind: "status", raw: '{"status":"dancing","waitingFor":""}' }
      ])
    }).pipe(Effect.scoped)
  )

  it.live("is believed of no stranger, no earlier process of the same pid, and no dead one", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const stranger = yield* launched("echo; exec sleep 60", "status-other")
      const agent = yield* launched("echo; exec sleep 60", "status-2")
      write(directory, stranger.pid, { status: "busy", sessionId: "c-stranger" })
      write(directory, agent.pid, { status: "busy", procStart: String(agent.process.startTime - 1) })
      const told = yield* following(directory, agent)
      yield* Effect.sleep(50)
      writeFileSync(join(directory, `${agent.pid}.json`), '{"pid":')
      yield* Effect.sleep(20)
      assert.deepStrictEqual(told, [])
      write(directory, agent.pid, { status: "busy" })
      yield* until("the state", () => told.length === 2, 1_000)
      yield* agent.end
      write(directory, agent.pid, { status: "idle", procStart: String(agent.process.startTime) })
      yield* Effect.sleep(50)
      assert.deepStrictEqual(told.at(-1) as unknown, activity("working"))
    }).pipe(Effect.scoped)
  )

  it.live("is that of the nearest process, though a tool runs an agent of its own", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const agent = yield* launched("bash -c 'sleep 60 & echo $$ $!; wait' & wait", "status-3")
      const [parent, child] = agent.said.split(" ").map(Number) as [number, number]
      write(directory, child, { status: "busy", sessionId: "c-tool" })
      write(directory, parent, { status: "idle", sessionId: "c-agent" })
      const told = yield* following(directory, agent)
      yield* until("the agent's", () => told.length === 2, 1_000)
      assert.deepInclude(told[0], { id: "c-agent" })
      process.kill(parent, "SIGKILL")
      yield* until("the end of it", () => identityOf(parent) === null)
      write(directory, child, { status: "waiting", sessionId: "c-tool" })
      yield* until("the one that is left", () => told.length === 4, 1_000)
      assert.deepInclude(told[2], { id: "c-tool" })
    }).pipe(Effect.scoped)
  )

  it.live("is found of a process that left its parents", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const agent = yield* launched("( setsid sleep 60 & echo $! ); exec sleep 60", "status-4")
      const left = Number(agent.said)
      yield* Effect.addFinalizer(() => Effect.sync(() => process.kill(left, "SIGKILL")))
      write(directory, left, { status: "idle" })
      const told = yield* following(directory, agent)
      yield* until("its word", () => told.length === 2, 1_000)
    }).pipe(Effect.scoped)
  )

  it("lies where the agent's environment says", () => {
    assert.strictEqual(statusDirectory({ HOME: "/h" }), "/h/.claude/sessions")
    assert.strictEqual(statusDirectory({ HOME: "/h", CLAUDE_CONFIG_DIR: "/c" }), "/c/sessions")
    assert.strictEqual(statusDirectory({ CLAUDE_CONFIG_DIR: "" }), null)
  })
})
