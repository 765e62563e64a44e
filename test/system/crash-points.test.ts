import { assert, describe, it } from "@effect/vitest"
import { type LoggedEvent, processesOf, TestDaemon, until } from "../support/daemon.ts"
import { counter } from "../support/soak.ts"

/** Everywhere between a request and its answer. The daemon dies there by SIGKILL, in the real code. */
const places = [
  "append.before_begin",
  "append.after_insert",
  "append.before_commit",
  "append.after_commit",
  "decide.after",
  "create.after_append",
  "effect.before",
  "effect.after",
  "reply.before",
  "after_mkdir",
  "after_fork"
]

const contiguous = (events: ReadonlyArray<LoggedEvent>) =>
  assert.deepStrictEqual(
    events.map(({ seq }) => seq),
    events.map((_, index) => index + 1)
  )

describe("a create", () => {
  for (const place of places)
    for (const pass of [1, 2])
      it(`is done once or not at all when the daemon dies at ${place}, pass ${pass}`, async () => {
        await using daemon = await TestDaemon.started({ REPRISE_CRASH_AT: `${place}:${pass}` })
        const ask = () =>
          daemon.ask("POST", "/v1/sessions", { command: counter, cwd: "/tmp" }, { "idempotency-key": "once" }).catch(() => null)
        const first = await ask()
        // Some places lie behind the answer: then the death comes on its own, or not in this run.
        await until("the daemon died or the agent is up", async () => {
          if (first === null || (await daemon.ask("GET", "/healthz").catch(() => null)) === null) return true
          const { state } = await daemon.session((first.body as { id: string }).id).catch(() => ({ state: "" }))
          return state === "streaming"
        })
        await daemon.kill()
        await daemon.start()
        const second = await ask()
        assert(second?.status === 201)
        const { id } = second.body as { id: string }
        if (first !== null) assert.deepStrictEqual(second.body, first.body)
        const { data } = (await daemon.done("GET", "/v1/sessions")) as { data: ReadonlyArray<{ id: string }> }
        assert.deepStrictEqual(
          data.map((session) => session.id),
          [id]
        )
        const up = await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
        assert.deepStrictEqual(processesOf(id), [up.process!.pid])
        const events = await daemon.events(id)
        contiguous(events)
        assert.strictEqual(events.filter(({ type }) => type === "ProcessSpawned").length, 1)
        assert.strictEqual(up.generation, 1)
      }, 40_000)
})

describe("a stop", () => {
  for (const place of ["append.before_commit", "append.after_commit", "effect.before", "effect.after", "reply.before"])
    it(`that was acknowledged ends the agent for good when the daemon dies at ${place}`, async () => {
      await using daemon = await TestDaemon.started()
      const keepalive = { mode: "always", baseMs: 100 }
      const { id } = await daemon.create(["bash", "--norc", "-c", "trap '' HUP TERM; while :; do read -rt 1 _; done"], {
        keepalive,
        stop: { ladder: [{ step: "hangup", signals: ["SIGHUP"], waitMs: 300 }, { step: "kill" }] }
      })
      await daemon.reaches(id, "streaming", ({ state }) => state === "streaming")
      await daemon.kill()
      await daemon.start({ REPRISE_CRASH_AT: `${place}:2` })
      const answer = await daemon.ask("POST", `/v1/sessions/${id}/stop`, {}).catch(() => null)
      await daemon.kill()
      await daemon.start()
      const asked = (await daemon.types(id)).includes("StopRequested")
      if (answer?.status === 202) assert.isTrue(asked, "an acknowledged stop is missing from the log")
      if (!asked) await daemon.done("POST", `/v1/sessions/${id}/stop`, {})
      const ended = await daemon.reaches(id, "ended", ({ state }) => state === "ended")
      assert.strictEqual(ended.exit?.cause, "stopped")
      assert.deepStrictEqual(processesOf(id), [])
      const events = await daemon.events(id)
      contiguous(events)
      assert.strictEqual(events.filter(({ type }) => type === "LaunchIntended").length, 1)
      assert.strictEqual(events.filter(({ type }) => type === "GenerationEnded").length, 1)
    }, 40_000)
})
